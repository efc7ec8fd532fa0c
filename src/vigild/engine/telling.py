"""Edges on their way out of the daemon: in the journal first, then to the deliverer, until it says that it has kept them.

The deliverer is a worker (`python -m vigild.alerts`): it may be down, be slow, or die with what it was told. So an edge stays
here and in the journal until it is in the deliverer's outbox on disk; each new deliverer, and each new daemon, is told
again what is left. One that has nothing to do is sent away, and its memory with it, until there is. The deliverer knows an edge that it has by its number: numbers grow, and begin at the time of day, so
that none is given twice.

What the deliverer says of itself is kept for whoever asks, and becomes facts of the history.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from vigild.core.edges import Edge
from vigild.core.errors import Fault, VigilError
from vigild.core.history import Details, Fact, Kind
from vigild.engine.ports import Ports, Worker
from vigild.engine.records import EDGE
from vigild.wire.edges import decode_edge, edge_to_struct, encode_edge

MAX_EDGES = 5000  # not kept yet; of more, the oldest are dropped
MAX_IN_FLIGHT = 500  # sent and not kept yet; the others wait for these, so that no turn of the loop is long
TEST_SECONDS = 60.0  # for the deliverer to answer a test
START_SECONDS = 10.0  # for one that rests to be there again
MAX_TESTS = 16  # at once
MAX_WORDS = 500  # of what the deliverer says, in the log and the history

Message = Mapping[str, object]


class Telling:
    """The `Alerts` port. `entries`: edges that the daemon before this one could not hand over, by number."""

    def __init__(self, ports: Ports, entries: Mapping[str, bytes]) -> None:
        self.reports: dict[str, Details] = {}  # of the deliverer, by alert
        self.dropped = 0  # edges that nobody will hear of
        self.worker: Worker | None = None
        self.on_change: Callable[[], None] = lambda: None  # an alert may stand otherwise now
        self._ports = ports
        self._config: Message = {}
        self._edges = _inherited(entries)
        strange = {(EDGE, key): None for key in entries if not (key.isdigit() and int(key) in self._edges)}
        ports.journal.put_all(strange)
        self._to_send: deque[int] = deque()
        self._last = max(self._edges, default=0)
        self._tests: dict[int, asyncio.Future[tuple[bool, str]]] = {}
        self._test_number = 0
        self._when_settled: asyncio.Event | None = None
        self._when_started: asyncio.Event | None = None

    @property
    def waiting(self) -> int:
        """How many edges the deliverer has not kept yet."""
        return len(self._edges)

    def tell(self, edge: Edge) -> None:
        """A trouble began or ended: written down, then sent on."""
        if len(self._edges) >= MAX_EDGES:
            self._drop_oldest()
        # A clock that was set back must not make a number come twice.
        number = self._last = max(self._last + 1, int(self._ports.clock.wall() * 1_000_000))
        self._edges[number] = edge
        self._ports.journal.put(EDGE, str(number), encode_edge(edge))
        self._to_send.append(number)
        self._send_on()
        self.on_change()

    # The deliverer.

    def attend(self, worker: Worker) -> None:
        """This is the deliverer from now on."""
        self.worker = worker
        worker.on_started = self._started
        worker.on_message = self._heard

    def configure(self, daemon: Message, alerts: Sequence[Message]) -> None:
        """Who is told of what: to the deliverer now, and to each that comes after it."""
        self._config = {"type": "config", "daemon": dict(daemon), "alerts": [dict(alert) for alert in alerts]}
        names = {alert["name"] for alert in alerts}
        self.reports = {name: report for name, report in self.reports.items() if name in names}
        self.on_change()
        if self.worker is not None and self.worker.is_running:
            self.worker.send(self._config)
        elif self.worker is not None and self.worker.is_resting:
            self.worker.start()  # it says what is wrong with the addresses

    async def test(self, alert: str) -> str:
        """Let a message go out through this alert now. What its receivers said; FAILED where one did not take it."""
        if len(self._tests) >= MAX_TESTS:
            raise VigilError(Fault.FAILED, "too many tests at once; try again in a moment")
        self._test_number += 1
        number = self._test_number
        await self._woken()
        if self.worker is None or not self.worker.send({"type": "test", "id": number, "alert": alert}):
            raise VigilError(Fault.FAILED, self.trouble or "the alert deliverer does not run")
        answer: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        self._tests[number] = answer
        try:
            async with asyncio.timeout(TEST_SECONDS):
                ok, text = await answer
        except TimeoutError:
            raise VigilError(Fault.FAILED, f"no answer within {TEST_SECONDS:g} seconds") from None
        finally:
            self._tests.pop(number, None)
        if not ok:
            raise VigilError(Fault.FAILED, text)
        return text

    async def _woken(self) -> None:
        """One that rests is started again, which takes as long as the one before it needs to end."""
        if self.worker is None or not self.worker.is_resting:
            return
        self._when_started = asyncio.Event()
        self.worker.start()
        if not self.worker.is_running:
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._when_started.wait()
            except TimeoutError:
                pass

    async def settle(self, seconds: float) -> int:
        """Wait until the deliverer has kept all; how many edges it has not, after so long."""
        if self._edges and self.worker is not None:
            self._when_settled = asyncio.Event()
            try:
                async with asyncio.timeout(seconds):
                    await self._when_settled.wait()
            except TimeoutError:
                pass
        return len(self._edges)

    @property
    def trouble(self) -> str:
        """Why nothing leaves the daemon now; "" where all is well."""
        worker = self.worker
        if worker is None or worker.is_running:
            return ""
        return f"the alert deliverer does not run: {worker.error}" if worker.error else ""

    def forget(self) -> None:
        """Nobody wants to be told any more."""
        self._forget(list(self._edges))

    def _started(self) -> None:
        assert self.worker is not None
        self.worker.send(self._config)
        if self._when_started is not None:
            self._when_started.set()
        self._to_send = deque(self._edges)
        for answer in self._tests.values():
            _settle(answer, False, "the alert deliverer died meanwhile")
        self._send_on()
        self.on_change()

    def _send_on(self) -> None:
        worker = self.worker
        if worker is not None and worker.is_resting:
            worker.start()  # which sends on
            return
        if worker is None or not worker.is_running:
            return
        while self._to_send and len(self._edges) - len(self._to_send) < MAX_IN_FLIGHT:
            number = self._to_send[0]
            edge = self._edges.get(number)
            if edge is not None and not worker.send(
                {"type": "edge", "id": number, "edge": edge_to_struct(edge)}
            ):
                return  # it takes nothing in now; what it keeps makes room
            self._to_send.popleft()

    def _heard(self, message: dict[str, object]) -> None:
        match message:
            case {"type": "kept", "ids": list(ids)}:
                self._forget([number for number in ids if isinstance(number, int)])
                self._send_on()
            case {"type": "report", "alerts": dict(reports)}:
                self.reports = {
                    str(name): report for name, report in reports.items() if isinstance(report, dict)
                }
                self.on_change()
            case {"type": "delivered" | "refused", "alert": str()}:
                self._note(message)
            case {"type": "tested", "id": int(number), "ok": bool(ok), "text": str(text)}:
                answer = self._tests.get(number)
                if answer is not None:
                    _settle(answer, ok, text)
            case {"type": "idle"} if self.worker is not None and not self._edges and not self._tests:
                self.worker.rest()
            case _:
                pass  # of a later version, perhaps

    def _note(self, message: Message) -> None:
        what, alert = str(message["type"]), str(message["alert"])
        text, error = _words(message, "text"), _words(message, "error")
        if what == "refused":
            self._ports.log.error(f"alert {alert} is refused for good: {text or '?'}: {error}")
        details: Details = {"alert": alert, "what": what, "text": text}
        edges = message.get("edges")
        if isinstance(edges, int):
            details["edges"] = edges
        if error:
            details["error"] = error
        self._ports.history.note(Fact(self._ports.clock.wall(), Kind.ALERT, "", details))

    def _forget(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._edges.pop(number, None)
        self._ports.journal.put_all({(EDGE, str(number)): None for number in numbers})
        if not self._edges and self._when_settled is not None:
            self._when_settled.set()
        self.on_change()

    def _drop_oldest(self) -> None:
        self._forget([next(iter(self._edges))])
        self.dropped += 1
        if self.dropped == 1:
            self._ports.log.critical(
                f"the alert deliverer has not taken {MAX_EDGES} troubles and ends of them; the oldest are lost from now on"
            )


def _inherited(entries: Mapping[str, bytes]) -> dict[int, Edge]:
    edges = {}
    for key in sorted((key for key in entries if key.isdigit()), key=int):
        try:
            edges[int(key)] = decode_edge(entries[key])
        except ValueError:  # of another version
            continue
    return edges


def _settle(answer: "asyncio.Future[tuple[bool, str]]", ok: bool, text: str) -> None:
    if not answer.done():
        answer.set_result((ok, text))


def _words(message: Message, name: str) -> str:
    value = message.get(name)
    return value[:MAX_WORDS] if isinstance(value, str) else ""
