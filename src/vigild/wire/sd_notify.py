"""The messages of systemd's notification protocol, both ways: datagrams of `NAME=value` lines.

The daemon sends them to its service manager (`host/service_manager.py`). Names of descriptors travel in the
same messages; systemd takes printable ASCII without a colon, so other bytes are written as `%XX`.
"""

from collections.abc import Iterable, Mapping

MAX_MESSAGE_BYTES = 4096  # systemd ignores what is longer
MAX_FD_NAME_BYTES = 255

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+")
_HEX = frozenset(b"0123456789ABCDEF")


def encode(assignments: Mapping[str, str] | Iterable[tuple[str, str]]) -> bytes:
    """One message. A line end within a value would begin another assignment: it becomes a blank."""
    pairs = assignments.items() if isinstance(assignments, Mapping) else assignments
    lines = [f"{name}={value.replace(chr(10), ' ').replace(chr(0), ' ')}" for name, value in pairs]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def parse(message: bytes) -> dict[str, str]:
    """What a message says; of several assignments to one name the last. Total: nonsense gives `{}`.

    As systemd does, a message that is too long or holds a NUL byte before its end is ignored as a whole, and a
    line without `=` by itself.
    """
    if len(message) > MAX_MESSAGE_BYTES or b"\0" in message[:-1]:
        return {}
    found: dict[str, str] = {}
    for line in message.removesuffix(b"\0").decode("utf-8", "surrogateescape").split("\n"):
        name, equals, value = line.partition("=")
        if equals and name:
            found[name] = value
    return found


def encode_fd_name(name: str) -> str | None:
    """`name` as systemd takes it for a descriptor; None for one that is empty or too long for it."""
    data = name.encode("utf-8", "surrogateescape")
    encoded = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)
    return encoded if 0 < len(encoded) <= MAX_FD_NAME_BYTES else None


def decode_fd_name(encoded: str) -> str:
    """The name that `encode_fd_name` was given. Total: what it would not have written stays as it is."""
    head, *pieces = encoded.encode("utf-8", "surrogateescape").split(b"%")
    data = bytearray(head)
    for piece in pieces:
        digits = piece[:2]
        if len(digits) == 2 and _HEX.issuperset(digits):
            data.append(int(digits, 16))
            data += piece[2:]
        else:
            data += b"%" + piece
    return data.decode("utf-8", "surrogateescape")
