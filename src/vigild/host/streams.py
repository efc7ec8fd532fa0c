"""Reading the output of all children: quickly, fairly, and without a wake-up that isn't needed.

One buffer serves every stream: nothing is allocated for a read, and 256 KiB stay in the cache between
the read and the write. A child that writes a lot gets a bigger pipe. When which stream is read: `host.lanes`.

With a runtime directory the buffer is a file in it, the flight recorder, so that what was read outlives the
daemon (`host.flight`). A read that happens inside the delivery of another has a recorder of its own. After a
crash: `adopt` every stream that is still there, then `start`, which writes what the dead daemon had read, and
only then reads on.
"""

import asyncio
import fcntl
import os
import sys
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from vigild.core.frozen import plain
from vigild.engine.ports import Journal, StreamPlan
from vigild.host.flight import BUFFER_BYTES, NO_MARK, Batch, FlightRecorder, Stage, stamp_of
from vigild.host.lanes import Lane
from vigild.host.logfile import LogFile
from vigild.host.logfiles import ChildLogs
from vigild.host.pipeline import Pipeline, needs_pipeline
from vigild.host.salvage import bytes_in_log
from vigild.host.syslog import Syslog

if TYPE_CHECKING:
    from vigild.host.descriptor_store import DescriptorStore

FINISH_DRAIN_BYTES = 4 << 20  # a descendant that goes on flooding must not hold up its parent's end
MAX_ORPHAN_STREAMS = 64  # streams of dead children that a descendant still holds
FULL_READ_BYTES = 32 << 10  # a full pipe of 16 pages may hold this little: a write never straddles pages
BUSY_PIPE_BYTES = 1 << 20
MAX_BUSY_PIPES = 128  # enlarged ones at a time: what waits in them is the kernel's memory
BUSY_READS = 2  # full pipes found before one is enlarged
MAX_RECORDERS = 4  # for reads inside reads; what is read deeper than that does not outlive the daemon
RECORDER_NAME = "flight-"
JOURNAL_KIND = "stream"  # by the name of the FIFO: what its pipeline holds back

_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_F_GETPIPE_SZ = getattr(fcntl, "F_GETPIPE_SZ", 1032)


@plain
class Released:
    """A stream on its way to the next daemon: what `StreamHub.adopt` needs to go on with it."""

    fifo: str | None
    fd: int
    state: bytes


class StreamHub:
    """Owner of the buffer and of all streams. One for the daemon."""

    store: "DescriptorStore | None" = None  # keeps the streams over the daemon's death

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        logs: ChildLogs,
        syslog: Syslog,
        *,
        directory: str | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.logs = logs
        self.syslog = syslog
        self.orphans: deque[OutputStream] = deque()
        self.busy_pipes = 0
        self.unrecorded_reads = 0
        self.salvaged_bytes = 0  # that a dead daemon had read and not written
        self.flight: FlightRecorder | None = None
        self.recorder_problem = ""  # why there is none, though there is a directory
        self._directory = directory
        self._journal = journal
        self._flights: list[FlightRecorder] = []
        self._buffer: bytearray | None = None
        self._left: list[tuple[FlightRecorder, Batch]] = []  # by a dead daemon, until `start` at the latest
        self._adopted: list[OutputStream] = []  # until `start`
        self._is_started = False
        self._bulk = Lane(loop, may_rest=True)
        self._prompt = Lane(loop, may_rest=False)
        if directory is not None:
            self._open_recorders(directory)

    def open(self, fd: int, fifo: str | None, plan: StreamPlan, pid: int = 0) -> "OutputStream":
        """Read `fd` (non-blocking) from now on, as `plan` says; remove `fifo` at its end."""
        stream = self._add(fd, fifo, plan, pid)
        stream.resume()
        return stream

    def adopt(
        self, fifo: str | None, plan: StreamPlan, *, fd: int = -1, state: bytes | None = None, pid: int = 0
    ) -> "OutputStream":
        """Go on with a stream of a daemon that died (`fifo`), or that executed itself anew (`fd` as well).

        Nothing is read before `start`, or before the stream's own `finish`. `state` is what the journal has of
        it, unless given. Raises OSError.
        """
        if fd < 0:
            fd = os.open(fifo or "", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        else:
            os.set_inheritable(fd, False)
        stream = self._add(fd, fifo, plan, pid)
        stream.continue_from(self._kept_state(fifo) if state is None else state)
        if self._is_started:
            stream.resume()
        else:
            self._adopted.append(stream)
        return stream

    def start(self) -> None:
        """All that is to be adopted is: write what a dead daemon had read, then read on."""
        if self._is_started:
            return
        self._is_started = True
        left, self._left = self._left, []
        for flight, batch in left:
            stream = next((stream for stream in self._adopted if stream.fifo == batch.fifo), None)
            self._salvage(flight, batch, stream)
        self._forget_states()
        adopted, self._adopted = self._adopted, []
        for stream in adopted:
            stream.resume()

    def renew_sinks(self, *, drain: bool = False) -> None:
        """What taps want has changed. `drain`: first read what is there for sinks that are closed by this."""
        for lane in (self._bulk, self._prompt):
            for stream in list(lane.streams.values()):
                stream.renew_sink(drain=drain)

    def settle(self, stream: "OutputStream") -> None:
        """Before `stream` is read: deliver what a dead daemon had read of it."""
        for flight, batch in self._left.copy():
            if batch.fifo == stream.fifo:
                self._left.remove((flight, batch))
                self._salvage(flight, batch, stream)

    def release(self) -> list[Released]:
        """Stop reading, and make every stream ready for a daemon that is executed in the place of this one."""
        self._bulk.pause()
        self._prompt.pause()
        released = []
        for stream in [*self._bulk.streams.values(), *self._prompt.streams.values()]:
            os.set_inheritable(stream.fd, True)
            released.append(Released(stream.fifo, stream.fd, stream.state()))
        return released

    def resume(self) -> None:
        """It was not executed: go on after `release`."""
        for lane in (self._bulk, self._prompt):
            for fd in lane.streams:
                os.set_inheritable(fd, False)
            lane.resume()

    def close(self) -> None:
        """Read what is there, and let go of everything."""
        self.start()
        self._bulk.close()
        self._prompt.close()
        for flight in self._flights:
            flight.close()

    def adopt_orphan(self, stream: "OutputStream") -> None:
        """A dead child's stream is still held by a descendant: read on, but not for any number of them."""
        self.orphans.append(stream)
        if len(self.orphans) > MAX_ORPHAN_STREAMS:
            self.orphans[0].close()

    def plain_view(self) -> memoryview:
        """A buffer for reads that no recorder is there for."""
        if self._buffer is None:
            self._buffer = bytearray(BUFFER_BYTES)
        return memoryview(self._buffer)

    def nested_flight(self) -> FlightRecorder | None:
        """A recorder for a read inside a read; None when there are too many inside each other."""
        for flight in self._flights:
            if not flight.is_open:
                return flight
        if self._directory is not None and len(self._flights) < MAX_RECORDERS:
            try:
                flight = FlightRecorder(f"{self._directory}/{RECORDER_NAME}{len(self._flights)}")
            except OSError:
                pass
            else:
                self._flights.append(flight)
                return flight
        self.unrecorded_reads += 1
        return None

    def keep_state(self, fifo: str | None, state: bytes) -> None:
        """In the journal: what the pipeline of this stream holds back, for `adopt`."""
        if self._journal is None or fifo is None:
            return
        if state:
            self._journal.put(JOURNAL_KIND, os.path.basename(fifo), state)
        else:
            self._journal.drop(JOURNAL_KIND, os.path.basename(fifo))

    def renew(self) -> None:
        """Somebody removed the directory with our files: begin anew, between two batches."""
        if self._directory is None or self._left or any(flight.is_open for flight in self._flights):
            return
        for flight in self._flights:
            flight.close()
        self._flights.clear()
        self.flight = None
        self._open_recorders(self._directory)

    def _add(self, fd: int, fifo: str | None, plan: StreamPlan, pid: int) -> "OutputStream":
        lane = self._bulk if plan.on_data is None else self._prompt
        stream = OutputStream(self, lane, fd, fifo, plan, self.logs.open(plan))
        stream.pid = pid
        if plan.tap is not None:
            stream.renew_sink()
        lane.streams[fd] = stream
        return stream

    def _kept_state(self, fifo: str | None) -> bytes:
        if self._journal is None or fifo is None:
            return b""
        return self._journal.entries.get(JOURNAL_KIND, {}).get(os.path.basename(fifo), b"")

    def _forget_states(self) -> None:
        """Drop from the journal what was held back of streams that are no more."""
        if self._journal is None:
            return
        streams = [*self._bulk.streams.values(), *self._prompt.streams.values()]
        known = {os.path.basename(stream.fifo or "") for stream in streams}
        for name in set(self._journal.entries.get(JOURNAL_KIND, {})) - known:
            self._journal.drop(JOURNAL_KIND, name)

    def _open_recorders(self, directory: str) -> None:
        """The one that is always used, and those of reads inside reads that a dead daemon left."""
        for number in range(MAX_RECORDERS):
            path = f"{directory}/{RECORDER_NAME}{number}"
            if number and not os.path.exists(path):
                break
            try:
                flight = FlightRecorder(path)
            except (OSError, ValueError) as error:
                self.recorder_problem = str(error)
                break
            self._flights.append(flight)
            try:
                batch = flight.pending()
            except (OSError, ValueError) as error:  # somebody has been at our files
                self.recorder_problem = str(error)
                flight.done()
            else:
                if batch is not None:
                    self._left.insert(0, (flight, batch))  # a read inside a read came to its end first
        if self._flights:
            self.flight = self._flights[0]

    def _salvage(self, flight: FlightRecorder, batch: Batch, stream: "OutputStream | None") -> None:
        try:
            if stream is not None:
                self.salvaged_bytes += stream.salvage(flight, batch)
            elif batch.log_path:
                # Nothing is left of the stream but this.
                file = self.logs.open(StreamPlan("stdout", batch.log_path))
                if file is not None:
                    self.salvaged_bytes += finish_write(file, flight, batch)
                    self.logs.release(file)
                    if not file.users:
                        self.logs.close_unused(file.path)
        finally:
            flight.done()


def finish_write(file: LogFile, flight: FlightRecorder, batch: Batch) -> int:
    """Write what of `batch` is not in the log yet; the number of bytes."""
    done = bytes_in_log(batch.log_path, batch.mark, batch.data)
    rest = batch.data[done:]
    if rest:
        flight.rebase(batch.offset + done)
        flight.progress(0, file.mark())
        file.write(rest, flight)
    return len(rest)


class OutputStream:
    """One output stream of one spawn."""

    __slots__ = (
        "_file",
        "_full_reads",
        "_hub",
        "_is_enlarged",
        "_is_orphan",
        "_lane",
        "_pipeline",
        "_plan",
        "_retells",
        "_stamp",
        "_watched",
        "fd",
        "fifo",
        "pid",
    )

    def __init__(
        self, hub: StreamHub, lane: Lane, fd: int, fifo: str | None, plan: StreamPlan, file: LogFile | None
    ) -> None:
        self.fd = fd
        self.fifo = fifo
        self.pid = 0  # of the child, as far as anybody wants to know
        if hub.store is not None and fifo is not None:
            hub.store.keep(os.path.basename(fifo), fd)
        self._hub = hub
        self._lane = lane
        self._file = file
        self._plan = plan
        self._pipeline = self._make_pipeline() if needs_pipeline(plan) or file is None else None
        self._stamp = b""  # until it is read: many programs never write
        self._retells = plan.retells
        self._is_enlarged = False
        self._full_reads = 0
        self._watched = False
        self._is_orphan = False

    def _make_stamp(self) -> bytes:
        self._stamp = stamp_of(self.fifo or "", None if self._file is None else self._file.path)
        return self._stamp

    def _make_pipeline(self) -> Pipeline:
        return Pipeline(self._plan, self._file, self._hub.syslog, partial(self._hub.keep_state, self.fifo))

    def renew_sink(self, *, drain: bool = False) -> None:
        """Somebody wants its output, or nobody any more, since its plan's tap was last asked; between two reads."""
        tap, pipeline = self._plan.tap, self._pipeline
        if tap is not None and tap.is_wanted:
            if pipeline is None:
                self._pipeline = pipeline = self._make_pipeline()
                pipeline.muted = self._is_orphan
            if pipeline.sink is None:
                pipeline.sink = tap.open(self.pid)
        elif pipeline is not None and pipeline.sink is not None:
            if drain:
                self.drain()
            sink, pipeline.sink = pipeline.sink, None
            if sink is not None:  # else draining has come to the end of the stream
                sink.close()
            if self._file is not None and not needs_pipeline(self._plan):
                self._pipeline = None

    def read(self) -> int:
        """Read once and deliver; the number of bytes. At the end of the stream it closes itself."""
        hub = self._hub
        flight = hub.flight
        if flight is not None and flight.is_open:
            flight = hub.nested_flight()
        if flight is None:
            return self._deliver(hub.plain_view(), None)
        if self._pipeline is None:
            assert self._file is not None
            view = flight.expect(
                self.fd, self._stamp or self._make_stamp(), Stage.STRAIGHT, self._file.mark()
            )
        else:
            view = flight.expect(self.fd, self._stamp or self._make_stamp(), Stage.READ, NO_MARK)
        try:
            return self._deliver(view, flight)
        finally:
            flight.done()

    def _deliver(self, view: memoryview, flight: FlightRecorder | None) -> int:
        """Read into `view`, in which `flight` has a batch open, and deliver."""
        try:
            count = os.readv(self.fd, (view,))
        except BlockingIOError:
            return 0
        except OSError:
            count = 0
        if not count:
            if flight is not None:
                flight.done()  # closing needs it
            self.close(at_end=True)
            return 0
        self._plan.read_bytes += count
        if count < len(view):
            view = view[:count] if flight is None else flight.cut(count)
        if self._pipeline is None:
            assert self._file is not None
            free = self._file.write(view, flight)
        else:
            free = self._pipeline.feed(bytes(view), flight)
        if self.fd < 0:
            return count  # a listener to the data has ended the child meanwhile
        if not free:
            self._hold()
        elif count >= FULL_READ_BYTES and self._full_reads <= BUSY_READS:
            self._after_full_read()
        return count

    def continue_from(self, state: bytes) -> None:
        """Another daemon has read this stream until now."""
        if self._pipeline is not None:
            self._pipeline.restore(state)
        if sys.platform == "linux":
            try:
                self._is_enlarged = fcntl.fcntl(self.fd, _F_GETPIPE_SZ) >= BUSY_PIPE_BYTES
            except OSError:
                pass
            self._hub.busy_pipes += self._is_enlarged

    def state(self) -> bytes:
        """What its pipeline holds back."""
        return b"" if self._pipeline is None else self._pipeline.state()

    def salvage(self, flight: FlightRecorder, batch: Batch) -> int:
        """Deliver what is missing of a batch that a dead daemon had read; the number of bytes."""
        if batch.stage is Stage.READ and self._pipeline is not None:
            was_muted = self._pipeline.muted
            self._pipeline.muted = was_muted or not self._retells
            self._pipeline.feed(batch.data, flight)
            self._pipeline.muted = was_muted
            return len(batch.data)
        if batch.stage is Stage.WRITE_OUTPUT and self._pipeline is not None:
            self._pipeline.restore(batch.state)
            self._hub.keep_state(self.fifo, batch.state)
        return 0 if self._file is None else finish_write(self._file, flight, batch)

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
        self._hub.settle(self)
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
        if self._pipeline is not None:
            if at_end:
                self._flush(self._pipeline)
            self._pipeline.keep(b"")
            if self._pipeline.sink is not None:
                self._pipeline.sink.close()
                self._pipeline.sink = None
        if (
            self.fifo is not None
        ):  # not before what was held back is written: the next daemon asks for it by this name
            try:
                os.unlink(self.fifo)
            except OSError:
                pass
        if self._is_enlarged:
            hub.busy_pipes -= 1
        if self._file is not None:
            hub.logs.release(self._file)
        if self._is_orphan:
            hub.orphans.remove(self)
        if hub.store is not None and self.fifo is not None:
            hub.store.forget(os.path.basename(self.fifo))

    def _flush(self, pipeline: Pipeline) -> None:
        hub = self._hub
        flight = hub.flight
        if flight is not None and flight.is_open:
            flight = hub.nested_flight()
        if flight is None or not pipeline.state():
            pipeline.flush()
            return
        flight.expect_nothing(self._stamp or self._make_stamp())
        try:
            pipeline.flush(flight)
        finally:
            flight.done()

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
            self.resume()

    def _hold(self) -> None:
        """The log target takes nothing: leave the rest in the pipe until it does."""
        assert self._file is not None
        if self._watched:
            self._watched = False
            self._lane.unwatch(self.fd)
        self._file.when_free(self.resume)

    def resume(self) -> None:
        """Be watched."""
        if self.fd >= 0 and not self._watched:
            self._watched = True
            self._lane.watch(self.fd)
