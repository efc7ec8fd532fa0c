"""Reading the output of all children: quickly, fairly, and without a wake-up that isn't needed.

One buffer serves every stream: nothing is allocated for a read, and 256 KiB stay in the cache between
the read and the write. A wake-up of the loop reads about `WAKEUP_BUDGET_BYTES` at most; what is ready
beyond that has its turn first in the next one, after the loop has seen to timers, signals and clients.

A child that writes a lot gets a bigger pipe. Many small writes, of one child or of hundreds, would wake
us for each of them; so after a streak of small wake-ups in quick succession the bulk lane rests for a
millisecond, or four where many programs write a little each, and then reads what has come. A single
program that floods with small writes is not even watched meanwhile (`leave_set`). Streams with somebody who listens to the data (events, the listener protocol) are in the prompt lane, which never rests;
quiet programs never cause a rest.
"""

import asyncio
import fcntl
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.engine.ports import StreamPlan
from vigild.host.logfile import LogFile
from vigild.host.logfiles import ChildLogs
from vigild.host.pipeline import Pipeline, needs_pipeline
from vigild.host.readiness import open_readiness
from vigild.host.syslog import Syslog

if TYPE_CHECKING:
    from vigild.host.descriptor_store import DescriptorStore

BUFFER_BYTES = 256 << 10
WAKEUP_BUDGET_BYTES = 1 << 20
READY_AT_ONCE = 32
FINISH_DRAIN_BYTES = 4 << 20  # a descendant that goes on flooding must not hold up its parent's end
MAX_ORPHAN_STREAMS = 64  # streams of dead children that a descendant still holds
FULL_READ_BYTES = 32 << 10  # a full pipe of 16 pages may hold this little: a write never straddles pages
BUSY_PIPE_BYTES = 1 << 20
MAX_BUSY_PIPES = 128  # enlarged ones at a time: what waits in them is the kernel's memory
BUSY_READS = 2  # full pipes found before one is enlarged
SMALL_WAKEUP_BYTES = FULL_READ_BYTES
QUICK_SECONDS = 0.001
STREAK = 16
MAX_STREAK = 32
REST_SECONDS = 0.001
REST_OF_MANY_SECONDS = 0.004
TRICKLE_BYTES = 512  # a rest that brings less than this, from a single stream, was for nothing

_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)


class Lane:
    """Streams that are woken for together."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, may_rest: bool) -> None:
        self.streams: dict[int, OutputStream] = {}
        self._loop = loop
        self._readiness = open_readiness()
        self.watch = self._readiness.add
        self.unwatch = self._readiness.remove
        self._may_rest = may_rest
        self._due: list[int] = []
        self._streak = 0
        self._last_wakeup = 0.0
        self._rested = False
        self._rest: asyncio.TimerHandle | None = None
        self._watching = False
        self._flood: OutputStream | None = None
        self._watch_again()

    def close(self) -> None:
        """Read what is there, and let go of everything."""
        if self._rest is not None:
            self._rest.cancel()
        if self._watching:
            self._loop.remove_reader(self._readiness.fileno())
        for stream in list(self.streams.values()):
            stream.drain()
            stream.close()
        self._readiness.close()

    def stay_awake(self) -> None:
        """A pipe was full, and a rest would make its writer wait."""
        self._streak = 0

    def _on_ready(self) -> None:
        due = self._due or self._readiness.ready(READY_AT_ONCE)
        budget = WAKEUP_BUDGET_BYTES
        count = len(due)
        streams = self.streams
        stream = None
        while due and budget > 0:
            stream = streams.get(due.pop())
            if stream is not None:
                budget -= stream.read()
        self._due = due
        spent = WAKEUP_BUDGET_BYTES - budget
        if self._flood is not None and self._read_flood(self._flood):
            self._take_rest(REST_SECONDS)
        elif spent < SMALL_WAKEUP_BYTES and self._may_rest:
            self._after_small_wakeup(count, spent, stream)
        if self._rest is None and not self._watching:
            self._watch_again()

    def _after_small_wakeup(self, count: int, spent: int, last: "OutputStream | None") -> None:
        worthwhile = count > 1 or spent >= TRICKLE_BYTES
        now = time.monotonic()
        if self._rested:
            self._rested = False
            self._streak = min(self._streak + 1, MAX_STREAK) if worthwhile else self._streak - 4
        elif now - self._last_wakeup < QUICK_SECONDS:
            self._streak += 1
        else:
            self._streak = 0
        self._last_wakeup = now
        if self._streak >= STREAK:
            self._rested = True
            self._take_rest(REST_OF_MANY_SECONDS if count > 1 else REST_SECONDS)
            if count == 1 and spent >= TRICKLE_BYTES and last is not None and last.leave_set():
                self._flood = last

    def _read_flood(self, stream: "OutputStream") -> bool:
        """Read what one flooding program wrote during a rest. False: the flood is over, or too much for rests."""
        total = 0
        while stream.fd >= 0 and total < BUSY_PIPE_BYTES:
            count = stream.read()
            total += count
            if count < BUFFER_BYTES:
                break
        if TRICKLE_BYTES <= total < BUSY_PIPE_BYTES and stream.can_read_on:
            return True
        self._flood = None
        stream.rejoin_set()
        self._streak = 0
        return False

    def _take_rest(self, seconds: float) -> None:
        if self._watching:
            self._watching = False
            self._loop.remove_reader(self._readiness.fileno())
        self._rest = self._loop.call_later(seconds, self._end_rest)

    def _end_rest(self) -> None:
        # One rest mostly follows another: reading at once saves a turn of the loop and two changes of its set.
        self._rest = None
        self._on_ready()

    def _watch_again(self) -> None:
        self._watching = True
        self._loop.add_reader(self._readiness.fileno(), self._on_ready)


class StreamHub:
    """Owner of the buffer and of all streams. One for the daemon."""

    store: "DescriptorStore | None" = None  # keeps the streams over the daemon's death

    def __init__(self, loop: asyncio.AbstractEventLoop, logs: ChildLogs, syslog: Syslog) -> None:
        self.logs = logs
        self.syslog = syslog
        self.buffer = [bytearray(BUFFER_BYTES)]
        self.view = memoryview(self.buffer[0])
        self.orphans: deque[OutputStream] = deque()
        self.busy_pipes = 0
        self._bulk = Lane(loop, may_rest=True)
        self._prompt = Lane(loop, may_rest=False)

    def open(self, fd: int, fifo: str | None, plan: StreamPlan) -> "OutputStream":
        """Read `fd` (non-blocking) from now on, as `plan` says; remove `fifo` at its end."""
        lane = self._bulk if plan.on_data is None else self._prompt
        stream = OutputStream(self, lane, fd, fifo, plan, self.logs.open(plan))
        lane.streams[fd] = stream
        lane.watch(fd)
        return stream

    def close(self) -> None:
        """Read what is there, and let go of everything."""
        self._bulk.close()
        self._prompt.close()

    def adopt_orphan(self, stream: "OutputStream") -> None:
        """A dead child's stream is still held by a descendant: read on, but not for any number of them."""
        self.orphans.append(stream)
        if len(self.orphans) > MAX_ORPHAN_STREAMS:
            self.orphans[0].close()


class OutputStream:
    """One output stream of one spawn."""

    __slots__ = (
        "_feed",
        "_file",
        "_full_reads",
        "_hub",
        "_is_enlarged",
        "_is_orphan",
        "_lane",
        "_pipeline",
        "_watched",
        "fd",
        "fifo",
    )

    def __init__(
        self, hub: StreamHub, lane: Lane, fd: int, fifo: str | None, plan: StreamPlan, file: LogFile | None
    ) -> None:
        self.fd = fd
        self.fifo = fifo
        if hub.store is not None and fifo is not None:
            hub.store.keep(os.path.basename(fifo), fd)
        self._hub = hub
        self._lane = lane
        self._file = file
        self._pipeline = Pipeline(plan, file, hub.syslog) if needs_pipeline(plan) or file is None else None
        self._feed: Callable[[memoryview], bool] | None = None
        if self._pipeline is None and file is not None:
            self._feed = file.write
        self._is_enlarged = False
        self._full_reads = 0
        self._watched = True
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
        elif count >= FULL_READ_BYTES and self._full_reads <= BUSY_READS:
            self._after_full_read()
        return count

    def mark(self) -> None:
        """Let the FIFO look as if the child had never written, until it does. Raises OSError."""
        if self.fifo is not None:
            os.utime(self.fd, ns=(0, 0))

    def was_read_out(self) -> bool:
        """Did the child write since `mark`, and has all of that been read?"""
        if self.fifo is None or not os.fstat(self.fd).st_mtime_ns:
            return False
        import termios

        return not any(fcntl.ioctl(self.fd, termios.FIONREAD, bytes(4)))

    def finish(self) -> None:
        """The child is dead: deliver what is there. Read on only if a descendant holds the stream."""
        self.drain()
        if self.fd < 0:
            return
        self._is_orphan = True
        if self._pipeline is not None:
            self._pipeline.muted = True
        self._hub.adopt_orphan(self)

    def drain(self) -> None:
        """Deliver what is there, up to a limit and as far as the log takes it."""
        budget = FINISH_DRAIN_BYTES
        while budget > 0 and self.can_read_on:
            count = self.read()
            if not count:
                break
            budget -= count

    def close(self, at_end: bool = False) -> None:
        """Deliver what was held back, and let go of the descriptor and the FIFO."""
        if self.fd < 0:
            return
        hub = self._hub
        fd, self.fd = self.fd, -1
        if self._watched:
            self._watched = False
            self._lane.unwatch(fd)
        self._lane.streams.pop(fd, None)
        os.close(fd)
        if self.fifo is not None:
            try:
                os.unlink(self.fifo)
            except OSError:
                pass
        if self._pipeline is not None and at_end:
            self._pipeline.flush()
        if self._is_enlarged:
            hub.busy_pipes -= 1
        if self._file is not None:
            hub.logs.release(self._file)
        if self._is_orphan:
            hub.orphans.remove(self)
        if hub.store is not None and self.fifo is not None:
            hub.store.forget(os.path.basename(self.fifo))

    def _after_full_read(self) -> None:
        self._full_reads += 1
        if self._full_reads < BUSY_READS:
            return
        if self._enlarge():
            self._full_reads = BUSY_READS + 1  # never come here again
        else:
            self._full_reads = BUSY_READS - 1
            self._lane.stay_awake()

    def _enlarge(self) -> bool:
        if self._is_enlarged or sys.platform != "linux" or self._hub.busy_pipes >= MAX_BUSY_PIPES:
            return False
        try:
            fcntl.fcntl(self.fd, _F_SETPIPE_SZ, BUSY_PIPE_BYTES)
        except OSError:
            return False  # over the user's share of pipe memory: works as well, at a smaller size
        self._is_enlarged = True
        self._hub.busy_pipes += 1
        return True

    @property
    def can_read_on(self) -> bool:
        """Open, and its log takes more."""
        return self.fd >= 0 and not (self._file is not None and self._file.is_clogged)

    def leave_set(self) -> bool:
        """Be read at the end of each rest instead of being watched. False: it needs to be watched.

        A watched pipe calls the kernel's poll machinery at every write, and a program that writes a
        hundred bytes at a time then spends a third of its time there.
        """
        if not self._watched or not self.can_read_on or not (self._is_enlarged or self._enlarge()):
            return False
        self._watched = False
        self._lane.unwatch(self.fd)
        return True

    def rejoin_set(self) -> None:
        """Be watched again, unless it has ended or its log will say when."""
        if self.can_read_on:
            self._resume()

    def _hold(self) -> None:
        """The log target takes nothing: leave the rest in the pipe until it does."""
        assert self._file is not None
        if self._watched:
            self._watched = False
            self._lane.unwatch(self.fd)
        self._file.when_free(self._resume)

    def _resume(self) -> None:
        if self.fd >= 0 and not self._watched:
            self._watched = True
            self._lane.watch(self.fd)
