"""What streams carry, on its way to the forwarder: at once where that takes it, else in a queue with a bound.

The forwarder (`python -m vigild.forwards`) is a worker: it is told which streams are open, and given what they carry in
pieces, a line of JSON with so many raw bytes after it. It may be slow, be stopped, or be dead: then pieces wait here, and
where there are too many the new ones are dropped whole, and counted. Nobody who writes waits for any of that. One that dies
takes along what it had; the next is told of every open stream anew, and given what waits here. So is one that has been
stopped for so long that what it was told of streams had no room any more.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from vigild.engine.ports import Clock, StreamWorker

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess

MAX_QUEUED_BYTES = 4 << 20
PIECE_COST_BYTES = 256  # what a piece takes besides its data
MAX_PIECE_BYTES = 256 << 10

Names = tuple[str, ...]


class ForwardTap:
    """The `Tap` port: which forwards want one channel of one process. `names` may change at any time."""

    __slots__ = ("_outlet", "channel", "group", "name", "names", "namespec")

    def __init__(self, outlet: "Outlet", process: "ManagedProcess", channel: str, names: Names) -> None:
        self._outlet = outlet
        self.namespec = process.namespec
        self.group = process.group_name
        self.name = process.config.name
        self.channel = channel
        self.names = names

    @property
    def is_wanted(self) -> bool:
        """Does any forward want it?"""
        return bool(self.names)

    def open(self, pid: int) -> "ForwardSink":
        """For a stream of this process."""
        return self._outlet.open(self, pid)


class ForwardSink:
    """The `Sink` port: one open stream."""

    __slots__ = ("_outlet", "dropped", "is_closed", "number", "pid", "queued", "tap", "told")

    def __init__(self, outlet: "Outlet", tap: ForwardTap, pid: int, number: int) -> None:
        self._outlet = outlet
        self.tap = tap
        self.pid = pid
        self.number = number
        self.dropped = 0  # bytes since the last piece that was not
        self.queued = 0  # pieces
        self.told: Names = ()  # which forwards it goes to, as the forwarder knows
        self.is_closed = False  # though pieces of it may still be waiting

    def take(self, data: bytes) -> None:
        """This went to the log, or was about to."""
        for start in range(0, len(data), MAX_PIECE_BYTES):
            whole = len(data) <= MAX_PIECE_BYTES
            self._outlet.take(self, data if whole else data[start : start + MAX_PIECE_BYTES])

    def close(self) -> None:
        """The stream has ended, or is not wanted any more."""
        self._outlet.close(self)


class Outlet:
    """All open streams, and what waits. `on_dropped` is told of bytes that nobody will get.

    `worker` is set by whoever starts it, and then calls `tell_all` for each new one, and `send_on` when there is room.
    """

    def __init__(self, clock: Clock, on_dropped: Callable[[ForwardSink, int], None]) -> None:
        self.worker: StreamWorker | None = None
        self.sinks: dict[int, ForwardSink] = {}  # that are open, or have something waiting
        self.queued_bytes = 0
        self.missed = 0  # messages about streams that had no room, since it was told of all
        self._clock = clock
        self._on_dropped = on_dropped
        self._queue: deque[tuple[ForwardSink, float, int, bytes]] = deque()
        self._last_number = 0

    @property
    def is_empty(self) -> bool:
        """Does nothing wait here?"""
        return not self._queue

    def open(self, tap: ForwardTap, pid: int) -> ForwardSink:
        """A stream is to be forwarded from now on."""
        self._last_number += 1
        sink = self.sinks[self._last_number] = ForwardSink(self, tap, pid, self._last_number)
        self.tell(sink)
        return sink

    def take(self, sink: ForwardSink, data: bytes) -> None:
        """A stream carried this. It is sent, or waits, or is lost."""
        at, dropped = self._clock.wall(), sink.dropped
        if not self._queue and self._send(sink, at, dropped, data):
            sink.dropped = 0
            return
        cost = len(data) + PIECE_COST_BYTES
        if self.queued_bytes + cost > MAX_QUEUED_BYTES:
            sink.dropped += len(data)
            self._on_dropped(sink, len(data))
            return
        self.queued_bytes += cost
        self._queue.append((sink, at, dropped, data))
        sink.queued += 1
        sink.dropped = 0

    def close(self, sink: ForwardSink) -> None:
        """A stream has ended. What of it is waiting is sent before that is told."""
        if sink.dropped and self.queued_bytes < 2 * MAX_QUEUED_BYTES:
            # As a piece of its own, beside the bound, so that it is not dropped, too; that has a bound as well.
            self._queue.append((sink, self._clock.wall(), sink.dropped, b""))
            self.queued_bytes += PIECE_COST_BYTES
            sink.queued += 1
            sink.dropped = 0
        sink.is_closed = True
        if sink.queued:
            self.send_on()
        else:
            self._forget(sink)

    def tell(self, sink: ForwardSink) -> None:
        """Which forwards a stream goes to: for the first time, or because they are others now."""
        tap = sink.tap
        sink.told = tap.names
        self._tell(
            {
                "type": "open",
                "stream": sink.number,
                "program": tap.namespec,
                "group": tap.group,
                "name": tap.name,
                "channel": tap.channel,
                "pid": sink.pid,
                "forwards": list(tap.names),
            }
        )

    def tell_all(self) -> None:
        """A new forwarder runs and has its configuration: all streams, and what waits."""
        self.missed = 0
        for sink in self.sinks.values():
            self.tell(sink)
        self.send_on()

    def tell_config(self, message: Mapping[str, object]) -> None:
        """What is configured now."""
        self._tell(message)

    def tell_again(self, config: Mapping[str, object]) -> None:
        """There is room again, after messages were lost: the configuration, which streams are open, and all of them."""
        self.tell_config(config)
        self._tell({"type": "streams", "open": list(self.sinks)})
        self.tell_all()

    def send_on(self) -> None:
        """There may be room: send what waits, as far as it is taken."""
        while self._queue and not self.missed:
            sink, at, dropped, data = self._queue[0]
            if not self._send(sink, at, dropped, data):
                return
            self._queue.popleft()
            self.queued_bytes -= len(data) + PIECE_COST_BYTES
            sink.queued -= 1
            if sink.is_closed and not sink.queued:
                self._forget(sink)

    def _send(self, sink: ForwardSink, at: float, dropped: int, data: bytes) -> bool:
        worker = self.worker
        if worker is None or not worker.is_running or self.missed:
            return False
        head = b'{"type":"data","stream":%d,"at":%.6f,"bytes":%d,"dropped":%d}\n'
        return worker.send_data(head % (sink.number, at, len(data), dropped), data)

    def _forget(self, sink: ForwardSink) -> None:
        del self.sinks[sink.number]
        self._tell({"type": "close", "stream": sink.number})

    def _tell(self, message: Mapping[str, object]) -> None:
        worker = self.worker
        if worker is not None and worker.is_running and not worker.send(message) and worker.is_behind:
            self.missed += 1
