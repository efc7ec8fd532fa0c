"""Reading and clearing logs: the main log's and those of processes. Everything is bytes here."""

import errno
import os
import stat
from io import FileIO

from vigild.control.facade import StatusStruct
from vigild.control.lookup import find_process, those_within
from vigild.core.errors import Fault, VigilError
from vigild.engine.engine import Engine

# A client that asks for "the rest" of a log gets at most this much of it at a time.
MAX_READ_BYTES = 64 << 20


def open_log(path: str) -> FileIO:
    """For reading, without a buffer. Raises OSError, also for a symbolic link that somebody else made.

    Who may write to the directory of a log can put a link in its place, and a daemon that is root would show anything.
    A link of root's, or of the daemon's own user, in a directory of theirs is theirs to make.
    """
    return FileIO(path, opener=_open_without_strangers)


def _open_without_strangers(path: str, flags: int) -> int:
    flags |= os.O_NONBLOCK | os.O_NOCTTY
    try:
        return os.open(path, flags | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno != errno.ELOOP or not _is_ours(path):
            raise
    return os.open(path, flags)


def _is_ours(path: str) -> bool:
    directory, link = os.stat(os.path.dirname(path) or "."), os.lstat(path)
    ours = (0, os.geteuid())
    others_may_write = directory.st_mode & 0o022 and not directory.st_mode & stat.S_ISVTX
    return link.st_uid in ours and directory.st_uid in ours and not others_may_write


def read_part(path: str | None, offset: int, length: int) -> bytes:
    """Supervisor's rules: a negative offset counts from the end (length must be 0); length 0 means the rest.

    NO_FILE, BAD_ARGUMENTS, FAILED.
    """
    if path is None or not os.path.exists(path):
        raise VigilError(Fault.NO_FILE, path)
    if length < 0 or (offset < 0 and length):
        raise VigilError(Fault.BAD_ARGUMENTS)
    try:
        with open_log(path) as file:
            if offset < 0:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size + offset))
                length = -offset
            else:
                file.seek(offset)
            return _read(file.fileno(), min(length or MAX_READ_BYTES, MAX_READ_BYTES))
    except OSError:
        raise VigilError(Fault.FAILED) from None


def tail_part(path: str | None, offset: int, length: int) -> tuple[bytes, int, bool]:
    """The last `length` bytes if more than that came since `offset`, else what came: `(data, size, overflow)`."""
    if path is None or not os.path.exists(path):
        return b"", 0, False
    try:
        with open_log(path) as file:
            size = file.seek(0, os.SEEK_END)
            overflow = size > offset + length
            if overflow:
                offset = size - 1
            if offset + length > size:
                if offset > size - 1:
                    length = 0
                offset = size - length
            file.seek(max(0, offset))
            data = _read(file.fileno(), min(length, MAX_READ_BYTES)) if length > 0 else b""
            return data, size, overflow
    except OSError:
        return b"", offset, False


def _read(descriptor: int, length: int) -> bytes:
    pieces = []
    while length > 0 and (piece := os.read(descriptor, min(length, 1 << 20))):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


class Logs:
    """See `control.facade.LogControl`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _path(self, name: str, channel: str) -> str | None:
        process = find_process(self._engine, name)
        return process.stdout_logfile if channel == "stdout" else process.stderr_logfile

    def read(self, name: str, offset: int, length: int, channel: str) -> bytes:
        """Part of a log. BAD_NAME, NO_FILE, BAD_ARGUMENTS, FAILED."""
        return read_part(self._path(name, channel), offset, length)

    def tail(self, name: str, offset: int, length: int, channel: str) -> tuple[bytes, int, bool]:
        """What came since `offset`. BAD_NAME."""
        return tail_part(self._path(name, channel), offset, length)

    def path(self, name: str, channel: str) -> str | None:
        """The file, if there is one. BAD_NAME."""
        path = self._path(name, channel)
        return path if path is not None and os.path.exists(path) else None

    def clear(self, name: str) -> None:
        """Empty both logs of a process. BAD_NAME, FAILED."""
        process = find_process(self._engine, name)
        for path in (process.stdout_logfile, process.stderr_logfile):
            if path is None:
                continue
            try:
                self._engine.ports.logs.clear(path)
            except OSError:
                raise VigilError(Fault.FAILED, name) from None

    def clear_all(self) -> list[StatusStruct]:
        """Empty all logs."""
        results: list[StatusStruct] = []
        for process in those_within(self._engine.all_processes()):
            status: StatusStruct = {"name": process.config.name, "group": process.group_name}
            try:
                self.clear(process.namespec)
            except VigilError as error:
                results.append({**status, "status": int(error.fault), "description": str(error)})
            else:
                results.append({**status, "status": int(Fault.SUCCESS), "description": "OK"})
        return results
