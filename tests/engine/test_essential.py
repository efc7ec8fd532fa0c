"""The daemon ends with an essential program, and with what status."""

import pytest

from support.fakes import World, group, program
from vigild.core.process import Autorestart, Stop
from vigild.core.states import SupervisorState


def world_of(**config: object) -> tuple[World, list[int]]:
    """An essential program `e`, and what the daemon was to exit with each time it was told to end."""
    world = World(group(program("e", essential=True, **config)), group(program("other")))
    ends: list[int] = []
    world.engine.on_essential_end = lambda: ends.append(world.engine.exit_status)
    world.boot()
    return world, ends


@pytest.mark.parametrize(("wait_status", "code"), [(0, 0), (3 << 8, 3), (15, 143), (9 | 128, 137)])
def test_the_daemon_exits_with_the_status_of_the_program(wait_status: int, code: int) -> None:
    world, ends = world_of(autorestart=Autorestart.NEVER)
    world.clock.advance(2)
    world.exits("e", wait_status)
    assert ends == [code]
    assert (
        f"CRIT e is essential and has ended (EXITED): shutting down, to exit with status {code}"
        in world.log.lines
    )


def test_nobody_knows_how_it_ended() -> None:
    world, ends = world_of(autorestart=Autorestart.NEVER)
    world.clock.advance(2)
    world.engine.child_died(world.child("e").pid, None)
    assert ends == [1]


@pytest.mark.parametrize(("wait_status", "code"), [(0, 1), (3 << 8, 3)])
def test_one_that_is_given_up_fails_the_daemon(wait_status: int, code: int) -> None:
    world, ends = world_of(start_retries=0)
    world.exits("e", wait_status)
    assert world.state("e") == "FATAL"
    assert ends == [code]


def test_one_that_cannot_be_started_fails_the_daemon() -> None:
    world = World(group(program("e", essential=True, start_retries=0)))
    ends: list[int] = []
    world.engine.on_essential_end = lambda: ends.append(world.engine.exit_status)
    world.children.missing.add("e")
    world.boot()
    assert ends == [1]


def test_one_that_is_started_again_is_not_the_end() -> None:
    world, ends = world_of(autorestart=Autorestart.ALWAYS)
    world.clock.advance(2)
    world.exits("e")
    assert ends == []


def test_one_that_was_stopped_by_hand_is_not_the_end() -> None:
    world, ends = world_of()
    world.clock.advance(2)
    world.engine.groups["e"].processes["e"].feed(Stop())
    world.exits("e")
    assert ends == []


def test_in_the_end_of_all_it_changes_nothing_any_more() -> None:
    world, ends = world_of()
    world.clock.advance(2)
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    world.exits("e", 3 << 8)
    assert ends == []
    assert world.engine.exit_status == 0


def test_other_programs_are_not_essential() -> None:
    world, ends = world_of()
    world.clock.advance(2)
    world.exits("other", 0)
    assert ends == []


def test_signals_are_handed_on_to_essential_programs_only() -> None:
    world, _ = world_of()
    world.engine.signal_essential(10)
    assert world.children.kills == [(world.child("e").pid, 10, False)]
