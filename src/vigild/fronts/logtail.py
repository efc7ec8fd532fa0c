"""`GET /mainlogtail` and `GET /logtail/NAME[/stdout|/stderr]`: the end of a log, and what is added to it.

A log is followed by looking at it ten times a second, as Supervisor does, but only while somebody reads.
"""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from io import FileIO

from vigild.control.facade import Control
from vigild.control.logs import open_log
from vigild.core.errors import NotAllowedError, VigilError
from vigild.fronts.serving.messages import Handler, Request, Response, error_response, http_date

HEAD_BYTES = 1024  # of the log as it is, to begin with
POLL_SECONDS = 0.1
PIECE_BYTES = 64 * 1024
TRUNCATED = b"==> File truncated <==\n"
_CHANNELS = ("stdout", "stderr")


def make_main_log_handler(control: Control) -> Handler:
    """Follows the daemon's own log."""

    async def handle(request: Request) -> Response:
        if request.method != "GET":
            return error_response(400)
        if request.caller.programs:
            return error_response(403, "this token is for some programs only")
        return _follow_response(control.daemon.log_path(), ())

    return handle


def make_process_log_handler(control: Control) -> Handler:
    """Follows the log of a process."""

    async def handle(request: Request) -> Response:
        if request.method != "GET":
            return error_response(400)
        # /logtail/NAME or /logtail/NAME/CHANNEL
        name, _, channel = request.path.lstrip("/").partition("/")[2].partition("/")
        channel = channel or "stdout"
        try:
            path = control.logs.path(name, channel) if channel in _CHANNELS else None
        except NotAllowedError as error:
            return error_response(403, str(error.detail))
        except VigilError:
            path = None
        # Tells a reverse proxy such as nginx to pass the pieces on as they come.
        return _follow_response(path, (("X-Accel-Buffering", "no"),))

    return handle


def _follow_response(path: str | None, headers: tuple[tuple[str, str], ...]) -> Response:
    try:
        file = _open(path) if path is not None else None
    except OSError:
        file = None
    if path is None or file is None:
        return error_response(404)  # no such process, or no log file yet
    modified = http_date(os.fstat(file.fileno()).st_mtime)
    head = (("Last-Modified", modified), ("Content-Type", "text/plain;charset=utf-8"), *headers)
    return Response(200, head, _Follower(path, file))


def _open(path: str) -> FileIO | None:
    """The file, or None for what cannot be followed (a device, a FIFO). Raises OSError."""
    file = open_log(path)
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    return None


class _Follower:
    """What is written to the file of that name, across rotation, for ever."""

    def __init__(self, path: str, file: FileIO) -> None:
        self._path = path
        self._file = file
        self._offset = max(0, os.fstat(file.fileno()).st_size - HEAD_BYTES)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            piece = self._next_piece()
            if piece:
                return piece
            await asyncio.sleep(POLL_SECONDS)

    async def aclose(self) -> None:
        """Close the file."""
        self._file.close()

    def _next_piece(self) -> bytes:
        size = os.fstat(self._file.fileno()).st_size
        if size < self._offset:
            self._offset = 0
            return TRUNCATED
        if size > self._offset:
            piece = os.pread(self._file.fileno(), min(size - self._offset, PIECE_BYTES), self._offset)
            self._offset += len(piece)
            return piece
        self._follow_rotation()
        return b""

    def _follow_rotation(self) -> None:
        # Only after the old file was read to its end: nothing is lost between the two.
        try:
            there = os.stat(self._path)
            here = os.fstat(self._file.fileno())
            if (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev):
                return
            file = _open(self._path)
        except OSError:
            return  # between the renaming and the new file
        if file is not None:
            self._file.close()
            self._file, self._offset = file, 0
