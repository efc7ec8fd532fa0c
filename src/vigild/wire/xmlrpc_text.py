"""Scalars as XML-RPC text, and text as XML can carry it."""

import re
from binascii import b2a_base64

# Everything that may not stand in character data as it is: markup, CR (XML would turn it into LF), control
# characters, halves of surrogate pairs, and the two non-characters that XML names.
_UNSAFE = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_CONTROL_PICTURES = 0x2400  # U+2400 + n pictures control character n
_BASE64_LINE_BYTES = 57
_MAX_INT = 2**31 - 1
_MIN_INT = -(2**31)
_MAX_I8 = 2**63 - 1
_MIN_I8 = -(2**63)


def escape(text: str) -> str:
    """`text` as character data; what XML cannot carry is replaced by a picture of it."""
    if text.isalnum():
        return text
    return _UNSAFE.sub(_replacement, text)


def _replacement(match: re.Match[str]) -> str:
    character = match[0]
    if character in _NAMED:
        return _NAMED[character]
    return chr(_CONTROL_PICTURES + ord(character)) if character < " " else "\ufffd"


def scalar_text(value: object) -> str:
    """The `<value>` element of anything but an array or a struct. TypeError, ValueError."""
    if isinstance(value, str):
        return f"<value><string>{escape(value)}</string></value>\n"
    if isinstance(value, bool):
        return f"<value><boolean>{value:d}</boolean></value>\n"
    if isinstance(value, int):
        return _integer_text(int(value))
    if isinstance(value, float):
        return f"<value><double>{value!r}</double></value>\n"
    if isinstance(value, (bytes, bytearray)):
        return _base64_text(bytes(value))
    if value is None:
        return "<value><nil/></value>\n"
    return _date_time_text(value)


def _integer_text(value: int) -> str:
    if _MIN_INT <= value <= _MAX_INT:
        return f"<value><int>{value}</int></value>\n"
    if _MIN_I8 <= value <= _MAX_I8:
        return f"<value><i8>{value}</i8></value>\n"
    raise ValueError("cannot write an integer of more than 64 bits")


def _base64_text(value: bytes) -> str:
    lines = (
        b2a_base64(value[i : i + _BASE64_LINE_BYTES]).decode("ascii")
        for i in range(0, len(value), _BASE64_LINE_BYTES)
    )
    return f"<value><base64>\n{''.join(lines)}</base64></value>\n"


def _date_time_text(value: object) -> str:
    from datetime import datetime  # late: no method of ours returns one

    if isinstance(value, datetime):
        return f"<value><dateTime.iso8601>{value:%Y%m%dT%H:%M:%S}</dateTime.iso8601></value>\n"
    raise TypeError(f"cannot write a {type(value).__name__} as an XML-RPC value")
