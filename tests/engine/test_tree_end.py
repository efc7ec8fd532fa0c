"""`killmode = tree`: nothing of a process outlives its stop, nor its crash."""

from support.fakes import World, group, program
from vigild.core.kill_mode import KillMode
from vigild.core.process import Start, Stop
from vigild.core.states import SupervisorState


def running(**config: object) -> World:
    """`t` runs as pid 100, and has left its mark on 300, which has the child 301."""
    world = World(group(program("t", kill_mode=KillMode.TREE, **config)))
    world.table.add(100, start_ticks=900)
    world.boot()
    world.clock.advance(1)
    world.table.add(300, spawn_id="spawn-1")
    world.table.add(301, ppid=300)
    assert world.state("t") == "RUNNING"
    return world


def dies(world: World, pid: int = 100, wait_status: int = 0) -> None:
    del world.table.seen[pid]
    world.engine.child_died(pid, wait_status)
    world.clock.advance(0.5)


def process(world: World):  # type: ignore[no-untyped-def]
    return world.engine.groups["t"].processes["t"]


def test_stopped_only_when_all_are_gone() -> None:
    world = running(stop_signal=3)
    process(world).feed(Stop())
    assert world.children.kills == [(100, 3, False)]
    dies(world)
    assert world.children.kills[1:] == [(300, 3, False), (301, 3, False)]
    assert "INFO ending what t left behind: 300 p300, 301 p301" in world.log.lines
    assert world.state("t") == "STOPPING"
    world.table.seen.clear()
    world.clock.advance(1)
    assert world.state("t") == "STOPPED"
    assert world.clock.armed == 0


def test_who_does_not_go_is_killed_when_the_time_is_over() -> None:
    world = running(stop_wait_seconds=5)
    process(world).feed(Stop())
    dies(world)
    del world.table.seen[300]
    world.clock.advance(6)
    assert (301, 9, False) in world.children.kills
    assert (300, 9, False) not in world.children.kills
    assert any("WARN killing what t left behind with SIGKILL: 301 p301" in line for line in world.log.lines)


def test_who_is_born_meanwhile_is_ended_too() -> None:
    world = running()
    process(world).feed(Stop())
    dies(world)
    world.table.add(302, ppid=301)
    world.clock.advance(1)
    assert world.children.kills[-1] == (302, 15, False)
    assert len(world.children.kills) == 4  # each is asked once


def test_what_may_not_be_ended_is_told_and_not_waited_for() -> None:
    world = running()
    process(world).feed(Stop())
    world.children.kill_error = PermissionError(1, "Operation not permitted")
    dies(world)
    assert world.state("t") == "STOPPED"
    assert any("CRIT cannot end 300 (p300), which t left behind" in line for line in world.log.lines)


def test_who_was_gone_before_the_signal_came_is_no_trouble() -> None:
    world = running()
    process(world).feed(Stop())
    world.children.kill_error = ProcessLookupError(3, "No such process")
    dies(world)
    world.table.seen.clear()
    world.clock.advance(1)
    assert world.state("t") == "STOPPED"


def test_after_a_crash_nobody_is_left_when_it_starts_anew() -> None:
    world = running()
    dies(world, wait_status=256)
    assert world.state("t") == "STARTING"
    assert len(world.children.spawned) == 1
    assert world.children.kills == [(300, 15, False), (301, 15, False)]
    world.table.seen.clear()
    world.clock.advance(1)
    assert len(world.children.spawned) == 2


def test_a_stop_that_comes_before_the_new_start_prevents_it() -> None:
    world = running()
    dies(world, wait_status=256)
    process(world).feed(Stop())
    world.table.seen.clear()
    world.clock.advance(1)
    assert world.state("t") == "STOPPED"
    assert len(world.children.spawned) == 1


def test_a_start_by_hand_waits_as_well() -> None:
    world = running()
    dies(world)  # exited as expected: no restart
    assert world.state("t") == "EXITED"
    process(world).feed(Start())
    assert len(world.children.spawned) == 1
    world.table.seen.clear()
    world.clock.advance(1)
    assert len(world.children.spawned) == 2


def test_the_daemon_does_not_end_before_the_tree_of_one_that_ended_by_itself() -> None:
    world = running()
    dies(world)
    ended: list[bool] = []
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: ended.append(True))
    assert ended == []
    world.table.seen.clear()
    world.clock.advance(1)
    assert ended == [True]


def test_the_log_names_only_a_few_of_many() -> None:
    world = running()
    for pid in range(400, 420):
        world.table.add(pid, ppid=300)
    dies(world)
    assert any(line.endswith("and 14 more") for line in world.log.lines)
