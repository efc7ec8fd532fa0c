"""Lines of a stream: a head before each of them, or each on its own.

The heads of one read are the same bytes, so the work is one `bytes.replace`: at the speed of memory,
whatever the length of the lines.
"""

MAX_LINE_BYTES = 8192  # a longer line goes out in pieces


class LinePrefixer:
    """Puts a head (prefix, time) before every line of one stream."""

    __slots__ = ("_at_start",)

    def __init__(self) -> None:
        self._at_start = True

    def feed(self, data: bytes, head: bytes) -> bytes | memoryview:
        """`data` with `head` before each line that begins in it. An unfinished line goes out as it is."""
        if not data:
            return data
        if self._at_start:
            data = head + data
        self._at_start = data.endswith(b"\n")
        headed = data.replace(b"\n", b"\n" + head)
        # After the last line end stands a head too many; a view leaves it out without one more copy.
        return memoryview(headed)[: len(headed) - len(head)] if self._at_start else headed


class LineSplitter:
    """Whole lines (without their ends) of one stream, for targets that take one message a line."""

    __slots__ = ("_held", "_max_bytes")

    def __init__(self, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """All lines that `data` completes, in order."""
        *lines, self._held = (self._held + data).split(b"\n")
        while len(self._held) >= self._max_bytes:
            lines.append(self._held[: self._max_bytes])
            self._held = self._held[self._max_bytes :]
        return lines

    def flush(self) -> list[bytes]:
        """The stream ended: the last line, if it had no end."""
        held, self._held = self._held, b""
        return [held] if held else []
