"""Lines out of what programs write, for those who forward it.

Lines are kept as they came: many in one block, which costs little more memory than their bytes. They are told apart when
they are written for a receiver. Each has a time of its own, later than that of the line before it in the same stream:
receivers sort by it, and one of them (Loki) takes two equal lines of the same time for one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import AnyStr

from vigild.core.frozen import frozen

MAX_LINE_BYTES = 64 << 10  # a longer line is cut in parts
BACK_STEP_NS = 1_000_000_000  # a clock that was set back by more than this is believed
USUAL_LEVELS = {"stdout": 6, "stderr": 3}  # syslog's numbers, as Docker's drivers have it
_RAW_MARKS: Mapping[bytes, int] = {b"<%d>" % level: level for level in range(8)}
_TEXT_MARKS: Mapping[str, int] = {f"<{level}>": level for level in range(8)}


@frozen
class Source:
    """Whose output it is: the process `group:name`, its stdout or stderr, and the pid that wrote it."""

    program: str
    group: str
    name: str
    channel: str
    pid: int


@dataclass(slots=True)
class Block:
    """Lines of one source, with a newline between them and none at the end. `first_ns`: the time of the first, in
    nanoseconds since the epoch; each that follows is one later. `arrived`: when it came, by a clock that is never set.
    """

    source: Source
    first_ns: int
    data: bytes
    lines: int
    arrived: float = 0.0

    @property
    def size(self) -> int:
        """Bytes, with a newline after each line."""
        return len(self.data) + 1

    def split(self, newline: int) -> "tuple[Block, Block]":
        """What stands before the newline at this index, and what stands after it."""
        lines = self.data.count(b"\n", 0, newline) + 1
        head = Block(self.source, self.first_ns, self.data[:newline], lines, self.arrived)
        tail = self.data[newline + 1 :]
        return head, Block(self.source, self.first_ns + lines, tail, self.lines - lines, self.arrived)

    def without(self, lines: int) -> "Block":
        """What is left after the first `lines` of it, which are fewer than it has."""
        newline = -1
        for _ in range(lines):
            newline = self.data.index(b"\n", newline + 1)
        return self if newline < 0 else self.split(newline)[1]


def raw_records(block: Block, level_prefix: bool) -> Iterator[tuple[int, int, bytes]]:
    """Each line as time, level and bytes. With `level_prefix` a `<N>` at its beginning is its level, and taken away."""
    return _records(block, block.data.split(b"\n"), _RAW_MARKS if level_prefix and b"<" in block.data else {})


def text_records(block: Block, level_prefix: bool) -> Iterator[tuple[int, int, str]]:
    """The same with text: what is not UTF-8 becomes U+FFFD."""
    lines = block.data.decode("utf-8", "replace").split("\n")
    return _records(block, lines, _TEXT_MARKS if level_prefix and b"<" in block.data else {})


def _records(
    block: Block, lines: list[AnyStr], marks: Mapping[AnyStr, int]
) -> Iterator[tuple[int, int, AnyStr]]:
    usual = USUAL_LEVELS.get(block.source.channel, 6)
    for at_ns, line in enumerate(lines, block.first_ns):
        level = marks.get(line[:3]) if marks else None
        if level is None:
            yield at_ns, usual, line
        else:
            yield at_ns, level, line[3:]


class Cutter:
    """Pieces of one stream to whole lines. It keeps the line that has begun, of MAX_LINE_BYTES at most."""

    __slots__ = ("_begun", "_next_ns", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self._begun = b""
        self._next_ns = 0

    @property
    def begun_bytes(self) -> int:
        """How much there is of a line that has no end yet."""
        return len(self._begun)

    def take(self, data: bytes, at_ns: int) -> Block | None:
        """The lines that end in this piece; a line gets the time of the piece with its end."""
        end = data.rfind(b"\n")
        lines: list[bytes] = []
        if end < 0:
            self._begun += data
        else:
            body = self._begun + data[: end + 1]
            self._begun = data[end + 1 :]
            if b"\r" in body:
                body = body.replace(b"\r\n", b"\n")
            lines.append(body[:-1])
            if len(body) > MAX_LINE_BYTES:
                lines = [part for line in lines[0].split(b"\n") for part in _parts(line)]
        if len(self._begun) > MAX_LINE_BYTES:
            *whole, self._begun = _parts(self._begun)
            lines += whole
        return self._block(lines, at_ns) if lines else None

    def cut(self, at_ns: int, lost_bytes: int = 0) -> Block | None:
        """End the line that has begun. What was lost before the next piece is said at its end, or in a line of its own."""
        line = self._begun
        self._begun = b""
        if lost_bytes:
            line = b"%s[%d bytes lost here]" % (line + b" " if line else b"", lost_bytes)
        return self._block([line], at_ns) if line else None

    def _block(self, lines: list[bytes], at_ns: int) -> Block:
        if at_ns > self._next_ns - BACK_STEP_NS:
            at_ns = max(at_ns, self._next_ns)
        data = lines[0] if len(lines) == 1 else b"\n".join(lines)
        block = Block(self.source, at_ns, data, data.count(b"\n") + 1)
        self._next_ns = at_ns + block.lines
        return block


def _parts(line: bytes) -> Iterator[bytes]:
    """A long line in parts, cut between characters. A line of nothing is one part."""
    begin = 0
    while len(line) - begin > MAX_LINE_BYTES:
        end = begin + MAX_LINE_BYTES
        for back in range(4):  # a character of UTF-8 has four bytes at most
            if line[end - back] & 0xC0 != 0x80:
                end -= back
                break
        yield line[begin:end]
        begin = end
    yield line[begin:]
