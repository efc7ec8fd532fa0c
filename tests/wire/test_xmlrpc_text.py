"""Text that XML can carry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.xmlrpc_text import escape, scalar_text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("", ""),
        ("plain", "plain"),
        ("two words, é 漢", "two words, é 漢"),
        ("<&>\"'", "&lt;&amp;&gt;\"'"),
        ("\t\n\r", "\t\n&#13;"),
        ("\x00\x08\x0b\x1b\x1f", "\u2400\u2408\u240b\u241b\u241f"),
        ("\ud800\udfff\ufffe\uffff", "\ufffd\ufffd\ufffd\ufffd"),
    ],
)
def test_escape(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.text())
def test_what_is_escaped_can_be_encoded_and_holds_no_markup(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert len(escaped.encode()) >= len(text)


@pytest.mark.parametrize(
    ("value", "element"),
    [
        ("a<b", "<string>a&lt;b</string>"),
        (True, "<boolean>1</boolean>"),
        (2**31 - 1, "<int>2147483647</int>"),
        (2**31, "<i8>2147483648</i8>"),
        (-(2**31), "<int>-2147483648</int>"),
        (-(2**31) - 1, "<i8>-2147483649</i8>"),
        (0.1, "<double>0.1</double>"),
        (None, "<nil/>"),
        (bytearray(b"abc"), "<base64>\nYWJj\n</base64>"),
    ],
)
def test_scalars(value: object, element: str) -> None:
    assert scalar_text(value) == f"<value>{element}</value>\n"
