"""Reading the output of all children: quickly, fairly, and without a wake-up that isn't needed.

One buffer serves every stream: nothing is allocated for a read, and 256 KiB stay in the cache between
the read and the write. A wake-up of the loop reads at most `WAKEUP_BUDGET_BYTES`; what is ready beyond
that has its turn first in the next one, after the loop has seen to timers, signals and clients.

A child that writes a lot gets a bigger pipe. A flood of tiny writes would wake us for each of them; so
after `STREAK` short reads in quick succession the stream rests for a millisecond and the pipe fills. Streams
with somebody who listens to the data (events, listeners) never rest, and neither does a quiet program.
"""

import asyncio
import fcntl
import os
import sys
import time
from collections import deque
from collections.abc import Callable

from vigild.engine.ports import StreamPlan
from vigild.host.logfile import LogFile
from vigild.host.logfiles import ChildLogs
from vigild.host.pipeline import Pipeline, needs_pipeline
from vigild.host.readiness import open_readiness
from vigild.host.syslog import Syslog

BUFFER_BYTES = 256 << 10
WAKEUP_BUDGET_BYTES = 1 << 20
READY_AT_ONCE = 32
FINISH_DRAIN_BYTES = 4 << 20  # a descendant that goes on flooding must not hold up its parent's end
MAX_ORPHAN_STREAMS = 64  # streams of dead children that a descendant still holds
DEFAULT_PIPE_BYTES = 64 << 10
BUSY_PIPE_BYTES = 1 << 20
BUSY_READS = 2  # full pipes found before one is enlarged
SHORT_READ_BYTES = 8 << 10
QUICK_SECONDS = 0.001
STREAK = 16
TRICKLE_BYTES = 512  # less than this in a rest: the flood is over
REST_SECONDS = 0.001

_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)


class StreamHub:
    """Owner of the buffer and of the set of streams. One for the daemon."""

    def __init__(self, loop: asyncio.AbstractEventLoop, logs: ChildLogs, syslog: Syslog) -> None:
        self.loop = loop
        self.logs = logs
        self.syslog = syslog
        self.buffer = [bytearray(BUFFER_BYTES)]
        self.view = memoryview(self.buffer[0])
        self.streams: dict[int, OutputStream] = {}
        self.orphans: deque[OutputStream] = deque()
        self._due: list[int] = []
        self._readiness = open_readiness()
        self.watch = self._readiness.add
        self.unwatch = self._readiness.remove
        loop.add_reader(self._readiness.fileno(), self._on_ready)

    def open(self, fd: int, fifo: str | None, plan: StreamPlan) -> "OutputStream":
        """Read `fd` (non-blocking) from now on, as `plan` says; remove `fifo` at its end."""
        stream = OutputStream(self, fd, fifo, plan, self.logs.open(plan))
        self.streams[fd] = stream
        self.watch(fd)
        return stream

    def close(self) -> None:
        """Let go of everything, unread output included."""
        self.loop.remove_reader(self._readiness.fileno())
        for stream in list(self.streams.values()):
            stream.close()
        self._readiness.close()

    def adopt_orphan(self, stream: "OutputStream") -> None:
        """A dead child's stream is still held by a descendant: read on, but not for any number of them."""
        self.orphans.append(stream)
        if len(self.orphans) > MAX_ORPHAN_STREAMS:
            self.orphans[0].close()

    def _on_ready(self) -> None:
        due = self._due or self._readiness.ready(READY_AT_ONCE)
        budget = WAKEUP_BUDGET_BYTES
        streams = self.streams
        while due and budget > 0:
            stream = streams.get(due.pop())
            if stream is not None:
                budget -= stream.read()
        self._due = due


class OutputStream:
    """One output stream of one spawn."""

    __slots__ = (
        "_enlarge_tried",
        "_feed",
        "_file",
        "_full_reads",
        "_hub",
        "_is_orphan",
        "_last_read",
        "_may_rest",
        "_pipe_bytes",
        "_pipeline",
        "_streak",
        "fd",
        "fifo",
        "watched",
    )

    def __init__(
        self, hub: StreamHub, fd: int, fifo: str | None, plan: StreamPlan, file: LogFile | None
    ) -> None:
        self.fd = fd
        self.fifo = fifo
        self.watched = True
        self._hub = hub
        self._file = file
        self._pipeline = Pipeline(plan, file, hub.syslog) if needs_pipeline(plan) or file is None else None
        self._feed: Callable[[memoryview], bool] | None = file.write if file is not None else None
        if self._pipeline is not None:
            self._feed = None
        self._may_rest = plan.on_data is None
        self._pipe_bytes = DEFAULT_PIPE_BYTES
        self._enlarge_tried = False
        self._full_reads = 0
        self._last_read = 0.0
        self._streak = 0
        self._is_orphan = False

    def read(self) -> int:
        """Read once and deliver; the number of bytes. At the end of the stream it closes itself."""
        hub = self._hub
        try:
            count = os.readv(self.fd, hub.buffer)
        except BlockingIOError:
            return 0
        except OSError:
            count = 0
        if not count:
            self.close(at_end=True)
            return 0
        if self._feed is not None:
            free = self._feed(hub.view[:count])
        else:
            assert self._pipeline is not None
            free = self._pipeline.feed(bytes(hub.view[:count]))
        if self.fd < 0:
            return count  # a listener to the data has ended the child meanwhile
        if not free:
            self._hold()
        elif count < SHORT_READ_BYTES or self._streak:
            self._after_short(count)
        elif count >= DEFAULT_PIPE_BYTES and not self._enlarge_tried:
            self._full_reads += 1
            if self._full_reads >= BUSY_READS:
                self._enlarge()
        return count

    def finish(self) -> None:
        """The child is dead: deliver what is there. Read on only if a descendant holds the stream."""
        budget = FINISH_DRAIN_BYTES
        while self.fd >= 0 and budget > 0 and not (self._file is not None and self._file.is_clogged):
            count = self.read()
            if not count:
                break
            budget -= count
        if self.fd < 0:
            return
        self._is_orphan = True
        if self._pipeline is not None:
            self._pipeline.muted = True
        self._hub.adopt_orphan(self)

    def close(self, at_end: bool = False) -> None:
        """Deliver what was held back, and let go of the descriptor and the FIFO."""
        if self.fd < 0:
            return
        hub = self._hub
        fd, self.fd = self.fd, -1
        if self.watched:
            self.watched = False
            hub.unwatch(fd)
        hub.streams.pop(fd, None)
        os.close(fd)
        if self.fifo is not None:
            try:
                os.unlink(self.fifo)
            except OSError:
                pass
        if self._pipeline is not None and at_end:
            self._pipeline.flush()
        if self._file is not None:
            hub.logs.release(self._file)
        if self._is_orphan:
            hub.orphans.remove(self)

    def _after_short(self, count: int) -> None:
        """Tiny reads in quick succession: let the pipe fill a little before the next."""
        if self._streak < STREAK:
            now = time.monotonic()
            self._streak = self._streak + 1 if now - self._last_read < QUICK_SECONDS else 0
            self._last_read = now
            return
        if count < TRICKLE_BYTES or not self._may_rest:
            self._streak = 0
            return
        if not self._enlarge_tried:
            self._enlarge()
        if count < self._pipe_bytes // 4:
            self._unwatch()
            self._hub.loop.call_later(REST_SECONDS, self._resume)

    def _enlarge(self) -> None:
        self._enlarge_tried = True
        if sys.platform != "linux":
            return
        try:
            fcntl.fcntl(self.fd, _F_SETPIPE_SZ, BUSY_PIPE_BYTES)
            self._pipe_bytes = BUSY_PIPE_BYTES
        except OSError:
            pass  # over the user's share of pipe memory: works as well, at a smaller size

    def _hold(self) -> None:
        """The log target takes nothing: leave the rest in the pipe until it does."""
        assert self._file is not None
        self._unwatch()
        self._file.when_free(self._resume)

    def _unwatch(self) -> None:
        if self.watched:
            self.watched = False
            self._hub.unwatch(self.fd)

    def _resume(self) -> None:
        if self.fd >= 0 and not self.watched:
            self.watched = True
            self._hub.watch(self.fd)
