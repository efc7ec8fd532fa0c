"""What is remembered of orders, and what the next daemon makes of it."""

import asyncio
from collections.abc import Coroutine

from support.fakes import EPOCH, FakeStops, World, group, program
from vigild.config.model import GroupConfig
from vigild.control.processes import Processes
from vigild.core.errors import VigilError
from vigild.core.states import SupervisorState
from vigild.core.stop_marks import Cause, StopMark

HAND, AS_GROUP = StopMark(Cause.HAND, EPOCH + 1), StopMark(Cause.GROUP, EPOCH + 1)


def team(**changes: object) -> GroupConfig:
    return group(program("a", remember=True, **changes), program("b", **changes), name="team")


def running(stops: FakeStops, *groups: GroupConfig) -> tuple[World, Processes]:
    world = World(*groups, stops=stops).boot()
    world.engine.remembered.forget_others(world.engine.all_processes())
    world.clock.advance(1)
    return world, Processes(world.engine)


def order(coroutine: Coroutine[object, object, object]) -> None:
    asyncio.run(coroutine)  # type: ignore[arg-type]


def stopped(world: World, *names: str) -> None:
    for name in names:
        world.exits(name)


def test_what_an_operator_stopped_is_not_started_by_the_next_daemon() -> None:
    stops = FakeStops()
    _, processes = running(stops, team())
    order(processes.stop("team:a", wait=False))
    order(processes.stop("team:b", wait=False))
    assert stops.marks == {"team:a": HAND}, "b does not remember"
    after, processes = running(stops, team())
    assert (after.state("team:a"), after.state("team:b")) == ("STOPPED", "RUNNING")
    assert "INFO not started: 'a', which an operator stopped, says remember=true" in after.log.lines
    assert processes.info("team:a")["description"].startswith("Not started: stopped by an operator on ")  # type: ignore[attr-defined]


def test_a_start_is_remembered_as_well() -> None:
    stops = FakeStops({"team:a": HAND})
    world, processes = running(stops, team())
    order(processes.start("team:a", wait=False))
    assert stops.marks == {}
    assert world.state("team:a") == "STARTING"


def test_the_end_of_the_daemon_and_of_a_program_is_no_stop_by_hand() -> None:
    stops = FakeStops()
    world, _ = running(stops, team(autorestart=False))
    stopped(world, "team:a")
    world.engine.stop_everything(SupervisorState.RESTARTING, lambda: None)
    assert (stops.marks, stops.saves) == ({}, 0)


def test_an_update_of_its_group_is_no_stop_by_hand() -> None:
    stops = FakeStops()
    world, processes = running(stops, team())
    order(processes.stop_group("team", wait=False))
    assert stops.marks == {"team:a": AS_GROUP}
    stopped(world, "team:a", "team:b")
    assert world.engine.remove_group("team")
    assert stops.marks == {}
    world.engine.add_group(team(priority=5))
    world.clock.advance()
    assert world.state("team:a") == "STARTING"


def test_what_was_stopped_before_an_update_stays_stopped() -> None:
    for first in ("team:a", "team:*"):
        stops = FakeStops()
        world, processes = running(stops, team())
        order(processes.stop(first, wait=False))
        stopped(world, "team:a")
        order(processes.stop_group("team", wait=False))
        stopped(world, "team:b")
        assert world.engine.remove_group("team")
        world.engine.add_group(team(priority=5))
        world.clock.advance()
        assert (world.state("team:a"), world.state("team:b")) == ("STOPPED", "STARTING"), first


def test_a_stop_of_a_group_is_remembered_while_it_stays() -> None:
    stops = FakeStops()
    _, processes = running(stops, team())
    order(processes.stop_group("team", wait=False))
    after, _ = running(stops, team())
    assert (after.state("team:a"), after.state("team:b")) == ("STOPPED", "RUNNING")


def test_all_is_by_hand_and_what_waits_for_its_turn_can_be_stopped() -> None:
    stops = FakeStops()
    _, processes = running(stops, team())
    order(processes.stop_all(wait=False))
    assert stops.marks == {"team:a": HAND}
    early = FakeStops()
    world = World(team(), stops=early)
    order(Processes(world.engine).stop("team:a"))
    assert early.marks == {"team:a": StopMark(Cause.HAND, EPOCH)}


def test_a_stop_of_what_is_stopped_is_refused_and_still_meant() -> None:
    stops = FakeStops({"team:a": AS_GROUP})
    _, processes = running(stops, team())
    try:
        order(processes.stop("team:a"))
    except VigilError:
        assert stops.marks == {"team:a": HAND}
    else:
        raise AssertionError("it was not refused")


def test_marks_of_what_is_not_there_any_more_are_forgotten_at_the_start() -> None:
    stops = FakeStops({"team:a": HAND, "gone": HAND, "team:b": HAND})
    running(stops, team())
    assert stops.marks == {"team:a": HAND}


def test_where_nobody_remembers_nothing_is_read() -> None:
    stops = FakeStops({"web": HAND})
    world, processes = running(stops, group(program("web")))
    order(processes.stop("web", wait=False))
    assert (stops.loads, stops.saves, stops.discards) == (0, 0, 1)
    assert World(team()).boot().engine.remembered.mark_of(world.engine.groups["web"].processes["web"]) is None


def test_a_program_that_stops_to_remember_is_forgotten_when_it_is_started() -> None:
    stops = FakeStops({"team:a": HAND})
    world, processes = running(stops, team())
    order(processes.stop("team:b", wait=False))
    stopped(world, "team:b")
    assert world.engine.remove_group("team")
    world.engine.add_group(group(program("a"), program("b"), name="team"))
    world.clock.advance()
    assert stops.marks == {"team:a": HAND}
    world.clock.advance(1)
    order(processes.stop("team:a", wait=False))
    world.exits("team:a")
    order(processes.start("team:a", wait=False))
    assert stops.marks == {}
