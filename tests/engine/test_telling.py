"""Edges on their way out: nothing is lost before the deliverer has it, whoever dies."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from support.fakes import EPOCH, FakeWorker, World
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.errors import Fault, VigilError
from vigild.core.history import Kind
from vigild.engine import telling as module
from vigild.engine.records import EDGE
from vigild.engine.telling import MAX_EDGES, MAX_IN_FLIGHT, Telling
from vigild.wire.edges import edge_to_struct

ALERTS = [{"name": "ops", "urls": ["https://example.test/"]}]


def edge(name: str = "web") -> Edge:
    return Edge(EPOCH, EdgeKind.DOWN, Severity.WARNING, "program", name, "down", f"{name} is down")


class Desk:
    def __init__(self, entries: dict[str, bytes] | None = None) -> None:
        self.world = World()
        if entries:
            self.world.journal.entries[EDGE] = dict(entries)
        self.telling = Telling(self.world.ports, entries or {})
        self.worker = FakeWorker()
        self.telling.attend(self.worker)
        self.telling.configure({"identifier": "sup"}, ALERTS)

    @property
    def written(self) -> dict[str, bytes]:
        return self.world.journal.entries.get(EDGE, {})


def numbers(messages: list[dict[str, object]]) -> list[object]:
    return [message["id"] for message in messages]


def test_an_edge_is_written_down_then_sent_and_forgotten_when_it_is_kept() -> None:
    desk = Desk()
    desk.worker.start()
    desk.telling.tell(edge())
    number = int(EPOCH * 1_000_000)
    assert desk.worker.sent == [
        {"type": "config", "daemon": {"identifier": "sup"}, "alerts": ALERTS},
        {"type": "edge", "id": number, "edge": edge_to_struct(edge())},
    ]
    assert list(desk.written) == [str(number)]
    desk.worker.says(type="kept", ids=[number, 5, "x"])
    assert desk.written == {}
    assert desk.telling.waiting == 0


def test_what_happens_before_there_is_a_deliverer_is_sent_when_there_is() -> None:
    desk = Desk()
    for name in "abc":
        desk.telling.tell(edge(name))
    assert desk.worker.sent == []
    desk.worker.start()
    sent = desk.worker.take("edge")
    assert [message["edge"]["name"] for message in sent] == ["a", "b", "c"]  # type: ignore[index]
    assert len({*numbers(sent)}) == 3


def test_a_new_deliverer_is_told_again_what_the_old_one_had_not_kept() -> None:
    desk = Desk()
    desk.worker.start()
    for name in "abc":
        desk.telling.tell(edge(name))
    first, *others = numbers(desk.worker.take("edge"))
    desk.worker.says(type="kept", ids=[first])
    desk.worker.dies()
    desk.telling.tell(edge("d"))
    assert "exit status 1" in desk.telling.trouble
    desk.worker.start()
    assert desk.worker.take("config")
    assert numbers(desk.worker.take("edge"))[:2] == others
    assert desk.telling.trouble == ""


def test_a_new_daemon_sends_what_the_old_one_could_not_hand_over() -> None:
    desk = Desk()
    for name in "ab":
        desk.telling.tell(edge(name))
    left = {**desk.written, "12": b"of another version", "strange": b""}
    after = Desk(left)
    assert set(after.written) == set(desk.written)
    after.telling.tell(edge("c"))
    after.worker.start()
    sent = after.worker.take("edge")
    assert [message["edge"]["name"] for message in sent] == ["a", "b", "c"]  # type: ignore[index]
    assert numbers(sent) == sorted({*numbers(sent)})  # type: ignore[type-var]


def test_a_number_never_comes_twice_though_the_clock_is_set_back() -> None:
    desk = Desk()
    desk.telling.tell(edge())
    desk.world.clock.now = -5000.0
    desk.telling.tell(edge())
    first, second = map(int, desk.written)
    assert second == first + 1


def test_a_deliverer_that_takes_nothing_in_is_sent_the_rest_when_it_keeps_something() -> None:
    desk = Desk()
    desk.worker.start()
    desk.telling.tell(edge("a"))
    desk.worker.full = True
    desk.telling.tell(edge("b"))
    (first,) = numbers(desk.worker.take("edge"))
    desk.worker.full = False
    desk.worker.says(type="kept", ids=[first])
    assert [message["edge"]["name"] for message in desk.worker.take("edge")] == ["b"]  # type: ignore[index]


def test_what_nobody_takes_is_bounded_counted_and_said_once() -> None:
    desk = Desk()
    for number in range(MAX_EDGES + 3):
        desk.telling.tell(edge(f"p{number}"))
    assert len(desk.written) == desk.telling.waiting == MAX_EDGES
    assert desk.telling.dropped == 3
    assert len(desk.world.log.lines) == 1
    desk.worker.start()
    sent = desk.worker.take("edge")
    assert sent[0]["edge"]["name"] == "p3"  # type: ignore[index]
    assert len(sent) == MAX_IN_FLIGHT
    desk.worker.says(type="kept", ids=numbers(sent)[:10])
    assert [message["edge"]["name"] for message in desk.worker.take("edge")] == [  # type: ignore[index]
        f"p{number}" for number in range(MAX_IN_FLIGHT + 3, MAX_IN_FLIGHT + 13)
    ]


def test_what_is_said_of_alerts_is_kept_as_long_as_they_are() -> None:
    desk = Desk()
    desk.worker.start()
    desk.worker.says(type="report", alerts={"ops": {"waiting": 2}, "gone": {"waiting": 1}, "odd": 5})
    assert desk.telling.reports == {"ops": {"waiting": 2}, "gone": {"waiting": 1}}
    desk.worker.take("config")
    desk.telling.configure({}, ALERTS)
    assert desk.telling.reports == {"ops": {"waiting": 2}}
    assert len(desk.worker.take("config")) == 1


def test_what_was_told_and_what_was_refused_goes_into_the_history() -> None:
    desk = Desk()
    desk.worker.start()
    desk.worker.says(type="delivered", alert="ops", edges=3, text="web is down and 2 more")
    desk.worker.says(type="refused", alert="ops", edges=1, text="x" * 2000, error="no such robot")
    desk.worker.says(type="idle")
    desk.worker.says(nothing=True)
    assert desk.world.history.of(Kind.ALERT, "") == [
        {"alert": "ops", "what": "delivered", "edges": 3, "text": "web is down and 2 more"},
        {"alert": "ops", "what": "refused", "edges": 1, "text": "x" * 500, "error": "no such robot"},
    ]
    assert desk.world.log.lines == [f"ERRO alert ops is refused for good: {'x' * 500}: no such robot"]


def play(script: Callable[[Desk], Awaitable[object]]) -> Desk:
    async def run() -> Desk:
        desk = Desk()
        await script(desk)
        return desk

    return asyncio.run(run())


@pytest.mark.parametrize("ok", [True, False])
def test_a_test_says_what_came_of_it(ok: bool) -> None:
    async def script(desk: Desk) -> None:
        desk.worker.start()
        task = asyncio.create_task(desk.telling.test("ops"))
        await asyncio.sleep(0)
        (sent,) = desk.worker.take("test")
        assert sent["alert"] == "ops"
        desk.worker.says(type="tested", id=99, ok=True, text="not this one")
        desk.worker.says(type="tested", id=sent["id"], ok=ok, text="the receiver said so")
        if ok:
            assert await task == "the receiver said so"
            return
        with pytest.raises(VigilError, match="the receiver said so") as caught:
            await task
        assert caught.value.fault is Fault.FAILED

    play(script)


def test_a_test_without_a_deliverer_fails_and_so_does_one_whose_deliverer_dies() -> None:
    async def script(desk: Desk) -> None:
        with pytest.raises(VigilError, match="does not run"):
            await desk.telling.test("ops")
        desk.worker.start()
        task = asyncio.create_task(desk.telling.test("ops"))
        await asyncio.sleep(0)
        desk.worker.dies()
        desk.worker.start()
        with pytest.raises(VigilError, match="died meanwhile"):
            await task

    play(script)


def test_tests_are_bounded_in_time_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEST_SECONDS", 0.02)
    monkeypatch.setattr(module, "MAX_TESTS", 1)

    async def script(desk: Desk) -> None:
        desk.worker.start()
        task = asyncio.create_task(desk.telling.test("ops"))
        await asyncio.sleep(0)
        with pytest.raises(VigilError, match="too many"):
            await desk.telling.test("ops")
        with pytest.raises(VigilError, match=r"no answer within 0\.02 seconds"):
            await task

    play(script)


def test_the_daemon_ends_when_all_is_kept_or_after_a_while() -> None:
    async def script(desk: Desk) -> None:
        assert await desk.telling.settle(20) == 0
        desk.worker.start()
        desk.telling.tell(edge())
        waiting = asyncio.create_task(desk.telling.settle(20))
        await asyncio.sleep(0)
        desk.worker.says(type="kept", ids=numbers(desk.worker.take("edge")))
        assert await waiting == 0
        desk.telling.tell(edge())
        assert await desk.telling.settle(0.01) == 1
        desk.telling.forget()
        assert desk.written == {}

    play(script)


def test_a_deliverer_without_work_is_sent_away_until_there_is_some() -> None:
    desk = Desk()
    desk.worker.start()
    desk.telling.tell(edge())
    (number,) = desk.telling._edges
    desk.worker.says(type="idle")
    assert desk.worker.is_running, "it has not kept all"
    desk.worker.says(type="kept", ids=[number])
    desk.worker.says(type="idle")
    assert not desk.worker.is_running
    assert "" == desk.telling.trouble
    desk.worker.sent.clear()
    desk.telling.tell(edge("db"))
    assert ["config", "edge"] == [message["type"] for message in desk.worker.sent]


def test_a_changed_configuration_and_a_test_call_it_back() -> None:
    async def run() -> None:
        desk = Desk()
        desk.worker.start()
        desk.worker.says(type="idle")
        desk.telling.configure({"identifier": "sup"}, ALERTS)
        assert desk.worker.is_running
        desk.worker.says(type="idle")
        testing = asyncio.create_task(desk.telling.test("ops"))
        while not (asked := desk.worker.take("test")):
            await asyncio.sleep(0)
        desk.worker.says(type="idle")
        assert desk.worker.is_running, "it is being tested"
        desk.worker.says(type="tested", id=asked[0]["id"], ok=True, text="delivered")
        assert "delivered" == await testing

    asyncio.run(run())


def test_a_test_waits_until_the_one_that_was_sent_away_has_ended() -> None:
    async def run() -> None:
        desk = Desk()
        desk.worker.start()
        desk.worker.says(type="idle")
        start = desk.worker.start
        desk.worker.start = lambda: None  # type: ignore[method-assign]
        testing = asyncio.create_task(desk.telling.test("ops"))
        await asyncio.sleep(0)
        start()
        while not (asked := desk.worker.take("test")):
            await asyncio.sleep(0)
        desk.worker.says(type="tested", id=asked[0]["id"], ok=True, text="delivered")
        assert "delivered" == await testing

    asyncio.run(run())


def test_a_test_of_one_that_does_not_come_back_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 0.01)

    async def run() -> None:
        desk = Desk()
        desk.worker.start()
        desk.worker.says(type="idle")
        desk.worker.start = lambda: None  # type: ignore[method-assign]
        with pytest.raises(VigilError):
            await desk.telling.test("ops")

    asyncio.run(run())
