"""XML-RPC: calls and responses as bytes, and back. No I/O.

The text written is, byte for byte, what Python's `xmlrpc.client.dumps` writes, because that is what every
client of Supervisor has been fed for twenty years. It departs from it only where that text would not be
XML or would not arrive: characters that XML 1.0 cannot carry are shown as control pictures (`ESC` becomes
U+241B) or U+FFFD, a carriage return is written as `&#13;`, an integer past 32 bits as `i8`, None as `nil`.

Reading is one pass of expat. Legal nesting is a table (`_CHILDREN`): an element is refused where it starts,
so hostile input costs no more than reading it. Document types are refused, and with them every entity.
"""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeAlias
from xml.parsers import expat

from vigild.core.frozen import frozen
from vigild.wire.xmlrpc_text import escape, scalar_text

if TYPE_CHECKING:
    from datetime import datetime

Value: TypeAlias = "bool | int | float | str | bytes | datetime | list[Value] | dict[str, Value] | None"


class XmlRpcError(ValueError):
    """A document that is not read; `str(error)` says why."""


class MalformedError(XmlRpcError):
    """It is not XML, or not XML-RPC."""


class ForbiddenError(XmlRpcError):
    """It holds a document type or entities."""


class TooLargeError(XmlRpcError):
    """It is past a limit."""


@frozen
class Limits:
    """What a document may cost. `max_depth` counts arrays and structs inside one another."""

    max_bytes: int = 8 * 1024 * 1024
    max_depth: int = 64
    max_elements: int = 200_000
    max_integer_digits: int = 19


CALL_LIMITS = Limits()
RESPONSE_LIMITS = Limits(max_bytes=512 * 1024 * 1024, max_elements=50_000_000)


@frozen
class Call:
    """A method's name and its arguments."""

    method: str
    params: list[Value]


@frozen
class FaultValue:
    """A response that says that the call failed."""

    code: int
    text: str


# ---- writing ----

_HEAD = "<?xml version='1.0'?>\n"
_MAX_INT = 2**31 - 1
_MIN_INT = -(2**31)


def encode_response(value: object) -> bytes:
    """The document that answers a call with `value`. TypeError or ValueError for what XML-RPC cannot say."""
    out = [_HEAD, "<methodResponse>\n<params>\n<param>\n"]
    _write(value, out, 0)
    out.append("</param>\n</params>\n</methodResponse>\n")
    return "".join(out).encode()


def encode_fault(code: int, text: str) -> bytes:
    """The document that answers a call with a fault."""
    out = [_HEAD, "<methodResponse>\n<fault>\n"]
    _write({"faultCode": code, "faultString": text}, out, 0)
    out.append("</fault>\n</methodResponse>\n")
    return "".join(out).encode()


def encode_call(method: str, params: Sequence[object] = ()) -> bytes:
    """The document that calls `method`. TypeError or ValueError for what XML-RPC cannot say."""
    out = [_HEAD, f"<methodCall>\n<methodName>{escape(method)}</methodName>\n<params>\n"]
    for param in params:
        out.append("<param>\n")
        _write(param, out, 0)
        out.append("</param>\n")
    out.append("</params>\n</methodCall>\n")
    return "".join(out).encode()


def _write(value: object, out: list[str], depth: int) -> None:
    kind = type(value)
    if kind is dict:
        _write_struct(value, out, depth)  # type: ignore[arg-type]
    elif kind is list or kind is tuple:
        if depth >= CALL_LIMITS.max_depth:
            raise ValueError(
                f"cannot write a value nested deeper than {CALL_LIMITS.max_depth} (or in itself)"
            )
        out.append("<value><array><data>\n")
        for item in value:  # type: ignore[attr-defined]
            _write(item, out, depth + 1)
        out.append("</data></array></value>\n")
    else:
        out.append(scalar_text(value))


def _write_struct(value: dict[object, object], out: list[str], depth: int) -> None:
    # The hot path: the answer to getAllProcessInfo is thousands of short members.
    if depth >= CALL_LIMITS.max_depth:
        raise ValueError(f"cannot write a value nested deeper than {CALL_LIMITS.max_depth} (or in itself)")
    append = out.append
    append("<value><struct>\n")
    for key, item in value.items():
        kind = type(item)
        if type(key) is not str:
            raise TypeError(f"cannot write a struct: its key {key!r} is not a string")
        name = key if key.isidentifier() and key.isascii() else escape(key)
        if kind is str:
            append(
                f"<member>\n<name>{name}</name>\n<value><string>{escape(item)}</string></value>\n</member>\n"  # type: ignore[arg-type]
            )
        elif kind is int and _MIN_INT <= item <= _MAX_INT:  # type: ignore[operator]
            append(f"<member>\n<name>{name}</name>\n<value><int>{item}</int></value>\n</member>\n")
        else:
            append(f"<member>\n<name>{name}</name>\n")
            _write(item, out, depth + 1)
            append("</member>\n")
    append("</struct></value>\n")


# ---- reading ----

_NOTHING: frozenset[str] = frozenset()
_LEAVES = frozenset(
    {"string", "int", "i4", "i8", "i2", "i1", "ex:i8", "boolean", "double", "dateTime.iso8601", "base64"}
    | {"nil", "ex:nil"}
)
_VALUE = _LEAVES | {"struct", "array"}
_DATA = frozenset({"value"})  # any number
_ONE_VALUE = frozenset({"value"})  # exactly one; told apart from _DATA by identity
_MEMBER = frozenset({"name"})
_METHOD_CALL = frozenset({"methodName"})
_AFTER_METHOD_NAME = frozenset({"params"})
# What may start inside an element. While it is open, the set shrinks to what may still come.
_CHILDREN: dict[str, frozenset[str]] = {
    "methodCall": _METHOD_CALL,
    "methodResponse": frozenset({"params", "fault"}),
    "params": frozenset({"param"}),
    "param": _ONE_VALUE,
    "fault": _ONE_VALUE,
    "value": _VALUE,
    "struct": frozenset({"member"}),
    "member": _MEMBER,
    "array": frozenset({"data"}),
    "data": _DATA,
} | dict.fromkeys(_LEAVES | {"name", "methodName"}, _NOTHING)


def decode_call(body: bytes, limits: Limits = CALL_LIMITS) -> Call:
    """Read a `methodCall`. A call without `params` has none. Raises XmlRpcError."""
    reader = _read(body, limits, "methodCall")
    if not reader.method:
        raise MalformedError("the call has no methodName")
    return Call(reader.method, reader.items)


def decode_response(body: bytes, limits: Limits = RESPONSE_LIMITS) -> "Value | FaultValue":
    """Read a `methodResponse`: its value, or a FaultValue. Raises XmlRpcError."""
    reader = _read(body, limits, "methodResponse")
    if len(reader.items) != 1:
        raise MalformedError(f"the response holds {len(reader.items)} values, not one")
    value = reader.items[0]
    if not reader.fault:
        return value
    if isinstance(value, dict):
        code, text = value.get("faultCode"), value.get("faultString")
        if type(code) is int and isinstance(text, str):
            return FaultValue(code, text)
    raise MalformedError("the fault has no faultCode and faultString")


class _Reader:
    """What one document yields."""

    __slots__ = ("fault", "items", "method")

    def __init__(self) -> None:
        self.items: list[Value] = []
        self.method = ""
        self.fault = False


def _read(body: bytes, limits: Limits, root: str) -> _Reader:
    if len(body) > limits.max_bytes:
        raise TooLargeError(f"the document has {len(body)} bytes; at most {limits.max_bytes} are read")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = min(max(len(body), 1), 1 << 20)
    parser.StartDoctypeDeclHandler = _refuse_doctype
    _connect(parser, reader, limits, root)
    try:
        parser.Parse(body, True)
    except XmlRpcError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that is none
        raise MalformedError(f"the document is not XML: {error}") from None
    return reader


def _refuse_doctype(*_: object) -> NoReturn:
    raise ForbiddenError("the document declares a document type; XML-RPC has none, and entities are refused")


def _connect(parser: expat.XMLParserType, reader: _Reader, limits: Limits, root: str) -> None:
    """Set the handlers that turn elements into values.

    Closures over locals and not methods: three of four instructions spent here are for the 60,000 elements of a
    large answer, and this form takes half the time.
    """
    text: list[str] = []
    allowed: frozenset[str] = frozenset({root})
    outer: list[frozenset[str]] = []  # what may still come in the elements around
    items: list[Value] = reader.items  # what the innermost array or struct (names and values by turns) holds
    containers: list[list[Value]] = []
    value: Value = None
    elements = 0
    max_elements, max_depth = limits.max_elements, limits.max_depth
    children, converters = _CHILDREN, _converters(limits)

    def start(tag: str, _attributes: object) -> None:
        nonlocal allowed, items, elements
        elements += 1
        if tag not in allowed or elements > max_elements:
            _refuse_element(tag, elements, limits)
        text.clear()
        outer.append(allowed)
        allowed = children[tag]
        if tag in ("struct", "array"):
            if len(containers) >= max_depth:
                raise TooLargeError(f"arrays and structs are nested deeper than {max_depth}")
            containers.append(items)
            items = []

    def end(tag: str) -> None:
        nonlocal allowed, items, value
        left, allowed = allowed, outer.pop()
        if tag == "value":
            items.append("".join(text) if left is _VALUE else value)
            if allowed is not _DATA:
                allowed = _NOTHING
        elif tag == "name":
            items.append("".join(text))
            allowed = _ONE_VALUE
        elif tag == "string":
            value = "".join(text)
            allowed = _NOTHING
        elif tag in converters:
            value = converters[tag]("".join(text))
            allowed = _NOTHING
        elif tag == "struct":
            value = dict(zip(items[::2], items[1::2], strict=True))  # type: ignore[arg-type]
            items = containers.pop()
            allowed = _NOTHING
        elif tag == "array":
            _require_complete(left, tag)
            value = items
            items = containers.pop()
            allowed = _NOTHING
        else:
            allowed = _end_frame(tag, left, allowed, text, reader)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append


def _end_frame(
    tag: str, left: frozenset[str], allowed: frozenset[str], text: list[str], reader: _Reader
) -> frozenset[str]:
    """The end of an element that is no value; returns what may still come in the element around it."""
    if tag in ("member", "param"):
        _require_complete(left, tag)
        return allowed
    if tag == "methodName":
        reader.method = "".join(text).strip()
        return _AFTER_METHOD_NAME
    if tag == "fault":
        _require_complete(left, tag)
        reader.fault = True
    return _NOTHING  # data, params, fault, and the root


def _require_complete(left: frozenset[str], tag: str) -> None:
    if left is not _NOTHING:
        raise MalformedError(f"<{tag}> ends before it is complete")


def _refuse_element(tag: str, elements: int, limits: Limits) -> NoReturn:
    if elements > limits.max_elements:
        raise TooLargeError(f"the document has more than {limits.max_elements} elements")
    raise MalformedError(f"<{tag[:40]}> is not expected here")


# ---- scalars ----

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DATE_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):(\d\d):(\d\d)", re.ASCII)


def _converters(limits: Limits) -> Mapping[str, Callable[[str], Value]]:
    def integer(text: str) -> int:
        text = text.strip()
        if len(text) > limits.max_integer_digits + 1:
            raise TooLargeError(f"an integer has more than {limits.max_integer_digits} digits")
        if _INTEGER.fullmatch(text) is None:
            raise MalformedError(f"{text!r} is not an integer")
        return int(text)

    integers = dict.fromkeys(("int", "i4", "i8", "i2", "i1", "ex:i8"), integer)
    return {
        **integers,
        "boolean": _boolean,
        "double": _double,
        "dateTime.iso8601": _date_time,
        "base64": _base64,
        "nil": _nil,
        "ex:nil": _nil,
    }


def _boolean(text: str) -> bool:
    text = text.strip()
    if text not in ("0", "1"):
        raise MalformedError(f"{text[:40]!r} is not a boolean: 0 or 1 is")
    return text == "1"


def _double(text: str) -> float:
    try:
        return float(text[:400])
    except ValueError:
        raise MalformedError(f"{text[:40]!r} is not a double") from None


def _date_time(text: str) -> "datetime":
    from datetime import datetime  # late: no method of ours takes one

    match = _DATE_TIME.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        return datetime(*map(int, match.groups()))  # type: ignore[arg-type]
    except ValueError:
        raise MalformedError(f"{text[:40]!r} is not a dateTime.iso8601 such as 20260131T23:59:59") from None


def _base64(text: str) -> bytes:
    try:
        return a2b_base64("".join(text.split()).encode("ascii"), strict_mode=True)
    except (Base64Error, UnicodeEncodeError) as error:
        raise MalformedError(f"a base64 value cannot be decoded: {error}") from None


def _nil(_text: str) -> None:
    return None
