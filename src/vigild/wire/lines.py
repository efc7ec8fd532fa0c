"""Lines of a stream: a head before each of them, or each on its own.

The heads of one read are the same bytes, so the work is one `bytes.replace`: at the speed of memory,
whatever the length of the lines.
"""

MAX_LINE_BYTES = 8192  # a longer line goes out in pieces


class LinePrefixer:
    """Puts a head (prefix, time) before every line of one stream. `at_start`: the next byte begins a line."""

    __slots__ = ("at_start",)

    def __init__(self) -> None:
        self.at_start = True

    def feed(self, data: bytes, head: bytes) -> bytes | memoryview:
        """`data` with `head` before each line that begins in it. An unfinished line goes out as it is."""
        if not data:
            return data
        if self.at_start:
            data = head + data
        self.at_start = data.endswith(b"\n")
        headed = data.replace(b"\n", b"\n" + head)
        # After the last line end stands a head too many; a view leaves it out without one more copy.
        return memoryview(headed)[: len(headed) - len(head)] if self.at_start else headed


class LineSplitter:
    """Whole lines (without their ends) of one stream, for targets that take one message a line.

    `held` is the line that has not ended yet.
    """

    __slots__ = ("_max_bytes", "held")

    def __init__(self, max_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_bytes = max_bytes
        self.held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """All lines that `data` completes, in order."""
        *lines, self.held = (self.held + data).split(b"\n")
        while len(self.held) >= self._max_bytes:
            lines.append(self.held[: self._max_bytes])
            self.held = self.held[self._max_bytes :]
        return lines

    def flush(self) -> list[bytes]:
        """The stream ended: the last line, if it had no end."""
        held, self.held = self.held, b""
        return [held] if held else []
