"""Documents out and in: the standard library reads what is written, and nothing costs more than its limits."""

import xmlrpc.client
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.xmlrpc import (
    Call,
    FaultValue,
    ForbiddenError,
    Limits,
    MalformedError,
    TooLargeError,
    XmlRpcError,
    decode_call,
    decode_response,
    encode_call,
    encode_fault,
    encode_response,
)


def call_document(params: str) -> bytes:
    return f"<methodCall><methodName>a.b</methodName><params>{params}</params></methodCall>".encode()


def one_value(value: str) -> bytes:
    return call_document(f"<param>{value}</param>")


def read_value(value: str) -> object:
    (decoded,) = decode_call(one_value(value)).params
    return decoded


# ---- writing ----

INFO = {"name": "a<b", "pid": 7, "up": True, "codes": [0, -1], "ratio": 0.5, "nested": {"x": ""}}


def test_a_response_is_what_the_standard_library_writes() -> None:
    for value in (
        INFO,
        [INFO, INFO],
        "text & more > less",
        1,
        True,
        2.5,
        [],
        {},
        {"a<": "&"},
        "tab\tand\nline",
    ):
        assert xmlrpc.client.dumps((value,), methodresponse=True).encode() == encode_response(value)


def test_bytes_and_dates_are_what_the_standard_library_writes() -> None:
    moment = datetime(2026, 1, 31, 23, 59, 59)
    for value in (b"", b"abc", b"\xff\x00" * 100):
        wrapped = (xmlrpc.client.Binary(value),)
        assert xmlrpc.client.dumps(wrapped, methodresponse=True).encode() == encode_response(value)
    assert xmlrpc.client.dumps((moment,), methodresponse=True).encode() == encode_response(moment)


def test_a_fault_is_what_the_standard_library_writes() -> None:
    expected = xmlrpc.client.dumps(xmlrpc.client.Fault(10, "BAD_NAME: <x>"), methodresponse=True)
    assert expected.encode() == encode_fault(10, "BAD_NAME: <x>")


def test_a_call_is_what_the_standard_library_writes() -> None:
    assert xmlrpc.client.dumps(("x", [1]), "a.b").encode() == encode_call("a.b", ("x", [1]))
    assert xmlrpc.client.dumps((), "a.b").encode() == encode_call("a.b")


def test_a_golden_response() -> None:
    expected = (
        b"<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><struct>\n"
        b"<member>\n<name>statecode</name>\n<value><int>1</int></value>\n</member>\n"
        b"<member>\n<name>statename</name>\n<value><string>RUNNING</string></value>\n</member>\n"
        b"</struct></value>\n</param>\n</params>\n</methodResponse>\n"
    )
    assert expected == encode_response({"statecode": 1, "statename": "RUNNING"})


def test_characters_that_xml_cannot_carry_are_pictured() -> None:
    value = "\x1b[31mred\x00 \ud800 \uffff \x7f\x85"
    (parsed,), _ = xmlrpc.client.loads(encode_response(value).decode())
    assert parsed == "\u241b[31mred\u2400 \ufffd \ufffd \x7f\x85"


def test_a_carriage_return_arrives() -> None:
    (parsed,), _ = xmlrpc.client.loads(encode_response("50%\r100%\r\n").decode())
    assert parsed == "50%\r100%\r\n"


def test_large_integers_and_none_arrive() -> None:
    value = {"size": 4 * 2**30, "edge": 2**31 - 1, "low": -(2**63), "none": None}
    (parsed,), _ = xmlrpc.client.loads(encode_response(value).decode())
    assert parsed == value
    assert b"<i8>4294967296</i8>" in encode_response(4 * 2**30)


def test_subclasses_are_written_as_what_they_extend() -> None:
    class Word(str): ...

    assert encode_response("x") == encode_response(Word("x"))
    assert encode_response([1]) == encode_response((1,))


@pytest.mark.parametrize("value", [object(), {1: "x"}, {"x": {2: 3}}])
def test_what_has_no_xml_rpc_form_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        encode_response(value)


def test_an_integer_past_64_bits_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        encode_response(2**63)


def test_a_value_in_itself_is_a_value_error() -> None:
    loop: list[object] = []
    loop.append(loop)
    ring: dict[str, object] = {}
    ring["ring"] = ring
    for value in (loop, ring):
        with pytest.raises(ValueError, match="nested deeper"):
            encode_response(value)


# ---- reading ----


def test_a_call_of_the_standard_library_is_read() -> None:
    params = ("cat", True, 3, -2.5, [1, [2]], {"a": {"b": []}}, "", " spaced ", "é\n")
    document = xmlrpc.client.dumps(params, "supervisor.x").encode()
    assert Call("supervisor.x", list(params)) == decode_call(document)


def test_params_may_be_absent() -> None:
    assert Call("a", []) == decode_call(b"<methodCall><methodName> a </methodName></methodCall>")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<value>plain</value>", "plain"),
        ("<value></value>", ""),
        ("<value/>", ""),
        ("<value><string/></value>", ""),
        ("<value>a<!-- c -->b</value>", "ab"),
        ("<value><string><![CDATA[<&]]></string></value>", "<&"),
        ("<value><i4> 5 </i4></value>", 5),
        ("<value><i8>-9000000000</i8></value>", -9000000000),
        ("<value><int>+7</int></value>", 7),
        ("<value><boolean>1</boolean></value>", True),
        ("<value><boolean>0</boolean></value>", False),
        ("<value><double>1e3</double></value>", 1000.0),
        ("<value><nil/></value>", None),
        ("<value><base64>YWJj\n</base64></value>", b"abc"),
        (
            "<value><dateTime.iso8601>20260131T23:59:58</dateTime.iso8601></value>",
            datetime(2026, 1, 31, 23, 59, 58),
        ),
        ("<value>\n<array>\n<data/>\n</array>\n</value>", []),
        ("<value><struct/></value>", {}),
        (
            "<value> <struct> <member> <name>a</name> <value>1</value> </member> </struct> </value>",
            {"a": "1"},
        ),
    ],
)
def test_values(value: str, expected: object) -> None:
    assert expected == read_value(value)
    assert type(expected) is type(read_value(value))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<methodCall>",
        b"<a/>",
        b"<methodResponse><params/></methodResponse>",
        b"<methodCall></methodCall>",
        b"<methodCall><methodName/><params/></methodCall>",
        b"<methodCall><params/></methodCall>",
        b"<methodCall><methodName>a</methodName><methodName>b</methodName></methodCall>",
        b"<methodCall><methodName>a</methodName><params/><params/></methodCall>",
        b"<methodCall><methodName>a<b/></methodName></methodCall>",
        "<methodCall><methodName>\ud800</methodName></methodCall>".encode("utf-8", "surrogatepass"),
        call_document("<value>1</value>"),
        call_document("<param></param>"),
        call_document("<param><value>1</value><value>2</value></param>"),
        one_value("<value><int>1</int><int>2</int></value>"),
        one_value("<value><string>1</string><struct/></value>"),
        one_value("<value><value>1</value></value>"),
        one_value("<value><string><int>1</int></string></value>"),
        one_value("<value><array></array></value>"),
        one_value("<value><array><data/><data/></array></value>"),
        one_value("<value><array><value>1</value></array></value>"),
        one_value("<value><struct><member/></struct></value>"),
        one_value("<value><struct><member><name>a</name></member></struct></value>"),
        one_value("<value><struct><member><value>1</value><name>a</name></member></struct></value>"),
        one_value("<value><struct><member><name>a</name><name>b</name></member></struct></value>"),
        one_value(
            "<value><struct><member><name>a</name><value>1</value><value>2</value></member></struct></value>"
        ),
        one_value("<value><float>1</float></value>"),
        one_value("<value><int></int></value>"),
        one_value("<value><int>1_0</int></value>"),
        one_value("<value><int>\u0661</int></value>"),
        one_value("<value><int>0x10</int></value>"),
        one_value("<value><boolean>true</boolean></value>"),
        one_value("<value><double>much</double></value>"),
        one_value("<value><base64>a</base64></value>"),
        one_value("<value><base64>\u0661</base64></value>"),
        one_value("<value><dateTime.iso8601>today</dateTime.iso8601></value>"),
        one_value("<value><dateTime.iso8601>20261331T00:00:00</dateTime.iso8601></value>"),
        one_value("<value>&undefined;</value>"),
        b"<?xml version='1.0' encoding='nonesuch'?><methodCall/>",
    ],
)
def test_what_is_no_call_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_call(body)


LAUGHS = b"""<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]>
<methodCall><methodName>&y;</methodName></methodCall>"""


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS,
        b'<!DOCTYPE methodCall SYSTEM "file:///etc/passwd"><methodCall/>',
        LAUGHS.decode().encode("utf-16"),
    ],
)
def test_document_types_and_with_them_entities_are_forbidden(body: bytes) -> None:
    with pytest.raises(ForbiddenError, match="document type"):
        decode_call(body)


def test_too_many_bytes() -> None:
    body = one_value("<value>x</value>")
    assert decode_call(body, Limits(max_bytes=len(body)))
    with pytest.raises(TooLargeError, match="bytes"):
        decode_call(body, Limits(max_bytes=len(body) - 1))


def nested(depth: int) -> bytes:
    return one_value("<value><array><data>" * depth + "</data></array></value>" * depth)


def test_too_deep() -> None:
    assert decode_call(nested(64))
    with pytest.raises(TooLargeError, match="deeper than 64"):
        decode_call(nested(65))


def test_200_000_nested_arrays_are_refused_where_they_pass_the_limit() -> None:
    with pytest.raises(TooLargeError, match="deeper"):
        decode_call(
            b"<methodCall><methodName>a</methodName><params><param>" + b"<value><array><data>" * 200_000
        )


def test_too_many_elements() -> None:
    body = call_document("<param><value/></param>" * 10)  # 3 around, 2 each
    assert len(decode_call(body, Limits(max_elements=23)).params) == 10
    with pytest.raises(TooLargeError, match="elements"):
        decode_call(body, Limits(max_elements=22))


def test_too_many_digits() -> None:
    assert read_value(f"<value><int>-{'9' * 19}</int></value>") == -int("9" * 19)
    with pytest.raises(TooLargeError, match="digits"):
        read_value(f"<value><int>{'9' * 100_000}</int></value>")


def test_responses() -> None:
    assert decode_response(encode_response([INFO])) == [INFO]
    assert FaultValue(10, "BAD_NAME: x") == decode_response(encode_fault(10, "BAD_NAME: x"))
    assert decode_response(encode_response(None)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"<methodResponse/>",
        b"<methodResponse><params/></methodResponse>",
        b"<methodResponse><fault></fault></methodResponse>",
        b"<methodResponse><fault><value>x</value></fault></methodResponse>",
        encode_response({"faultCode": 1})
        .replace(b"params>", b"fault>")
        .replace(b"<param>", b"")
        .replace(b"</param>", b""),
        encode_call("a"),
    ],
)
def test_what_is_no_response_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_response(body)


# ---- for all ----

XML_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | XML_TEXT
    | st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(XML_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back(value: object) -> None:
    assert decode_response(encode_response(value)) == value
    assert decode_call(encode_call("a.b", [value, value])) == Call("a.b", [value, value])


@given(VALUES)
def test_the_standard_library_reads_every_response(value: object) -> None:
    (parsed,), _ = xmlrpc.client.loads(encode_response(value).decode(), use_builtin_types=True)
    assert parsed == value


@given(st.text())
def test_any_text_makes_a_document_that_is_read(text: str) -> None:
    read = decode_response(encode_response({text: text}))
    assert isinstance(read, dict)
    assert [len(text)] == [len(value) for value in read.values() if isinstance(value, str)]


@given(
    st.binary()
    | st.builds(
        lambda n, junk: encode_call("a", [[1], {"b": "c"}])[:n] + junk, st.integers(0, 400), st.binary()
    )
)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        decode_call(body)
    except XmlRpcError:
        pass


TAGS = st.sampled_from(
    [
        "methodCall",
        "methodName",
        "params",
        "param",
        "value",
        "struct",
        "member",
        "name",
        "array",
        "data",
        "int",
        "string",
        "fault",
    ]
)
TREES = st.recursive(
    st.text("1a ", max_size=3),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(inner, max_size=3)
    ),
    max_leaves=30,
)


@given(TREES)
def test_any_tree_is_read_or_refused(tree: str) -> None:
    for body in (tree.encode(), one_value(f"<value>{tree}</value>")):
        try:
            decode_call(body)
        except XmlRpcError:
            pass
