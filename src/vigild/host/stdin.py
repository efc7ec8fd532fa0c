"""Writing to a child's stdin: opened when first needed, never waiting, never without a limit."""

import asyncio
import errno
import fcntl
import os

MAX_QUEUED_BYTES = 8 << 20
USUAL_PIPE_BYTES = 64 << 10

_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)


class StdinWriter:
    """The daemon's end of one child's stdin.

    With a FIFO the write end is opened at the first write, so that a child nobody talks to costs no
    descriptor; with a plain pipe it is there from the start.
    """

    __slots__ = ("_fd", "_fifo", "_loop", "_open_ones", "_queue", "_watched", "name", "queued_dropped_bytes")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        fifo: str | None,
        fd: int = -1,
        *,
        name: str = "",
        open_ones: "set[StdinWriter] | None" = None,
    ) -> None:
        self.name = name
        self._loop = loop
        self._fifo = fifo
        self._fd = fd
        self._queue = bytearray()
        self._watched = False
        self._open_ones = open_ones if open_ones is not None else set()
        self.queued_dropped_bytes = 0
        if fd >= 0:
            self._open_ones.add(self)

    def describe(self) -> tuple[str, int, bytes]:
        """Name, descriptor and what waits to be written: for the daemon's next image."""
        return self.name, self._fd, bytes(self._queue)

    def write(self, data: bytes) -> None:
        """Send or queue all of `data`. Raises BrokenPipeError when it cannot reach a reader."""
        if self._fd < 0:
            self._open()
        if len(self._queue) + len(data) > MAX_QUEUED_BYTES:
            self.queued_dropped_bytes += len(data)
            raise BrokenPipeError(errno.EPIPE, "the process reads too slowly: its stdin queue is full")
        self._queue += data
        if not self._watched:
            self._send()

    def mark(self, room_bytes: int) -> None:
        """Let the FIFO look as if nobody had ever written to it, until somebody does. Raises OSError.

        With room for so much, as far as the kernel grants it: what goes in with a single write is there whole
        or not at all, whenever this process dies.
        """
        if self._fifo is None:
            return
        if self._fd < 0:
            self._open()
        os.utime(self._fd, ns=(0, 0))
        if room_bytes > USUAL_PIPE_BYTES:
            try:
                fcntl.fcntl(self._fd, _F_SETPIPE_SZ, room_bytes)
            except OSError:
                pass  # over the user's share of pipe memory, or something larger is in it

    def was_written(self) -> bool | None:
        """Since `mark`, by whatever daemon. None where that cannot be known."""
        if self._fifo is None:
            return None
        try:
            facts = os.stat(self._fifo)
            # Who may not do this now could not mark it then: root without its powers, for a child of another user.
            os.utime(self._fifo, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        except OSError:
            return None
        return facts.st_mtime_ns != 0

    def close(self) -> None:
        """The child is gone, and what it did not read with it."""
        self._drop()
        if self._fifo is not None:
            try:
                os.unlink(self._fifo)
            except OSError:
                pass
            self._fifo = None

    def _open(self) -> None:
        if self._fifo is None:
            raise BrokenPipeError(errno.EPIPE, "the process has no stdin to write to")
        try:
            self._fd = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:  # ENXIO: nobody has it open for reading
            raise BrokenPipeError(errno.EPIPE, "nobody reads the process's stdin") from error
        self._open_ones.add(self)

    def _send(self) -> None:
        try:
            count = os.write(self._fd, self._queue)
        except BlockingIOError:
            count = 0
        except OSError as error:
            self.queued_dropped_bytes += len(self._queue)
            self._drop()
            raise BrokenPipeError(errno.EPIPE, "nobody reads the process's stdin any more") from error
        del self._queue[:count]
        if bool(self._queue) != self._watched:
            self._watched = bool(self._queue)
            if self._watched:
                self._loop.add_writer(self._fd, self._on_writable)
            else:
                self._loop.remove_writer(self._fd)

    def _on_writable(self) -> None:
        try:
            self._send()
        except BrokenPipeError:
            pass  # counted; the next write() tells its caller

    def _drop(self) -> None:
        if self._watched:
            self._watched = False
            self._loop.remove_writer(self._fd)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self._open_ones.discard(self)
        self._queue.clear()
