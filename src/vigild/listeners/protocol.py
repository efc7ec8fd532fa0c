"""The listener's side of the event protocol: bytes from the daemon to events. `wire/listener.py` is the other side."""

from collections.abc import Iterator
from typing import NamedTuple

READY = b"READY\n"
OK = b"RESULT 2\nOK"
MAX_HEADER_BYTES = 64 * 1024


class ProtocolError(Exception):
    """What came is no event; nothing after it can be trusted."""


class Event(NamedTuple):
    """One event. `facts`: the name:value pairs in the payload's first line; `data`: what follows that line."""

    name: str
    headers: dict[str, str]
    facts: dict[str, str]
    data: str

    @property
    def group(self) -> str:
        """The group of the process that it is about, '' if it is about none."""
        return self.facts.get("groupname", "")

    @property
    def process(self) -> str:
        """The process that it is about."""
        return self.facts.get("processname", "")


class Events:
    """Takes bytes in any pieces and gives events."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that are complete now. Raises ProtocolError."""
        self._buffer += data
        while True:
            line, newline, rest = self._buffer.partition(b"\n")
            if not newline:
                if len(line) > MAX_HEADER_BYTES:
                    raise ProtocolError(f"a header of more than {MAX_HEADER_BYTES} bytes: {line[:100]!r}")
                return
            # Supervisor's `len` counts characters: of a payload that is not ASCII some bytes are left over, and stand here
            # before `ver:`, which nobody asks for.
            headers = pairs(line.decode("utf-8", "replace"))
            size = headers.get("len", "")
            if not size.isdecimal() or "eventname" not in headers:
                raise ProtocolError(f"this is no header of an event: {line[:200]!r}")
            if len(rest) < int(size):
                return
            payload, self._buffer = rest[: int(size)].decode("utf-8", "replace"), rest[int(size) :]
            first, _, more = payload.partition("\n")
            yield Event(headers["eventname"], headers, pairs(first), more)


def pairs(line: str) -> dict[str, str]:
    """`a:1 b:2` as a dict. A word without a colon belongs to the value before it: names may hold blanks."""
    found: dict[str, str] = {}
    name = ""
    for word in line.split(" "):
        before, colon, after = word.partition(":")
        if colon:
            name = before
            found[name] = after
        elif name:
            found[name] = f"{found[name]} {word}"
    return found
