"""The short cuts agree with the true parser, or decline."""

import xmlrpc.client

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.client.quick import flat_structs, plain_string
from vigild.wire.xmlrpc import XmlRpcError, decode_response, encode_response

KEYS = st.sampled_from(["name", "group", "pid", "description"])
VALUES = st.integers(-(2**31), 2**31 - 1) | st.text(max_size=20)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=4))
def test_agrees_with_the_parser_on_what_the_daemon_writes(structs: list[dict[str, int | str]]) -> None:
    body = encode_response(structs)
    quick = flat_structs(body)
    assert quick is None or quick == decode_response(body)
    plain = all(isinstance(v, int) or v.isalnum() for struct in structs for v in struct.values())
    assert quick is not None or not plain or not all(structs)


def test_reads_what_supervisor_writes() -> None:
    structs = [{"name": "a<&>b ü", "pid": 7, "description": "x\n]]&gt;"}, {"name": "", "pid": -1}]
    body = xmlrpc.client.dumps((structs,), methodresponse=True).encode()
    assert structs == flat_structs(body)
    assert [] == flat_structs(xmlrpc.client.dumps(([],), methodresponse=True).encode())


GOOD = xmlrpc.client.dumps(([{"name": "x", "pid": 7}],), methodresponse=True).encode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<int>7</int>", b"<int>7 </int>"),
        (b"<int>7</int>", b"<double>7</double>"),
        (b"<int>7</int>", b"<array><data></data></array>"),
        (b"<string>x</string>", b"<string>&bad;</string>"),
        (b"<string>x</string>", b"<string>&#0;</string>"),
        (b"<string>x</string>", b"<string>&#55296;</string>"),
        (b"<string>x</string>", b"<string>a & b</string>"),
        (b"<string>x</string>", b"<string>\x01</string>"),
        (b"<string>x</string>", b"<string>\r\n</string>"),
        (b"<string>x</string>", b"<string>\xff</string>"),
        (b"<string>x</string>", b"x"),
        (b"<member>", b"<member>junk"),
        (b"</struct></value>", b"</struct></value>junk"),
        (b"</methodResponse>", b"</methodResponse>junk"),
        (b"</data></array>", b"</data>"),
        (b"<?xml version='1.0'?>", b"<?xml version='1.0'?><!DOCTYPE x>"),
        (b"<?xml version='1.0'?>", b"<?xml version='1.0' encoding='latin-1'?>"),
        (b"<value><struct>", b"<value><int>1</int></value><value><struct>"),
    ],
)
def test_anything_out_of_form_is_left_to_the_parser(old: bytes, new: bytes) -> None:
    body = GOOD.replace(old, new, 1)
    assert body != GOOD
    assert flat_structs(body) is None


def test_numbered_characters() -> None:
    body = GOOD.replace(b"<string>x</string>", b"<string>a&#13;&#65;&#10;</string>")
    assert flat_structs(body) == decode_response(body) == [{"name": "a\rA\n", "pid": 7}]


def test_plain_string() -> None:
    assert plain_string(encode_response("3.0")) == "3.0"
    assert plain_string(encode_response("a<b")) is None
    assert plain_string(encode_response(3)) is None
    with pytest.raises(XmlRpcError):
        decode_response(b"x")
