"""Output on its way out of the daemon: which streams go to which forward, and what the forwarder says came of it.

There while the configuration has a `[forward:x]`. Which forwards want a stream may change at any reread, while the stream is
open (`engine/forward_outlet.py` takes what it carries; `host/pipeline.py` gives it). The forwarder, a process of its own,
starts after the programs; what they say before that waits. It counts from 0 each time it is started, so what those before it
had counted is added, and what one that died had not delivered yet is lost.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vigild.config.model import ForwardConfig
from vigild.core.alert_filter import matches_name
from vigild.core.errors import Fault, VigilError
from vigild.core.forwards import ForwardCounts, ForwardInfo
from vigild.engine.forward_outlet import ForwardSink, ForwardTap, Names, Outlet
from vigild.engine.forward_watch import ForwardWatch, OnTrouble
from vigild.engine.ports import Ports, StreamWorker, Timer

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess

STEADY_SECONDS = 60.0  # a forwarder that has run for so long is well
TEST_SECONDS = 60.0  # for the forwarder to answer a test
MAX_TESTS = 16  # at once
MAX_WORDS = 500  # of what the forwarder says
NOT_RUNNING = "the forwarder does not run"

Message = Mapping[str, object]


class Forwards:
    """All forwards. `processes` gives those that there are; `on_trouble` is told when one lasts, and when it is over."""

    def __init__(
        self, ports: Ports, processes: "Callable[[], Iterable[ManagedProcess]]", on_trouble: OnTrouble
    ) -> None:
        self.outlet = Outlet(ports.clock, self._dropped)
        self._ports = ports
        self._processes = processes
        self._on_trouble = on_trouble
        self._config: Message = {}
        self._forwards: dict[str, _Forward] = {}  # in the order of the configuration
        self.on_change: Callable[[], None] = lambda: None  # a forward may stand otherwise now
        self._tests: dict[int, asyncio.Future[tuple[bool, str]]] = {}
        self._test_number = 0
        self._when_sent: asyncio.Event | None = None
        self._steady_timer: Timer | None = None

    # Whose output goes where.

    def tap(self, process: "ManagedProcess", channel: str) -> ForwardTap | None:
        """For a plan: None where nothing is ever forwarded, as what a listener says to the daemon."""
        if process.pool is not None and channel == "stdout":
            return None
        return ForwardTap(self.outlet, process, channel, self._names(process.namespec, channel))

    def configure(
        self, daemon: Message, forwards: Sequence[ForwardConfig], structs: Sequence[Message]
    ) -> None:
        """What is forwarded where, from now on; `structs` are the forwards as the forwarder is told."""
        self._config = {
            "type": "config",
            "daemon": dict(daemon),
            "forwards": [dict(each) for each in structs],
        }
        former = self._forwards
        self._forwards = {}
        for config in forwards:
            known = former.pop(config.name, None)
            if known is None:
                watch = ForwardWatch(config.name, self._ports.clock, self._ports.log, self._on_trouble)
                known = _Forward(config, watch)
            known.config = config
            self._forwards[config.name] = known
        for gone in former.values():
            gone.watch.close()
        self.outlet.tell_config(self._config)
        self._renew_taps()
        self._ports.children.renew_sinks()
        self.on_change()

    def _renew_taps(self) -> None:
        """Tell all taps, and the forwarder of those whose streams are open and stay so."""
        for process in self._processes():
            for plan in process.plans:
                if plan.tap is None:
                    plan.tap = self.tap(process, plan.channel)
                elif isinstance(plan.tap, ForwardTap):
                    self._renew_tap(plan.tap)
        for sink in list(self.outlet.sinks.values()):  # those of programs that are no more among them
            self._renew_tap(sink.tap)
            if not sink.is_closed and sink.tap.is_wanted and sink.tap.names != sink.told:
                self.outlet.tell(sink)

    def _renew_tap(self, tap: ForwardTap) -> None:
        tap.names = self._names(tap.namespec, tap.channel)

    def _names(self, namespec: str, channel: str) -> Names:
        return tuple(
            name
            for name, forward in self._forwards.items()
            if channel in forward.config.channels and matches_name(forward.config.programs, namespec)
        )

    # The forwarder.

    def attend(self, worker: StreamWorker) -> None:
        """This is the forwarder from now on."""
        self.outlet.worker = worker
        worker.on_started = self._started
        worker.on_message = self._heard
        worker.on_room = self._has_room

    def ended(self) -> None:
        """The forwarder was reaped. What it had not delivered is lost."""
        trouble, worker = self.trouble, self.outlet.worker
        if trouble and worker is not None and worker.unread_bytes:
            self._ports.log.error(
                f"the forwarder died: {worker.unread_bytes} bytes that it was sent and had not read are lost"
            )
        if self._steady_timer is not None:
            self._steady_timer.cancel()
            self._steady_timer = None
        for forward in self._forwards.values():
            lost_lines = forward.worker_ended()
            if lost_lines:
                forward.watch.lost(f"at least {_lines(lost_lines)} that the forwarder died with")
            if trouble:
                forward.watch.failing(trouble, says_so=False)
        for answer in self._tests.values():
            _settle(answer, False, "the forwarder died meanwhile")
        self.on_change()
        if self._when_sent is not None:
            self._when_sent.set()

    @property
    def trouble(self) -> str:
        """Why nothing leaves the daemon now; "" where all is well."""
        worker = self.outlet.worker
        if worker is None or worker.is_running:
            return ""
        return f"{NOT_RUNNING}: {worker.error}" if worker.error else ""

    def leave(self) -> None:
        """The daemon ends, or nothing is forwarded any more: read what is there, and close all streams. Before `settle`."""
        if self._steady_timer is not None:
            self._steady_timer.cancel()
        for forward in self._forwards.values():
            forward.watch.close()
        self._forwards.clear()
        for process in self._processes():
            for plan in process.plans:
                plan.tap = None
        for sink in self.outlet.sinks.values():  # those of programs that are no more among them
            sink.tap.names = ()
        self._ports.children.renew_sinks(drain=True)

    async def settle(self, seconds: float) -> int:
        """Wait until the forwarder has taken all there is; how many bytes it has not after so long."""
        worker = self.outlet.worker
        if worker is not None and worker.is_running and (worker.is_behind or not self.outlet.is_empty):
            self._when_sent = asyncio.Event()
            try:
                async with asyncio.timeout(seconds):
                    await self._when_sent.wait()
            except TimeoutError:
                pass
        return self.outlet.queued_bytes

    def flush(self, seconds: float) -> None:
        """Hand on what waits, and let everything wait for that: before this daemon executes itself anew."""
        worker = self.outlet.worker
        if worker is not None and worker.is_running:
            worker.flush(seconds)
        count = self.outlet.queued_bytes
        if count:
            self._ports.log.error(
                f"the forwarder is behind: {count} bytes of output that it has not taken are lost"
            )

    def _started(self) -> None:
        self.on_change()
        self._send(self._config)
        if self._steady_timer is not None:
            self._steady_timer.cancel()
        clock = self._ports.clock
        self._steady_timer = clock.call_at(clock.monotonic() + STEADY_SECONDS, self._is_steady)
        self.outlet.tell_all()

    def _is_steady(self) -> None:
        """The forwarder has not died again: that it did is no trouble any more."""
        self._steady_timer = None
        for forward in self._forwards.values():
            if forward.watch.is_failing and not forward.is_failing:
                forward.watch.delivering(says_so=False)

    def _has_room(self) -> None:
        if self.outlet.missed:
            self._ports.log.warn(
                f"the forwarder was so far behind that {self.outlet.missed} messages about streams had no room; "
                "it is told of all streams again"
            )
            self.outlet.tell_again(self._config)
        self.outlet.send_on()
        worker = self.outlet.worker
        if (
            self._when_sent is not None
            and worker is not None
            and not worker.is_behind
            and self.outlet.is_empty
        ):
            self._when_sent.set()

    @property
    def _worker_runs(self) -> bool:
        return self.outlet.worker is not None and self.outlet.worker.is_running

    def _send(self, message: Message) -> bool:
        return self.outlet.worker is not None and self.outlet.worker.send(message)

    def _heard(self, message: dict[str, object]) -> None:
        match message:
            case {"type": "report", "forwards": dict(reports)}:
                for name, report in reports.items():
                    forward = self._forwards.get(name)
                    if forward is not None and isinstance(report, dict):
                        forward.reports(report)
                self.on_change()
            case {"type": "tested", "id": int(number), "ok": bool(ok)}:
                answer = self._tests.get(number)
                if answer is not None:
                    _settle(answer, ok, _words(message, "text"))
            case _:
                pass  # of a later version, perhaps

    def _dropped(self, sink: ForwardSink, count: int) -> None:
        for name in sink.tap.names:
            forward = self._forwards.get(name)
            if forward is not None:
                forward.dropped(count)
        self.on_change()

    # What doors ask.

    def status(self) -> list[ForwardInfo]:
        """How each forward stands, in the order of the configuration."""
        sinks = [sink for sink in self.outlet.sinks.values() if not sink.is_closed]
        runs, trouble = self._worker_runs, self.trouble
        return [
            forward.info(sum(name in sink.tap.names for sink in sinks), trouble, is_running=runs)
            for name, forward in self._forwards.items()
        ]

    async def test(self, name: str) -> tuple[bool, str]:
        """Send a line through this one now; did it arrive, and what was said? FAILED where too many ask."""
        if len(self._tests) >= MAX_TESTS:
            raise VigilError(Fault.FAILED, "too many tests at once; try again in a moment")
        self._test_number += 1
        number = self._test_number
        if not self._send({"type": "test", "id": number, "forward": name}):
            return False, self.trouble or NOT_RUNNING
        answer: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        self._tests[number] = answer
        try:
            async with asyncio.timeout(TEST_SECONDS):
                return await answer
        except TimeoutError:
            return False, f"no answer within {TEST_SECONDS:g} seconds"
        finally:
            del self._tests[number]


class _Forward:
    """One forward: what it is to do, and what the forwarders of this daemon have counted."""

    def __init__(self, config: ForwardConfig, watch: ForwardWatch) -> None:
        self.config = config
        self.watch = watch
        self._former = ForwardCounts()  # of those that are gone
        self._report: Message = {}

    @property
    def counts(self) -> ForwardCounts:
        """Of all of them."""
        former = self._former
        return replace(
            former,
            **{
                name: getattr(former, name) + _number(self._report, name)
                for name in ForwardCounts.__dataclass_fields__
                if name != "unsent_bytes"
            },
        )

    @property
    def is_failing(self) -> bool:
        """Says the forwarder that it cannot deliver?"""
        return bool(self._report.get("failing_since"))

    def info(self, streams: int, trouble: str, *, is_running: bool) -> ForwardInfo:
        """How it stands."""
        config, report = self.config, self._report
        since = report.get("failing_since", 0.0)
        return ForwardInfo(
            config.name,
            self.watch.url or _shown(config.url),
            config.programs,
            config.channels,
            streams,
            is_running,
            trouble,
            _number(report, "waiting_lines"),
            _number(report, "waiting_bytes"),
            self.counts,
            float(since) if isinstance(since, int | float) else 0.0,
            _words(report, "error"),
        )

    def reports(self, report: Message) -> None:
        """The forwarder says how it stands."""
        lost = self._losses(report) - self._losses(self._report)
        is_refused = _number(report, "refused_lines") > _number(self._report, "refused_lines")
        was_failing, self._report = self.is_failing, report
        self.watch.url = _words(report, "url")
        if lost > 0:
            self.watch.lost(f"{_lines(lost)} for which there was no room, or which were refused")
        if self.is_failing:
            self.watch.failing(_words(report, "error") or "nobody knows why", is_refused=is_refused)
        elif was_failing or _number(report, "sent_batches"):
            self.watch.delivering()

    def dropped(self, count: int) -> None:
        """By the daemon, because the forwarder is behind."""
        self._former = replace(self._former, unsent_bytes=self._former.unsent_bytes + count)
        self.watch.lost("the forwarder does not take what programs write as fast as they write it")

    def worker_ended(self) -> int:
        """The forwarder is gone; how many lines it had, as far as it had said."""
        lines, size = _number(self._report, "waiting_lines"), _number(self._report, "waiting_bytes")
        counts = self.counts
        self._former = replace(
            counts,
            dropped_lines=counts.dropped_lines + lines,
            dropped_bytes=counts.dropped_bytes + size,
        )
        self._report = {}
        return lines

    @staticmethod
    def _losses(report: Message) -> int:
        return _number(report, "dropped_lines") + _number(report, "refused_lines")


def _shown(url: str) -> str:
    """An address that no forwarder has told of yet."""
    from vigild.wire.forward_urls import shown_url  # late: for people who ask early

    return shown_url(url) if url else ""


def _settle(answer: "asyncio.Future[tuple[bool, str]]", ok: bool, text: str) -> None:
    if not answer.done():
        answer.set_result((ok, text))


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _number(report: Message, name: str) -> int:
    value = report.get(name, 0)
    return value if isinstance(value, int) else 0


def _words(report: Message, name: str) -> str:
    value = report.get(name, "")
    text = value[:MAX_WORDS] if isinstance(value, str) else ""
    return "".join(sign if sign.isprintable() else " " for sign in text)  # it goes to logs and terminals
