"""Taking terminal escape sequences (CSI: `ESC [ … letter`) out of a stream of bytes.

A sequence may be cut anywhere between two reads; what could still become one is held back until the
next bytes decide. (Supervisor looks at each read alone, and at an unknown final letter swallows text
up to the next known one.)
"""

import re

MAX_SEQUENCE_BYTES = 64  # longer than this it is text that only looks like a sequence

_SEQUENCE = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*)?\Z")


class AnsiStripper:
    """Removes escape sequences from one stream. `feed` it in order; `flush` at the end. `held` is held back."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes) -> bytes:
        """`data` without its sequences; the beginning of an unfinished one is held back."""
        if self.held:
            data = self.held + data
            self.held = b""
        if b"\x1b" not in data:
            return data
        data = _SEQUENCE.sub(b"", data)
        unfinished = _UNFINISHED.search(data, max(0, len(data) - MAX_SEQUENCE_BYTES))
        if unfinished:
            self.held = unfinished.group()
            data = data[: unfinished.start()]
        return data

    def flush(self) -> bytes:
        """The stream ended: what was held back after all."""
        held, self.held = self.held, b""
        return held
