"""Events to many clients: going on, beginning anew, being too slow."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest

from support.until import DEADLINE_SECONDS
from vigild.control.live import Happening
from vigild.core.access import Caller, Role, current_caller
from vigild.fronts.api import feed as feeds
from vigild.fronts.api.feed import Client, Feed
from vigild.fronts.api.problems import ProblemError


class FakeLive:
    def __init__(self) -> None:
        self.hear: Callable[[list[Happening]], None] | None = None
        self.watchers = 0
        self.dropped = 0
        self.wanted = False

    def begin(self, hear: Callable[[list[Happening]], None]) -> None:
        self.hear = hear

    def end(self) -> None:
        self.hear = None

    def sample(self, *, wanted: bool) -> None:
        self.wanted = wanted

    def tell(self, *names: str) -> None:
        assert self.hear is not None
        self.hear([("state", {"name": name}) for name in names])


def made() -> tuple[Feed, FakeLive]:
    live = FakeLive()
    return Feed(live), live  # type: ignore[arg-type]


async def next_of(client: AsyncIterator[bytes]) -> str:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return (await anext(client)).decode()


def run(test: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(test())


def ids(text: str) -> list[str]:
    return [line[4:] for line in text.split("\n") if line.startswith("id: ")]


def test_all_clients_get_the_same() -> None:
    async def test() -> None:
        feed, live = made()
        first, second = feed.join("", samples=False), feed.join("", samples=False)
        assert "event: hello" in await next_of(first)
        assert "event: hello" in await next_of(second)
        waiting = [asyncio.ensure_future(next_of(client)) for client in (first, second)]
        await asyncio.sleep(0)
        live.tell("web", "db")
        one, two = await asyncio.gather(*waiting)
        assert one == two
        assert one.count("event: state") == 2
        assert 2 == live.watchers
        for client in (first, second):
            await client.aclose()
            await client.aclose()
        assert 0 == live.watchers

    run(test)


def test_who_comes_back_goes_on_where_it_was() -> None:
    async def test() -> None:
        feed, live = made()
        client = feed.join("", samples=False)
        await next_of(client)
        live.tell("a", "b", "c")
        first, *_ = ids(await next_of(client))
        await client.aclose()
        again = feed.join(first, samples=False)
        assert "retry" in await next_of(again)
        text = await next_of(again)
        assert ['{"name":"b"}', '{"name":"c"}'] == [
            line[6:] for line in text.split("\n") if line.startswith("data")
        ]
        await again.aclose()

    run(test)


@pytest.mark.parametrize("last", ["x", "00000000-1", "BOOT-99", "BOOT-²", "BOOT-" + "9" * 30, "-"])
def test_who_comes_from_elsewhere_begins_anew(last: str) -> None:
    async def test() -> None:
        feed, live = made()
        client = feed.join("", samples=False)
        boot = ids(await next_of(client))[0].partition("-")[0]
        again = feed.join(last.replace("BOOT", boot), samples=False)
        assert "event: reset" in await next_of(again)
        live.tell("web")
        assert "web" in await next_of(again)

    run(test)


def test_who_is_too_slow_is_sent_away_and_told_to_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MAX_EVENTS", 3)

    async def test() -> None:
        feed, live = made()
        client = feed.join("", samples=False)
        here = ids(await next_of(client))[0]
        live.tell("a", "b", "c", "d")
        with pytest.raises(StopAsyncIteration):
            await anext(client)
        assert 1 == live.dropped
        assert '"reason":"too_old"' in await next_of(feed.join(here, samples=False))

    run(test)


def test_the_ring_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MAX_BYTES", 1000)

    async def test() -> None:
        feed, live = made()
        feed.join("", samples=False)
        live.tell(*["x" * 100] * 50)
        assert sum(len(one.encoded) for one in feed._ring) <= 1000
        assert feed._ring

    run(test)


def test_a_burst_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "PIECE_BYTES", 200)

    async def test() -> None:
        feed, live = made()
        client = feed.join("", samples=False)
        await next_of(client)
        live.tell(*(str(number) for number in range(100)))
        pieces = []
        while sum(map(len, map(ids, pieces))) < 100:
            pieces.append(await next_of(client))
        assert len(pieces) > 10
        numbers = [int(one.rpartition("-")[2]) for piece in pieces for one in ids(piece)]
        assert numbers == list(range(1, 101))

    run(test)


def test_samples_go_to_those_who_want_them_and_are_not_kept() -> None:
    async def test() -> None:
        feed, live = made()
        plain, keen = feed.join("", samples=False), feed.join("", samples=True)
        await next_of(plain)
        await next_of(keen)
        assert live.wanted
        assert live.hear is not None
        live.hear([("samples", {"at": 1, "samples": []})])
        text = await next_of(keen)
        assert ("event: samples" in text, ids(text)) == (True, [])
        live.tell("web")
        assert "samples" not in await next_of(plain)
        assert "samples" not in await next_of(keen)
        await keen.aclose()
        assert not live.wanted

    run(test)


def test_silence_has_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "HEARTBEAT_SECONDS", 0.01)

    async def test() -> None:
        feed, _ = made()
        client = feed.join("", samples=False)
        await next_of(client)
        assert ": alive\n\n" == await next_of(client)

    run(test)


def test_nothing_is_kept_for_long_when_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LINGER_SECONDS", 0.01)

    async def test() -> None:
        feed, live = made()
        client = feed.join("", samples=False)
        here = ids(await next_of(client))[0]
        await client.aclose()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while live.hear is not None:
                await asyncio.sleep(0.005)
        assert "event: reset" in await next_of(feed.join(here, samples=False))

    run(test)


def test_who_has_to_do_with_some_programs_hears_of_these(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "HEARTBEAT_SECONDS", 0.01)
    who = Caller("token:ci", Role.OPERATOR, "token", programs=("g:a", "web"))
    happened: list[Happening] = [
        ("state", {"name": "g:a"}),
        ("state", {"name": "g:b"}),
        ("process", {"name": "web"}),
        ("process", {"name": "db"}),
        ("group", {"name": "g", "change": "added"}),
        ("group", {"name": "db", "change": "added"}),
        ("operation", {"id": "mine", "by": "token:ci"}),
        ("operation", {"id": "other", "by": "ann@10.0.0.7"}),
        ("config", {"added": ["new"]}),
        ("history", {"kind": "access"}),
        ("monitor", {"name": "web", "state": "failed"}),
        ("daemon", {"state": "RESTARTING"}),
    ]
    theirs = ["g:a", "web", "g", "mine", "RESTARTING"]

    async def test() -> None:
        feed, live = made()
        token = current_caller.set(who)
        client = feed.join("", samples=True)
        here = ids(await next_of(client))[0]
        assert live.hear is not None
        live.hear(happened)
        live.hear([("samples", {"at": 1, "samples": [{"name": "g:a"}, {"name": "g:b"}]})])
        text = await next_of(client)
        assert [*theirs, "samples"] == [told_of(line) for line in text.split("\n") if line.startswith("data")]
        assert '{"at":1,"samples":[{"name":"g:a"}]}' in text
        live.tell("db")
        silence = await next_of(client)
        assert 13 == int(ids(silence)[0].rpartition("-")[2])  # where it goes on, if the connection is lost
        assert "data" not in silence
        again = feed.join(here, samples=False)
        await next_of(again)
        text = await next_of(again)
        assert theirs == [told_of(line) for line in text.split("\n") if line.startswith("data")]
        current_caller.reset(token)
        everything = feed.join(here, samples=False)
        await next_of(everything)
        assert len(happened) + 1 == (await next_of(everything)).count("data: ")

    def told_of(line: str) -> str:
        told = json.loads(line.removeprefix("data: "))
        return str("samples" if "samples" in told else told.get("name") or told.get("id") or told["state"])

    run(test)


def test_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MAX_CLIENTS", 1)

    async def test() -> None:
        feed, _ = made()
        assert isinstance(feed.join("", samples=False), Client)
        with pytest.raises(ProblemError):
            feed.join("", samples=False)

    run(test)
