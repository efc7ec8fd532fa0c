"""What programs use, through control."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from support.fakes import EPOCH, World, group, program, usage
from vigild.control.facade import Facts
from vigild.control.processes import Processes
from vigild.control.samples import MAX_RECENT_NAMES, Samples, sample_facts
from vigild.core.access import Caller, Role, current_caller
from vigild.core.errors import Fault, VigilError
from vigild.core.machine import MachineMoment
from vigild.core.samples import Moment, Recent, SampleQuery

MOMENT = Moment(60, 1.0, 2.0, 3, 4, None, None, 5, 6, None, None, None, 0)


@dataclass
class Keeper:
    found: list[Moment] = field(default_factory=list)
    asked: list[SampleQuery] = field(default_factory=list)

    async def read_samples(self, query: SampleQuery) -> list[Moment]:
        self.asked.append(query)
        return self.found

    async def read_recent(self, names: Collection[str], now: float, minutes: int) -> dict[str, Recent]:
        return {name: Recent([60 * minutes], [1.0], [2]) for name in names if name != "new"}

    async def read_machine(self, query: SampleQuery) -> list[MachineMoment]:
        self.asked.append(query)
        return [MachineMoment(60, None, None, 0.5, 0.6, 1, 2, 3, 0, 0)]


@pytest.fixture
def world() -> World:
    world = World(group(program("web"))).boot()
    world.clock.advance(1)
    return world


def fault_of(samples: Samples, name: str, since: float = 0.0, until: float = 0.0, points: int = 300) -> Fault:
    with pytest.raises(VigilError) as caught:
        asyncio.run(samples.read(name, since, until, points))
    return caught.value.fault


def test_the_latest_sample_is_part_of_the_facts_of_a_process(world: World) -> None:
    samples, processes = Samples(world.engine, None), Processes(world.engine)
    assert {} == samples.latest("web") == samples.latest_of_daemon() == sample_facts(None)
    assert "rss_bytes" not in processes.facts("web")
    world.sampler.usages = {"web": usage(1.0, rss_bytes=7), "": usage(1.0, rss_bytes=8)}
    world.engine.sampling.want("rules")
    world.clock.advance()
    facts = samples.latest("web")
    assert (7, EPOCH + 1) == (facts["rss_bytes"], facts["sampled_at"])
    assert "pss_bytes" not in facts
    assert "at" not in facts
    assert 8 == samples.latest_of_daemon()["rss_bytes"]
    assert facts.items() <= processes.facts("web").items()
    assert facts.items() <= processes.all_facts()[0].items()


def test_who_watches_gets_samples_more_often_for_a_while(world: World) -> None:
    samples = Samples(world.engine, None)
    assert {"interval_seconds": 5.0, "daemon": {}, "machine": {}} == samples.watch(5.2, 1000)
    world.clock.advance(299)
    assert 60 == len(world.sampler.asked)
    world.clock.advance(300)
    assert 60 == len(world.sampler.asked)
    for wrong in ((0, 5), (5, 0)):
        with pytest.raises(VigilError):
            samples.watch(*wrong)


def test_what_is_kept_is_told_without_what_is_not_known(world: World) -> None:
    keeper = Keeper([MOMENT])
    answer = asyncio.run(Samples(world.engine, keeper).read("web", 10, 20, 5))
    assert [SampleQuery("web", 10, 20, 5)] == keeper.asked
    assert ["at", "cpu_percent", "cpu_percent_max", "rss_bytes", "rss_bytes_max", "threads", "processes", "restarts"] == list(
        answer[0]
    )  # fmt: skip


def test_where_nobody_says_it_is_the_last_hour(world: World) -> None:
    keeper = Keeper([MOMENT])
    asyncio.run(Samples(world.engine, keeper).read(""))
    assert [SampleQuery("", EPOCH + 1 - 3600, EPOCH + 1, 300)] == keeper.asked


def test_what_cannot_be_asked(world: World) -> None:
    samples = Samples(world.engine, Keeper())
    assert [] == asyncio.run(samples.read("web"))
    assert Fault.BAD_NAME == fault_of(samples, "nobody")
    assert Fault.BAD_ARGUMENTS == fault_of(samples, "web", points=0)
    assert Fault.BAD_ARGUMENTS == fault_of(samples, "web", since=20, until=10)
    assert Fault.FAILED == fault_of(Samples(world.engine, None), "web")


def test_the_last_minutes_of_many_and_of_nobody_elses(world: World) -> None:
    samples = Samples(world.engine, Keeper())
    line: Facts = {"at": [120], "cpu_percent": [1.0], "rss_bytes": [2]}
    asked = ["web", "new", "db:a", "web", ""]
    expected = [{"name": "web", **line}, {"name": "db:a", **line}]
    assert expected == asyncio.run(samples.recent(asked, 2))
    token = current_caller.set(Caller("ci", Role.VIEWER, programs=("web",)))
    try:
        assert expected[:1] == asyncio.run(samples.recent(asked, 2))
    finally:
        current_caller.reset(token)


@pytest.mark.parametrize(("count", "minutes"), [(MAX_RECENT_NAMES + 1, 5), (1, 0), (1, 31)])
def test_so_many_names_and_minutes_and_no_more(world: World, count: int, minutes: int) -> None:
    names = [f"p{number}" for number in range(count)]
    with pytest.raises(VigilError) as caught:
        asyncio.run(Samples(world.engine, Keeper()).recent(names, minutes))
    assert Fault.BAD_ARGUMENTS is caught.value.fault
    with pytest.raises(VigilError, match="history=false"):
        asyncio.run(Samples(world.engine, None).recent(["web"], 5))


def test_the_machine_now_and_over_time(world: World) -> None:
    keeper = Keeper()
    samples = Samples(world.engine, keeper)
    assert {} == samples.latest_of_machine()
    samples.watch(5, 60)
    world.clock.advance(6)
    found = samples.latest_of_machine()
    assert ("cpu_percent" in found, found["load1"], found["at"]) == (False, 0.5, EPOCH + 6)
    told = asyncio.run(samples.read_machine(10, 20, 5))
    assert [SampleQuery("", 10, 20, 5)] == keeper.asked
    assert told[0].items() >= {"at": 60, "load1": 0.5, "memory_bytes_max": 2}.items()
    assert "cpu_percent" not in told[0]
    for wrong, fault in (((9, 5), Fault.BAD_ARGUMENTS), ((5, 9, 0), Fault.BAD_ARGUMENTS)):
        with pytest.raises(VigilError) as caught:
            asyncio.run(samples.read_machine(*wrong))
        assert caught.value.fault is fault
    with pytest.raises(VigilError, match="history=false"):
        asyncio.run(Samples(world.engine, None).read_machine())
