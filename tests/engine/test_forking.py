"""Programs that put themselves in the background: who is found, who is not, and what is said."""

from support.fakes import World, group, program

PIDFILE = "/run/d.pid"


def launched(world: World, status: int = 0, **config: object) -> World:
    """A forking program `d` whose launcher (pid 100) has exited."""
    world.engine.add_group(group(program("d", forking=True, **config)))
    world.boot()
    assert world.state("d") == "STARTING"
    world.exits("d", status << 8)
    world.clock.advance()
    return world


def pid(world: World) -> int:
    return int(world.engine.groups["d"].processes["d"].process.pid)


def error(world: World) -> str:
    return str(world.engine.groups["d"].processes["d"].process.spawn_error)


def test_what_the_launcher_left_is_found_by_its_mark() -> None:
    world = World()
    world.table.add(300, spawn_id="spawn-1")
    world.table.add(301, ppid=300)
    launched(world)
    assert pid(world) == 300
    world.clock.advance(1)
    assert world.state("d") == "RUNNING"
    assert "INFO 'd' runs in the background with pid 300" in world.log.lines


def test_its_exit_is_the_exit_of_the_process_and_its_streams_go_on_until_then() -> None:
    world = World()
    world.table.add(300, spawn_id="spawn-1")
    launched(world)
    world.clock.advance(1)
    child = world.child("d")
    assert not child.finished
    world.engine.child_died(300, 9)
    assert child.finished
    assert any("exited: d (terminated by SIGKILL; not expected)" in line for line in world.log.lines)
    assert world.state("d") == "STARTING"  # restarted
    assert len(world.children.spawned) == 2


def test_a_pidfile_decides_and_may_be_written_late() -> None:
    world = World()
    world.table.add(300, spawn_id="spawn-1")
    world.table.add(301, ppid=300)
    launched(world, pidfile=PIDFILE)
    assert pid(world) == 0
    world.table.pidfiles[PIDFILE] = 301
    world.clock.advance(1)
    assert pid(world) == 301


def test_a_relative_pidfile_is_in_the_programs_directory() -> None:
    world = World()
    world.table.add(300, spawn_id="spawn-1")
    world.table.pidfiles["/srv/d.pid"] = 300
    launched(world, pidfile="d.pid", directory="/srv")
    assert pid(world) == 300


def test_a_pidfile_that_names_a_stranger_is_not_believed() -> None:
    world = World()
    world.table.add(300, spawn_id="spawn-1")
    world.table.add(77, ppid=5)
    world.table.pidfiles[PIDFILE] = 77
    launched(world, pidfile=PIDFILE)
    world.clock.advance(31)
    assert world.state("d") in ("BACKOFF", "STARTING")
    assert any(
        f"the pidfile {PIDFILE} names 77, which is no descendant of this program" in s
        for s in world.log.lines
    )
    assert (300, 15, False) in world.children.kills  # it would be in the way of the next start
    assert not any(kill[0] == 77 for kill in world.children.kills)


def test_a_pidfile_may_name_what_has_lost_its_mark_but_descends_from_us() -> None:
    world = World()
    world.table.add(300)
    world.table.add(301, ppid=300)
    world.table.pidfiles[PIDFILE] = 301
    launched(world, pidfile=PIDFILE)
    assert pid(world) == 301


def test_a_pidfile_that_names_what_another_program_left_behind_is_not_believed() -> None:
    world = World()
    world.table.add(300, spawn_id="spawn-1")
    world.table.add(301, spawn_id="spawn-77")
    world.table.pidfiles[PIDFILE] = 301
    launched(world, pidfile=PIDFILE)
    world.clock.advance(31)
    assert any("names 301, which is no descendant of this program" in line for line in world.log.lines)


def test_a_pidfile_of_the_run_before_names_nobody() -> None:
    world = World()
    world.table.add(300, spawn_id="spawn-1")
    world.table.pidfiles[PIDFILE] = 4711
    launched(world, pidfile=PIDFILE)
    world.clock.advance(31)
    assert any("names 4711, and there is no such process" in line for line in world.log.lines)


def test_an_unwritten_pidfile_is_said_so() -> None:
    world = World()
    world.table.add(300, spawn_id="spawn-1")
    launched(world, pidfile=PIDFILE)
    world.clock.advance(31)
    assert any(f"the pidfile {PIDFILE} names no process" in line for line in world.log.lines)


def test_a_launcher_that_left_nobody_has_failed() -> None:
    for config in ({}, {"pidfile": PIDFILE}):
        world = launched(World(), start_retries=0, **config)
        world.clock.advance(32)
        assert world.state("d") == "FATAL"
        assert error(world).startswith("the launcher exited and left no process behind")


def test_the_only_orphan_without_a_mark_is_taken() -> None:
    world = World()
    world.table.add(300)
    launched(world)
    assert pid(world) == 300


def test_what_the_daemon_runs_for_itself_is_not_taken() -> None:
    world = World()
    world.table.add(1, ppid=0, pgid=1)
    world.table.add(300, pgid=1)
    launched(world, start_retries=0)
    world.clock.advance(2)
    assert world.state("d") == "FATAL"


def test_of_several_the_one_with_the_launchers_executable_is_taken() -> None:
    world = World()
    world.table.add(300)
    world.table.add(301)
    world.table.executables[301] = "d"
    launched(world)
    assert pid(world) == 301


def test_no_guess_between_several() -> None:
    world = World()
    world.table.add(300)
    world.table.add(301)
    launched(world, start_retries=0)
    assert (
        error(world)
        == "the launcher exited, and it cannot be told which process it left: 300, 301; say pidfile="
    )
    assert world.children.kills == []


def test_what_belongs_to_another_program_is_nobodys_orphan() -> None:
    world = World(group(program("other", kill_mode=None)))
    world.table.add(300, pgid=100)  # left in the group of pid 100, which is `other`
    world.boot()
    launched(world, start_retries=0)
    world.clock.advance(2)
    assert error(world).startswith("the launcher exited and left no process behind")


def test_a_launcher_that_fails_is_a_failed_start() -> None:
    world = launched(World(), status=3, start_retries=0)
    assert world.state("d") == "FATAL"
    assert error(world).startswith("the launcher exited with status 3")
    assert world.child("d").finished


def test_a_stop_while_it_is_looked_for_ends_what_is_found() -> None:
    from vigild.core.process import Stop

    world = World()
    world.table.add(300, spawn_id="spawn-1")
    launched(world, pidfile=PIDFILE)
    world.engine.groups["d"].processes["d"].feed(Stop())
    world.table.pidfiles[PIDFILE] = 300
    world.clock.advance(1)
    assert world.children.kills == [(300, 15, False)]
    assert world.state("d") == "STOPPING"
    world.engine.child_died(300, 15)
    assert world.state("d") == "STOPPED"
