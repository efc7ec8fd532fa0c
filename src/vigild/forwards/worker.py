"""The forwarder: what the daemon says on stdin, brought to the lanes. Reading never waits for a receiver.

Each message is a JSON object on a line; `data` is followed by so many raw bytes. A message that cannot be understood is
said on stderr and passed over; one whose length cannot be known ends the process, because what follows it has no meaning.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, BinaryIO

from vigild.core.backlog import batch_of
from vigild.core.forwarding import Outcome, Verdict
from vigild.core.output_lines import Block, Cutter, Source
from vigild.forwards.estate import Estate
from vigild.forwards.lane import Lane, MakeSender
from vigild.forwards.reporter import INTERVAL_SECONDS, Reporter
from vigild.forwards.settings import ForwardSettings, clean, settings_of
from vigild.wire.forward_spool import Kept

MAX_LINE_BYTES = 1 << 20
MAX_PIECE_BYTES = 16 << 20
MAX_BEGUN_BYTES = 8 << 20  # of lines without an end, of all streams
END_SECONDS = 5.0  # to deliver what is held when the daemon has ended
LAST_WORDS_SECONDS = 0.5
TEST_LINE = "Vigil tries out the forward {name}: this line can be ignored"

Message = Mapping[str, Any]


class ProtocolError(Exception):
    """What the daemon said has no end that could be found."""


class Stream:
    """The output of one process on one channel, and whom it goes to."""

    __slots__ = ("cutter", "lanes")

    def __init__(self, cutter: Cutter, lanes: tuple[Lane, ...]) -> None:
        self.cutter = cutter
        self.lanes = lanes


class Worker:
    """All that is known, between messages. `statuses` and `put` may be asked from other threads."""

    def __init__(
        self,
        make_sender: MakeSender,
        stdout: int,
        warn: Callable[[str], None],
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._make_sender = make_sender
        self._warn = warn
        self._lanes: dict[str, Lane] = {}
        self._streams: dict[int, Stream] = {}
        self._begun_bytes = 0
        self._under_test: set[str] = set()
        self._endings: list[threading.Thread] = []  # of lanes that are not configured any more
        self._estate: Estate | None = None
        self._leaves = True  # what is left at the end, to the next
        self._reporter = Reporter(stdout, self.statuses, interval_seconds)

    def statuses(self) -> dict[str, object]:
        """How every forward stands."""
        return {name: lane.status() for name, lane in list(self._lanes.items())}

    def take(self, message: Message, data: bytes) -> None:
        """One message of the daemon. `data`: the bytes that follow it."""
        match message.get("type"):
            case "data":
                self._piece(message, data)
            case "open":
                self._open(message)
            case "close":
                self._close(int(message["stream"]))
            case "streams":
                self._close_others(set(message["open"]))
            case "config":
                self._configure(message)
            case "forget":
                self._leaves = False
            case "test":
                self._test(int(message["id"]), str(message["forward"]))
            case other:
                self._warn(f"the daemon said {str(other)[:40]!r}, which is not known here")

    def finish(self, seconds: float = END_SECONDS) -> None:
        """Nothing comes any more: deliver what is held, keep the rest for the next forwarder, and say so."""
        deadline = time.monotonic() + seconds
        for number in list(self._streams):
            self._close(number)
        if self._estate is not None:
            self._estate.stop()
        lanes = list(self._lanes.values())
        left = _ended(lanes, seconds)
        for thread in self._endings:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._estate is None or not self._leaves:
            self._say_lost(left)
        waiting = {lane.settings.name: blocks for lane, blocks in left.items()} if self._leaves else {}
        if self._estate is not None and self._estate.leave(waiting):
            for lane in left:
                lane.let_go()
        self._reporter.close(LAST_WORDS_SECONDS)

    def _piece(self, message: Message, data: bytes) -> None:
        stream = self._streams.get(int(message["stream"]))
        if stream is None:
            return
        at_ns = int(float(message["at"]) * 1e9)
        cutter = stream.cutter
        self._begun_bytes -= cutter.begun_bytes
        if dropped := int(message.get("dropped", 0)):
            self._put(stream, cutter.cut(at_ns, dropped))
        self._put(stream, cutter.take(data, at_ns))
        if self._begun_bytes + cutter.begun_bytes > MAX_BEGUN_BYTES:
            self._put(stream, cutter.cut(at_ns))
        self._begun_bytes += cutter.begun_bytes

    def _put(self, stream: Stream, block: Block | None) -> None:
        if block is not None:
            block.arrived = time.monotonic()
            for lane in stream.lanes:
                lane.put(block)

    def _open(self, message: Message) -> None:
        number = int(message["stream"])
        source = Source(
            clean(message["program"]),
            clean(message["group"]),
            clean(message["name"]),
            clean(message["channel"]),
            int(message["pid"]),
        )
        lanes = tuple(self._lanes[name] for name in message["forwards"] if name in self._lanes)
        stream = self._streams.get(number)
        if stream is not None and stream.cutter.source == source:
            stream.lanes = lanes
            return
        self._close(number)
        self._streams[number] = Stream(Cutter(source), lanes)

    def _close(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._begun_bytes -= stream.cutter.begun_bytes
            self._put(stream, stream.cutter.cut(time.time_ns()))

    def _close_others(self, numbers: set[int]) -> None:
        """Only these are open: what was said of others did not come through."""
        for number in self._streams.keys() - numbers:
            self._close(number)

    def _configure(self, message: Message) -> None:
        host = str(message["daemon"].get("host") or "")
        lanes: dict[str, Lane] = {}
        for struct in message["forwards"]:
            refresh = partial(settings_of, struct, host)
            settings = refresh()
            lane = self._lanes.get(settings.name)
            if lane is None:
                lane = Lane(settings, refresh, self._make_sender, self._reporter.changed)
            elif lane.settings != settings:
                lane.configure(settings, refresh)
            lanes[settings.name] = lane
        gone = [lane for name, lane in self._lanes.items() if name not in lanes]
        self._lanes = lanes
        if gone:
            ending = threading.Thread(target=lambda: self._say_lost(_ended(gone, END_SECONDS)), daemon=True)
            self._endings = [*(thread for thread in self._endings if thread.is_alive()), ending]
            ending.start()
        base = str(message["daemon"].get("spool") or "")
        if base and self._estate is None:
            self._estate = Estate(base, self._take_up, self._warn)
        self._reporter.changed(True)

    def _take_up(self, name: str, kept: Kept) -> bool:
        lane = self._lanes.get(name)
        if lane is not None:
            lane.put_first(kept)
        return lane is not None

    def _say_lost(self, left: Mapping[Lane, list[Block]]) -> None:
        for lane, blocks in left.items():
            lines, size = sum(block.lines for block in blocks), sum(block.size for block in blocks)
            self._warn(f"forward {lane.settings.name}: {lines} lines ({size} bytes) were not delivered")

    def _test(self, number: int, name: str) -> None:
        lane = self._lanes.get(name)
        problem = "" if lane is not None else f"there is no forward {name}"
        if name in self._under_test:
            problem = "it is being tried out already"
        if lane is None or problem:
            self._reporter.say({"type": "tested", "id": number, "ok": False, "text": problem})
            return
        self._under_test.add(name)
        threading.Thread(target=self._try_out, args=(number, lane), daemon=True).start()

    def _try_out(self, number: int, lane: Lane) -> None:
        """Send a line over a connection of its own: what waits is not in the way of it."""
        settings = lane.fresh_settings()
        outcome, text = _trial(settings, self._make_sender)
        self._under_test.discard(settings.name)
        is_ok = outcome.verdict is Verdict.DELIVERED and not outcome.refused_lines
        self._reporter.say({"type": "tested", "id": number, "ok": is_ok, "text": text})


def _ended(lanes: list[Lane], seconds: float) -> dict[Lane, list[Block]]:
    """End them, in so many seconds at most. What those have left that have not delivered all."""
    began = time.monotonic()
    patience = {lane: lane.end(seconds) for lane in lanes}
    left = {}
    for lane in sorted(lanes, key=lambda lane: patience[lane]):
        if blocks := lane.join(began + patience[lane] - time.monotonic()):
            left[lane] = blocks
    return left


def _trial(settings: ForwardSettings, make_sender: MakeSender) -> tuple[Outcome, str]:
    line = TEST_LINE.format(name=settings.name).encode("utf-8", "replace").replace(b"\n", b" ")
    block = Block(Source("vigil", "vigil", "vigil", "stdout", 0), time.time_ns(), line, 1)
    begin = time.monotonic()
    try:
        sender = make_sender(settings)
        try:
            outcome = sender.send(batch_of([block]))
        finally:
            sender.close()
    except Exception as error:
        outcome = Outcome(Verdict.LATER, f"it failed ({type(error).__name__})")
        return outcome, outcome.text
    if outcome.text or outcome.verdict is not Verdict.DELIVERED:
        return outcome, outcome.text or "it failed"
    return outcome, f"{settings.shown}: {sender.arrival} ({(time.monotonic() - begin) * 1000:.0f} ms)"


def serve(worker: Worker, stdin: BinaryIO, warn: Callable[[str], None]) -> None:
    """Until stdin ends. Raises ProtocolError."""
    while line := stdin.readline(MAX_LINE_BYTES + 1):
        if not line.endswith(b"\n"):
            if len(line) > MAX_LINE_BYTES:
                raise ProtocolError(f"a message of more than {MAX_LINE_BYTES} bytes")
            return  # the daemon died in the middle of it
        try:
            message = json.loads(line)
            length = int(message.get("bytes", 0)) if message["type"] == "data" else 0
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ProtocolError(f"what is no message: {line[:60]!r}") from None
        if not 0 <= length <= MAX_PIECE_BYTES:
            raise ProtocolError(f"a piece of {length} bytes")
        data = stdin.read(length) if length else b""
        try:
            worker.take(message, data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            warn(f"the daemon said what cannot be understood ({type(error).__name__}): {line[:100]!r}")


def run(make_sender: MakeSender, stdin: BinaryIO, stdout: int, seconds: float = END_SECONDS) -> int:
    """Until the daemon closes stdin, and what is held is delivered. Returns the exit status."""
    worker = Worker(make_sender, stdout, warn_on_stderr)
    status = 0
    try:
        serve(worker, stdin, warn_on_stderr)
    except ProtocolError as error:
        warn_on_stderr(f"the daemon said {error}")
        status = 1
    worker.finish(seconds)
    return status


def warn_on_stderr(text: str) -> None:
    """To the daemon's log; to nobody where the daemon is dead, while what it left is delivered."""
    try:
        os.write(2, f"{text}\n".encode("utf-8", "replace"))
    except OSError:
        pass
