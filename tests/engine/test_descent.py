"""A daemon dies while a program goes to the background, or while a tree ends; the next one goes on with that."""

from engine.test_adoption import next_life
from support.fakes import World, group, program
from vigild.config.model import GroupConfig
from vigild.core.adoption import Fate
from vigild.core.kill_mode import KillMode
from vigild.core.process import Stop
from vigild.engine.ports import Remains

FORKING = group(program("d", forking=True, pidfile="/run/d.pid"))
TREE = group(program("t", kill_mode=KillMode.TREE))


def crash_after(old: World, config: GroupConfig, pid: int) -> World:
    """The daemon dies after its child `pid` did; what the table shows is the same for the next one."""
    old.children.dead[pid] = Remains()
    new, adoption = next_life(old, config)
    new.adoption = adoption  # type: ignore[attr-defined]
    return new


def test_what_a_launcher_left_is_looked_for_by_the_next_daemon() -> None:
    old = World(FORKING)
    old.table.add(300, spawn_id="spawn-1")
    old.boot()
    old.exits("d")
    new = crash_after(old, FORKING, 100)
    assert new.adoption.outcomes == {"d": Fate.FIND_MAIN}  # type: ignore[attr-defined]
    new.table.pidfiles["/run/d.pid"] = 300
    new.clock.advance(3)
    assert new.state("d") == "RUNNING"
    assert new.engine.groups["d"].processes["d"].process.pid == 300
    assert new.children.spawned == []


def test_the_process_in_the_background_is_adopted_as_any_other() -> None:
    old = World(FORKING)
    old.table.add(300, spawn_id="spawn-1")
    old.table.pidfiles["/run/d.pid"] = 300
    old.boot()
    old.exits("d")
    old.clock.advance(3)
    assert old.state("d") == "RUNNING"
    new, adoption = next_life(old, FORKING)
    assert adoption.outcomes == {"d": Fate.ADOPT}
    process = new.engine.groups["d"].processes["d"]
    assert process.process.pid == 300
    assert [pid for pid, _ in process.origin.anchors][:2] == [100, 300]


def test_a_tree_that_was_being_ended_is_ended_by_the_next_daemon_before_it_starts_anything() -> None:
    old = World(TREE)
    old.boot()
    old.clock.advance(1)
    old.table.add(300, spawn_id="spawn-1")
    old.exits("t", 256)
    assert old.state("t") == "STARTING"
    new = crash_after(old, TREE, 100)
    assert new.adoption.outcomes == {"t": Fate.END_TREE}  # type: ignore[attr-defined]
    new.clock.advance(0.1)
    assert new.children.spawned == []
    assert new.children.kills == [(300, 15, False)]
    new.table.seen.clear()
    new.clock.advance(1)
    assert len(new.children.spawned) == 1


def test_a_stop_goes_on_until_the_tree_has_ended_too() -> None:
    old = World(TREE)
    old.boot()
    old.clock.advance(1)
    old.table.add(300, spawn_id="spawn-1")
    old.engine.groups["t"].processes["t"].feed(Stop())
    old.exits("t")
    new = crash_after(old, TREE, 100)
    assert new.state("t") == "STOPPING"
    new.clock.advance(0.1)
    assert (300, 15, False) in new.children.kills
    new.table.seen.clear()
    new.clock.advance(1)
    assert new.state("t") == "STOPPED"
