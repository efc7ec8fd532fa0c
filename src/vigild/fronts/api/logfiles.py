"""Parts of log files as text: ranges, last lines, matches. Only regular files, never through a symbolic link."""

import asyncio
import os
import stat
from typing import TYPE_CHECKING

from vigild.core.frozen import frozen
from vigild.fronts.api.problems import ProblemError

if TYPE_CHECKING:
    from types import TracebackType

PIECE_BYTES = 64 * 1024
MAX_TAIL_BYTES = 4 * 1024 * 1024
WINDOW_BYTES = 1024 * 1024
MAX_SEARCHED_BYTES = 16 * 1024 * 1024  # by one request
MAX_MATCH_CHARACTERS = 2000


class LogFile:
    """An open log. A context manager."""

    def __init__(self, path: str | None) -> None:
        if path is None:
            raise ProblemError("no_file", "there is no log file yet, or none is configured")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        try:
            self.fd = os.open(path, flags)
        except OSError as error:
            raise ProblemError("no_file", f"cannot open the log: {error.strerror}") from None
        self.path = path
        facts = os.fstat(self.fd)
        if not stat.S_ISREG(facts.st_mode):
            os.close(self.fd)
            raise ProblemError("no_file", "the log is no regular file")
        self.key = f"{facts.st_dev:x}-{facts.st_ino:x}"

    def __enter__(self) -> "LogFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        os.close(self.fd)

    @property
    def size(self) -> int:
        """In bytes, now."""
        return os.fstat(self.fd).st_size

    def read(self, offset: int, length: int) -> bytes:
        """What stands there; less at the end of the file."""
        pieces = []
        while length > 0 and (piece := os.pread(self.fd, min(length, 1 << 20), offset)):
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return b"".join(pieces)

    def part(self, offset: int, length: int) -> dict[str, object]:
        """A range as JSON tells of it; a character that the end would cut in two is left for the next part."""
        data = self.read(offset, length)
        kept = whole_characters(data) if offset + len(data) < self.size else len(data)
        data = data[: kept or len(data)]
        return self.told(data, offset)

    def told(self, data: bytes, offset: int) -> dict[str, object]:
        """These bytes, which stand at `offset`."""
        return {
            "text": data.decode("utf-8", "replace"),
            "offset": offset,
            "next_offset": offset + len(data),
            "size": self.size,
            "file": self.key,
        }

    def start_of_last(self, lines: int) -> int:
        """Where the last `lines` lines begin, as far as `MAX_TAIL_BYTES` reach."""
        end = offset = self.size
        wanted = lines
        while offset > 0 and end - offset < MAX_TAIL_BYTES:
            start = max(0, offset - PIECE_BYTES)
            data = self.read(start, offset - start)
            at = len(data)
            if offset == end and data.endswith(b"\n"):
                at -= 1  # the end of the last line begins no other
            while (at := data.rfind(b"\n", 0, at)) >= 0:
                wanted -= 1
                if wanted <= 0:
                    return start + at + 1
            offset = start
        return offset


@frozen
class Match:
    """A line with the text that was looked for."""

    offset: int
    text: str


async def search(
    file: LogFile, text: str, before: int, limit: int, *, ignore_case: bool
) -> tuple[list[Match], int]:
    """Lines with `text` that begin before `before`, the last first; and where to go on, 0 at the beginning.

    Whoever else waits has a turn after each window.
    """
    needle = text.encode("utf-8", "surrogateescape")
    needle = needle.lower() if ignore_case else needle
    found: list[Match] = []
    stop_at = max(0, before - MAX_SEARCHED_BYTES)
    end = before
    while end > stop_at:
        start = max(0, end - WINDOW_BYTES)
        data = file.read(start, end - start)
        if start > 0:
            newline = data.find(b"\n")
            skipped = (
                newline + 1 if 0 <= newline < len(data) - 1 else 0
            )  # a line of a megabyte is looked at in pieces
            start, data = start + skipped, data[skipped:]
        if not data:
            break
        haystack = data.lower() if ignore_case else data
        at = len(data)
        while (at := haystack.rfind(needle, 0, at)) >= 0:
            line = data.rfind(b"\n", 0, at) + 1
            finish = data.find(b"\n", at)
            whole = data[line : finish if finish >= 0 else len(data)]
            found.append(Match(start + line, whole.decode("utf-8", "replace")[:MAX_MATCH_CHARACTERS]))
            if len(found) >= limit:
                return found, start + line
            at = line
        end = start
        await asyncio.sleep(0)
    return found, max(0, end)


def whole_characters(data: bytes) -> int:
    """How many bytes of `data` are whole characters of UTF-8, as far as its last few bytes can tell."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return len(data)
        if byte >= 0xC0:  # the first byte of a character
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if length > back else len(data)
    return len(data)
