"""The reading end of the payload's notes: a FIFO, so that waiting costs no polling on a machine with few CPUs."""

import os
import select
import struct
import time
from dataclasses import dataclass
from pathlib import Path

RECORD = struct.Struct("=4q")
MAIN, BEGIN, END = 1, 2, 3


class TimedOutError(Exception):
    """Something did not happen within its time: the text says what."""


@dataclass(frozen=True, slots=True)
class Note:
    kind: int
    pid: int
    at_ns: int
    count: int


class Notes:
    """Reads notes; with `keep_open` an end of file (the last writer has gone) is never seen."""

    def __init__(self, path: Path, keep_open: bool = False) -> None:
        os.mkfifo(path, 0o600)
        self.path = path
        access = os.O_RDWR if keep_open else os.O_RDONLY
        self._fd = os.open(path, access | os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._pending = b""
        self._unread: list[Note] = []

    def close(self) -> None:
        os.close(self._fd)

    def take(self, number: int, kind: int, timeout_seconds: float) -> list[Note]:
        """Wait for `number` notes of `kind` and take them, the oldest first; others stay until they are asked for."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            found = [note for note in self._unread if note.kind == kind][:number]
            if len(found) == number:
                self._unread = [note for note in self._unread if note not in found]
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimedOutError(f"{len(found)} of {number} notes had come after {timeout_seconds:.0f} s")
            if self._poll.poll(left * 1000):
                data = self._read()
                if not data:
                    time.sleep(0.0005)  # no writer yet or any more: the poll would return at once
                self._unread += self._split(data)

    def wait_until_all_gone(self, timeout_seconds: float) -> int:
        """Wait until no program holds the FIFO; return when that was, in monotonic nanoseconds."""
        while self._read():
            pass  # the end of file comes after what has been noted
        hang_up = select.poll()
        hang_up.register(self._fd, 0)
        if not hang_up.poll(timeout_seconds * 1000):
            raise TimedOutError(f"some programs were still alive after {timeout_seconds:.0f} s")
        return time.monotonic_ns()

    def _read(self) -> bytes:
        try:
            return os.read(self._fd, 65536)
        except BlockingIOError:
            return b""

    def _split(self, data: bytes) -> list[Note]:
        data = self._pending + data
        whole = len(data) - len(data) % RECORD.size
        self._pending = data[whole:]
        return [Note(*fields) for fields in RECORD.iter_unpack(data[:whole])]
