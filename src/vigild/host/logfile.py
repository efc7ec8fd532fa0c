"""One log file, open for as long as anyone writes to it.

A regular file gets plain unbuffered writes and is rotated. Anything else (a terminal, a pipe, a
socket behind `/dev/stdout`) is never rotated and never blocks the daemon: what it doesn't take at
once waits in a bounded buffer, and `write` tells the writer to hold back until it has been taken.

Trouble (disk full, directory gone) costs the lines written meanwhile and nothing else. It is told
once when it begins and once when it ends, with the number of bytes that were lost.
"""

import asyncio
import errno
import os
import select
import socket
import stat
import time
from collections.abc import Callable

from vigild.core.rotation import cut_at
from vigild.host.flight import NO_MARK, FlightRecorder, Mark

MAX_PENDING_BYTES = 4 << 20  # for a target that does not read; beyond this, bytes are lost and counted
RETRY_OPEN_SECONDS = 1.0
MAX_ROTATIONS_PER_WRITE = 4  # a tiny maxbytes must not turn one read into a thousand renames
PIPE_ATOMIC_BYTES = 4096  # a pipe that polls as writable takes this much without blocking

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK

Report = Callable[[str], None]


class LogFile:
    """One path, written by any number of streams. Use `ChildLogs.open` to share it."""

    __slots__ = (
        "_backups",
        "_device",
        "_failing",
        "_fd",
        "_inode",
        "_is_regular",
        "_lost_now",
        "_max_bytes",
        "_opened_at",
        "_pending",
        "_put",
        "_report",
        "_resumes",
        "_rotate_at",
        "_size",
        "_size_from",
        "_socket",
        "_watched_by",
        "loop",
        "lost_bytes",
        "path",
        "users",
    )

    def __init__(self, path: str, max_bytes: int, backups: int, report: Report) -> None:
        self.path = path
        self.users = 0
        self.lost_bytes = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self._max_bytes = max_bytes
        self._backups = backups
        self._report = report
        self._fd = -1
        self._is_regular = False
        self._device = 0
        self._inode = 0
        self._size = 0
        self._size_from = os.SEEK_END
        self._rotate_at = 0
        self._socket: socket.socket | None = None
        self._put: Callable[[bytes | memoryview], int] = self._put_plain
        self._pending = bytearray()
        self._resumes: tuple[Callable[[], None], ...] = ()
        self._watched_by: asyncio.AbstractEventLoop | None = None
        self._failing: str = ""
        self._lost_now = 0
        self._opened_at = -RETRY_OPEN_SECONDS
        self._open()

    @property
    def is_clogged(self) -> bool:
        """The target takes nothing at the moment; writers should hold back."""
        return bool(self._pending)

    @property
    def trouble(self) -> str:
        """Why it cannot be written at the moment, in words; empty when it can."""
        return self._failing

    def mark(self) -> Mark:
        """Which file this is, and its true length; `NO_MARK` for what is no regular file."""
        if not self._is_regular:
            return NO_MARK
        self._size = os.lseek(self._fd, 0, self._size_from)
        return self._device, self._inode, self._size

    def write(self, data: bytes | memoryview, flight: FlightRecorder | None = None) -> bool:
        """Append `data`. False: it waits to be taken; write no more until `when_free` has called back.

        `flight` has an open batch that was `mark` before; it is told where that no longer holds.
        """
        if not self._is_regular:
            return self._write_special(data, flight)
        try:
            count = os.write(self._fd, data) if self._size + len(data) < self._rotate_at else -1
        except OSError as error:
            self._lose(len(data), error)
            return True
        if count == len(data):
            self._size += count
            if self._failing:
                self._recovered()
            return True
        self._write_slowly(bytes(data), max(count, 0), flight)
        return True

    def when_free(self, resume: Callable[[], None]) -> None:
        """Call `resume` once, when a clogged target has taken everything."""
        self._resumes += (resume,)

    def set_rotation(self, max_bytes: int, backups: int) -> None:
        """Rotate by these limits from now on (the latest configuration that names the file)."""
        self._backups = backups
        if self._is_regular and not _is_device_path(self.path):
            self._max_bytes = max_bytes
            self._rotate_at = max_bytes or 1 << 62

    def reopen_if_replaced(self) -> None:
        """Follow a file that was renamed or removed meanwhile, as a new start of the program promises."""
        if self._is_regular and not _is_device_path(self.path) and not self._is_same_file():
            self.reopen()

    def reopen(self) -> None:
        """Open the path anew: after it was renamed or removed from outside."""
        if self._pending:
            self._drain_pending()
        self._close_target()
        self._open()

    def clear(self) -> None:
        """Empty the file and go on. What is not a regular file stays as it is. Raises OSError."""
        if not self._is_regular or _is_device_path(self.path):
            return
        os.ftruncate(self._fd, 0)
        self._size = 0
        if not self._is_same_file():
            self.reopen()
            if self._is_regular:
                os.ftruncate(self._fd, 0)

    def flush(self) -> bytes:
        """One more try for what waits to be taken; what still waits."""
        if self._pending:
            self._drain_pending()
        return bytes(self._pending)

    def close(self) -> None:
        """Last try for what waits, then let go of the file."""
        if self._pending:
            self._drain_pending()
        self._close_target()

    # -- regular files ---------------------------------------------------------------------------

    def _write_slowly(self, data: bytes, done: int, flight: FlightRecorder | None) -> None:
        """The write that fills the file, was cut short after `done` bytes, or comes while there is trouble."""
        self._size += done
        rotations = 0
        while done < len(data):
            rest = data[done:]
            limit = len(rest)
            if self._max_bytes and rotations < MAX_ROTATIONS_PER_WRITE:
                limit = cut_at(rest, self._rotate_at - self._size)
            if limit:
                try:
                    count = os.write(self._fd, rest[:limit])
                except OSError as error:
                    self._lose(len(rest), error)
                    return
                self._size += count
                done += count
                if count < limit:
                    continue
                if self._failing:
                    self._recovered()
            if self._max_bytes and (done < len(data) or self._size >= self._rotate_at):
                rotations += 1
                # Before: what is in the file that is about to go does not count again if we die meanwhile.
                if flight is not None:
                    flight.progress(done, self.mark())
                self._rotate()
                if flight is not None:
                    flight.progress(done, self.mark())

    def _rotate(self) -> None:
        """`log` becomes `log.1`, that becomes `log.2`, and so on; without backups the file is emptied."""
        try:
            size = os.fstat(self._fd).st_size
            if size < self._size:  # somebody emptied it meanwhile
                self._size = size
                return
            if self._backups <= 0:
                os.ftruncate(self._fd, 0)
                self._size = 0
                return
            # Unlinked, not renamed over: ext4 flushes a file to disk that replaces another by its name.
            _unlink(f"{self.path}.{self._backups}")
            for number in range(self._backups - 1, 0, -1):
                _rename(f"{self.path}.{number}", f"{self.path}.{number + 1}")
            _rename(self.path, f"{self.path}.1")
            fd = os.open(self.path, _FLAGS | os.O_TRUNC, 0o666)
            facts = os.fstat(fd)
        except OSError as error:
            self._rotate_at = self._size + self._max_bytes
            self._report(f"cannot rotate log file {self.path}: {_words(error)}; it goes on growing")
            return
        os.close(self._fd)
        self._fd = fd
        self._device, self._inode = facts.st_dev, facts.st_ino
        self._size = 0
        self._rotate_at = self._max_bytes

    def _is_same_file(self) -> bool:
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._fd))
        except OSError:
            return False

    # -- targets that cannot seek ------------------------------------------------------------------

    def _write_special(self, data: bytes | memoryview, flight: FlightRecorder | None) -> bool:
        if self._fd < 0 and not self._reopen_in_trouble(len(data)):
            return True
        if self._is_regular:
            if flight is not None:
                flight.progress(0, self.mark())
            return self.write(data, flight)
        if self._pending and self._watched_by is None:
            self._drain_pending()
        if not self._pending:
            try:
                count = self._put(data)
            except BlockingIOError:
                count = 0
            except OSError as error:
                self._lose(len(data), error)
                return True
            if self._failing:
                self._recovered()
            if count == len(data):
                return True
            data = data[count:]
        room = self._room_for(data)
        if room < len(data):
            self._lost_now += len(data) - room
            self.lost_bytes += len(data) - room
        self._pending += data[:room]
        self._watch()
        return False

    def _room_for(self, data: bytes | memoryview) -> int:
        """How many bytes of `data` may wait, too: whole lines, so that what is lost tears none in two."""
        room = MAX_PENDING_BYTES - len(self._pending)
        if room >= len(data):
            return len(data)
        after_line = bytes(data[:room]).rfind(b"\n") + 1
        return after_line if after_line or self._pending else room

    def _put_plain(self, data: bytes | memoryview) -> int:
        return os.write(self._fd, data)

    def _put_shared(self, data: bytes | memoryview) -> int:
        """The descriptor's flags are shared with strangers, so it may block: ask first, write little."""
        poller = select.poll()
        poller.register(self._fd, select.POLLOUT)
        count = 0
        while count < len(data) and poller.poll(0):
            count += os.write(self._fd, data[count : count + PIPE_ATOMIC_BYTES])
        return count

    def _put_socket(self, data: bytes | memoryview) -> int:
        assert self._socket is not None
        return self._socket.send(data, socket.MSG_DONTWAIT)

    def _watch(self) -> None:
        if self.loop is not None and self._watched_by is None:
            self._watched_by = self.loop
            self.loop.add_writer(self._fd, self._drain_pending)

    def _unwatch(self) -> None:
        if self._watched_by is not None:
            self._watched_by.remove_writer(self._fd)
            self._watched_by = None

    def _drain_pending(self) -> None:
        try:
            count = self._put(bytes(self._pending))
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(len(self._pending), error)
            count = len(self._pending)
        del self._pending[:count]
        if self._pending:
            return
        self._unwatch()
        resumes, self._resumes = self._resumes, ()
        for resume in resumes:
            resume()

    # -- opening and trouble -----------------------------------------------------------------------

    def _open(self) -> None:
        self._opened_at = time.monotonic()
        try:
            self._fd = self._open_fd()
            facts = os.fstat(self._fd)
        except OSError as error:
            self._lose(0, error)
            return
        self._is_regular = stat.S_ISREG(facts.st_mode)
        self._device, self._inode = facts.st_dev, facts.st_ino
        self._size = facts.st_size
        if not self._is_regular or _is_device_path(self.path):
            self._max_bytes = 0
        self._rotate_at = self._max_bytes or 1 << 62

    def _open_fd(self) -> int:
        self._put = self._put_plain
        self._size_from = os.SEEK_END
        inherited = _inherited_fd(self.path)
        if inherited is not None and stat.S_ISREG(os.fstat(inherited).st_mode):
            self._size_from = os.SEEK_CUR
            return os.dup(inherited)  # `supervisord -n > file`: others write there too, so share the offset
        try:
            return os.open(self.path, _FLAGS, 0o666)
        except OSError:
            if inherited is None:
                raise
        # Not ours to open again: a socket (journald), or a pipe that belongs to another user.
        fd = os.dup(inherited)
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            self._socket = socket.socket(fileno=fd)
            self._put = self._put_socket
        else:
            self._put = self._put_shared
        return fd

    def _close_target(self) -> None:
        self._unwatch()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        elif self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
        self._is_regular = False
        self._pending.clear()
        resumes, self._resumes = self._resumes, ()
        for resume in resumes:
            resume()

    def _reopen_in_trouble(self, count: int) -> bool:
        if time.monotonic() - self._opened_at >= RETRY_OPEN_SECONDS:
            self._open()
        if self._fd >= 0:
            return True
        self._lost_now += count
        self.lost_bytes += count
        return False

    def _lose(self, count: int, error: OSError) -> None:
        self._lost_now += count
        self.lost_bytes += count
        words = _words(error)
        if self._failing != words:
            self._failing = words
            self._report(f"cannot write log file {self.path}: {words}; output is lost until that is mended")
        if error.errno in (errno.EPIPE, errno.EBADF) and not self._is_regular:
            self._close_target()

    def _recovered(self) -> None:
        self._report(f"log file {self.path} can be written again; {self._lost_now} bytes of output were lost")
        self._failing = ""
        self._lost_now = 0


def _words(error: OSError) -> str:
    return error.strerror or str(error)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def _rename(source: str, target: str) -> None:
    try:
        os.rename(source, target)
    except FileNotFoundError:
        pass  # not that many backups yet, or a clean-up script was faster


def _is_device_path(path: str) -> bool:
    return path.startswith(("/dev/", "/proc/"))


def _inherited_fd(path: str) -> int | None:
    """The descriptor that `/dev/stdout` and its like stand for."""
    names = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
    if path in names:
        return names[path]
    for directory in ("/dev/fd/", "/proc/self/fd/"):
        number = path.removeprefix(directory)
        if number != path and number.isdigit():
            return int(number)
    return None
