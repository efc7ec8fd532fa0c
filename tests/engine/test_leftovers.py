"""What processes leave behind: found, told once, shown while it lives, and never looked for in vain."""

from support.fakes import World, group, program
from vigild.core.process import Autorestart, Stop
from vigild.engine.leftovers import leftovers_words
from vigild.engine.ports import Remains

DAEMON = 1
ONCE = Autorestart.NEVER


def ran(command: str = "w", seconds: float = 10.0, **config: object) -> World:
    """`w` has run as pid 100; its child 300 carries its mark."""
    world = World(group(program("w", **{"command": command, "autorestart": ONCE, **config})))
    world.table.gets_orphans = True
    world.boot()
    world.clock.advance(seconds)
    world.table.add(300, spawn_id="spawn-1", name="helper")
    return world


def left(world: World) -> list[int]:
    return [seen.pid for seen in world.engine.groups["w"].processes["w"].leftovers[0]]


def warnings(world: World) -> list[str]:
    return [line for line in world.log.lines if line.startswith("WARN") and "left" in line]


def test_what_lives_on_is_told_once_and_shown_until_it_dies() -> None:
    world = ran()
    world.exits("w")
    assert left(world) == []
    world.clock.advance(1)
    assert left(world) == [300]
    assert warnings(world) == ["WARN w left behind: 300 helper; killmode=tree would end that with it"]
    world.clock.advance(100)
    assert len(warnings(world)) == 1
    del world.table.seen[300]
    assert left(world) == []
    assert world.clock.armed == 0


def test_nothing_is_looked_at_while_we_have_no_child_that_we_do_not_know() -> None:
    world = ran(autorestart=Autorestart.ALWAYS)
    world.table.seen.clear()
    for number in range(5):
        world.engine.child_died(100 + number, 0)
        world.clock.advance(2)
    assert world.table.looks == 0


def test_of_what_another_daemon_ran_nothing_comes_to_us_so_all_is_looked_at() -> None:
    from engine.test_adoption import next_life

    config = group(program("w", autorestart=ONCE))
    old = World(config).boot()
    old.clock.advance(10)
    old.table.add(300, ppid=7, spawn_id="spawn-1")
    new, _ = next_life(old, config)
    assert isinstance(new.children.alive[100], Remains)
    new.engine.child_died(100, None)
    new.clock.advance(1)
    assert left(new) == [300]


def test_the_next_daemon_finds_what_is_still_there() -> None:
    from engine.test_adoption import next_life

    config = group(program("w", autorestart=ONCE))
    old = World(config).boot()
    old.clock.advance(10)
    old.exits("w")
    old.table.add(300, spawn_id="spawn-1")
    old.children.dead[100] = Remains()
    new, _ = next_life(old, config)
    new.clock.advance(1)
    assert left(new) == [300]


def test_a_stop_leaves_things_behind_as_well() -> None:
    world = ran()
    world.engine.groups["w"].processes["w"].feed(Stop())
    world.exits("w")
    world.clock.advance(1)
    assert left(world) == [300]


def test_many_ends_are_looked_into_together_and_not_too_often() -> None:
    world = ran(autorestart=Autorestart.ALWAYS, start_seconds=0)
    for number in range(20):
        world.engine.child_died(100 + number, 0)
        world.clock.advance(0.2)
    assert world.table.looks == 1
    world.clock.advance(10)
    assert world.table.looks == 2


def test_children_of_one_that_was_left_behind_are_found_when_it_dies() -> None:
    world = ran()
    world.exits("w")
    world.clock.advance(1)
    del world.table.seen[300]
    world.table.add(301, pgid=300)  # it had a child later, which has come to us
    world.engine.child_died(300, 0)
    assert "DEBG reaped pid 300, left behind by w (exit status 0)" in world.log.lines
    world.clock.advance(10)
    assert left(world) == [301]


def test_who_exits_with_0_at_once_and_leaves_somebody_has_gone_to_the_background() -> None:
    world = ran("nginx -c /x", seconds=0.1)
    world.exits("w")
    world.clock.advance(0.7)
    hint = (
        "it puts itself in the background; add -g 'daemon off;' (or say `daemon off;` in its configuration), "
        "or say forking=true"
    )
    assert warnings(world) == [f"WARN w exited with status 0 and left 300 helper running: {hint}"]
    assert world.engine.groups["w"].processes["w"].leftovers[1] == hint


def test_one_that_has_lost_its_mark_is_known_by_what_it_executes() -> None:
    world = ran("mydaemon", seconds=0.1)
    del world.table.seen[300]
    world.table.add(301, name="mydaemon")
    world.table.executables[301] = "mydaemon"
    world.exits("w")
    world.clock.advance(0.7)
    assert left(world) == [301]
    assert (
        "it puts itself in the background; run it in the foreground, or say forking=true"
        in warnings(world)[0]
    )


def test_an_end_in_error_is_none_in_the_background() -> None:
    world = ran(seconds=0.1)
    world.exits("w", 256)
    world.clock.advance(0.7)
    assert "killmode=tree" in warnings(world)[0]


def test_what_is_kept_in_mind_is_bounded() -> None:
    world = ran()
    for pid in range(400, 600):
        world.table.add(pid, ppid=300)
    world.exits("w")
    world.clock.advance(1)
    assert len(left(world)) == 64


def test_a_removed_process_is_forgotten() -> None:
    world = ran()
    world.exits("w")
    process = world.engine.groups["w"].processes["w"]
    world.clock.advance(1)
    assert world.engine.remove_group("w")
    assert process.leftovers == ((), "")


def test_words() -> None:
    world = ran()
    world.exits("w")
    world.clock.advance(1)
    seen, hint = world.engine.groups["w"].processes["w"].leftovers
    assert leftovers_words(seen, hint) == "left behind: 1 process (300 helper)"
    assert leftovers_words(seen * 2, "x") == "left behind: 2 processes (300 helper, 300 helper); x"
