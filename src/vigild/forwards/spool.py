"""What receivers have not taken when a forwarder ends, in a file for the next.

Each forwarder has a file of its own beside the others', `BASE-TIME.spool`, empty and locked as long as it lives: it is
written only at the end. Who comes later waits for the lock, so that nothing is taken before it is all there, takes what is
in the file, and removes it: nobody else finds anything there then. So two that live at the same time (one still delivers
after an upgrade, one has begun) never both have the same lines, and one that is killed leaves an empty file.

It outlasts processes, and machines that are shut down in good order: it is not synced to the disk.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from vigild.core.output_lines import Block
from vigild.wire.forward_spool import (
    FIRST_LINE,
    Spooled,
    decode_spool,
    encode_block,
    encode_end,
    encode_loss,
)

MAX_BYTES = 256 << 20  # of one file, whatever the buffers are
SUFFIX = ".spool"
SET_ASIDE = ".unreadable"  # behind BASE: the last file that was of no use

Loss = tuple[int, int]  # lines, and their bytes


class Spool:
    """Our own file. `base`: its path without the time. Raises OSError where there can be none."""

    def __init__(self, base: str) -> None:
        self._base = base
        directory = os.path.dirname(base)
        os.makedirs(os.path.dirname(directory) or "/", exist_ok=True)
        try:
            os.mkdir(directory, 0o700)
        except FileExistsError:
            pass
        self.path, self._fd = _create(base)
        self._size = 0
        self._is_full = False

    def others(self) -> list[str]:
        """The files of other forwarders, the oldest first; some of these may live. Raises OSError."""
        return [path for path in spools(self._base) if path != self.path]

    def write(self, waiting: Mapping[str, Sequence[Block]]) -> dict[str, Loss]:
        """Keep what waits, by forward; what there was no room for: the newest lines of each. Once, before `close`."""
        lost: dict[str, Loss] = {}
        self._put(FIRST_LINE)
        for name, blocks in waiting.items():
            for index, block in enumerate(blocks):
                if not self._put(encode_block(name, block), MAX_BYTES):
                    rest = blocks[index:]
                    lost[name] = (sum(one.lines for one in rest), sum(one.size for one in rest))
                    break
        self._is_full = False  # for these there is room in what was cut off
        for name, (lines, size) in lost.items():
            self._put(encode_loss(name, lines, size))
        self._put(encode_end())
        return lost

    def close(self) -> None:
        """Let go of the file: the next forwarder may have what is in it. One with nothing in it is removed."""
        if not self._size:
            try:
                os.unlink(self.path)
            except OSError:
                pass
        os.close(self._fd)

    def _put(self, record: bytes, most: int = 2 * MAX_BYTES) -> bool:
        """All of it or nothing; and nothing any more after what had no room."""
        if self._is_full:
            return False
        try:
            if self._size + len(record) > most:
                raise OSError(errno.EFBIG, "")
            data = memoryview(record)
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            self._is_full = True
            os.ftruncate(self._fd, self._size)
            os.lseek(self._fd, self._size, os.SEEK_SET)
            return False
        self._size += len(record)
        return True


class Left:
    """A file that another forwarder left, locked: `with Left.at(path, waits=True) as left`."""

    def __init__(self, path: str, fd: int) -> None:
        self.path = path
        self._fd = fd

    @classmethod
    def at(cls, path: str, *, waits: bool) -> "Left | None":
        """None where there is none any more. Raises BlockingIOError while its owner lives, unless that is waited for."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise OSError(errno.EINVAL, "it is no file")
            if _is_at(path, fd):
                return cls(path, fd)
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # another one has taken it meanwhile
        return None

    def read(self, arrived: float) -> Spooled:
        """What is in it; nothing where its owner was killed. Raises OSError."""
        with open(self._fd, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES)
        return decode_spool(data, arrived) if data else Spooled()

    def remove(self) -> None:
        """It has been taken. Raises OSError."""
        os.unlink(self.path)

    def set_aside(self) -> str:
        """Keep it under another name, in place of the last that was set aside; that name. Raises OSError."""
        aside = self.path.removesuffix(SUFFIX).rpartition("-")[0] + SET_ASIDE
        os.rename(self.path, aside)
        return aside

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)


def spools(base: str) -> list[str]:
    """All such files, the oldest first. Raises OSError."""
    directory, prefix = os.path.split(base)
    found = []
    for name in sorted(os.listdir(directory)):
        number = name.removeprefix(f"{prefix}-").removesuffix(SUFFIX)
        if name == f"{prefix}-{number}{SUFFIX}" and number.isdigit():
            found.append(os.path.join(directory, name))
    return found


def _create(base: str) -> tuple[str, int]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        path = f"{base}-{time.time_ns():019d}{SUFFIX}"
        try:
            fd = os.open(path, flags, 0o600)
        except FileExistsError:
            continue
        fcntl.flock(fd, fcntl.LOCK_EX)
        if _is_at(path, fd):
            return path, fd
        os.close(fd)  # it was taken for one that a dead forwarder left, between the two calls


def _is_at(path: str, fd: int) -> bool:
    try:
        found = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    ours = os.fstat(fd)
    return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)
