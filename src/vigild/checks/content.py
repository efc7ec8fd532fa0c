"""What was written to a file since it was last looked at, line by line, within bounds.

A file that became shorter, or another of its name, is read from its beginning (it was rotated); what had been written
to the one before after the last look is not seen. A line without its end yet waits for it.
"""

import os
import re
from collections.abc import Mapping

from vigild.checks.reading import Memory, Value, Values, shortened

MAX_BYTES = 4 << 20  # that are read at one look; of what is more, the last
MAX_LINE_BYTES = 16 << 10  # of a line, that an expression is tried on


class NewLines:
    """`pattern` is looked for in lines that do not match `ignored` ("": none)."""

    def __init__(self, path: str, pattern: str, ignored: str, memory: Memory) -> None:
        self._path = path
        self._pattern = re.compile(pattern.encode())
        self._ignored = re.compile(ignored.encode()) if ignored else None
        self._device = self._inode = 0
        self._offset = -1  # not known: the next look only finds out where the end is
        match (memory.get("device"), memory.get("inode"), memory.get("offset")):
            case (int(device), int(inode), int(offset)):
                self._device, self._inode, self._offset = device, inode, offset
            case _:
                pass

    def memory(self) -> Mapping[str, Value]:
        """How far it was read."""
        return {"device": self._device, "inode": self._inode, "offset": self._offset}

    def start_at_the_beginning(self) -> None:
        """There is no such file now: when there is one, all of it is new."""
        self._device = self._inode = self._offset = 0

    def read(self) -> Values:
        """Look at what is new. Raises OSError."""
        with open(self._path, "rb") as file:
            found = os.fstat(file.fileno())
            if self._offset < 0:
                self._offset = _line_start(file.fileno(), found.st_size)
            elif (found.st_dev, found.st_ino) != (self._device, self._inode) or found.st_size < self._offset:
                self._offset = 0
            self._device, self._inode = found.st_dev, found.st_ino
            unread = max(0, found.st_size - self._offset - MAX_BYTES)
            self._offset += unread
            file.seek(self._offset)
            data = file.read(MAX_BYTES)
        whole = data.rfind(b"\n") + 1
        if not whole and len(data) >= MAX_BYTES:
            whole = len(data)  # one line that never ends
        self._offset += whole
        return {**self._matches(data[:whole]), "unread": unread}

    def _matches(self, data: bytes) -> Values:
        count, first = 0, b""
        for line in (whole[:MAX_LINE_BYTES] for whole in data.splitlines()):
            if self._pattern.search(line) and not (self._ignored and self._ignored.search(line)):
                count += 1
                first = first or line
        if not count:
            return {"matches": 0}
        return {"matches": count, "line": shortened(first.decode("utf-8", "replace"))}


def _line_start(fd: int, size: int) -> int:
    """Where the last line begins, if it has no end yet; else the end."""
    start = max(0, size - MAX_LINE_BYTES)
    tail = os.pread(fd, size - start, start)
    return start + tail.rfind(b"\n") + 1 if b"\n" in tail or not start else size
