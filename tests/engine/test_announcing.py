"""What people and listeners are told of a process."""

from support.fakes import World, group, listener, program
from vigild.core.process import Autorestart, Stop

ALL = ("PROCESS_STATE", "PROCESS_FLAPPING", "PROCESS_FLAPPING_CLEARED")


def told(world: World) -> list[str]:
    pool = world.engine.groups["ear"].pool
    assert pool is not None
    return [envelope.event.type.removeprefix("PROCESS_") for envelope in pool.pool.buffer]


def test_each_move_is_an_event_and_most_are_lines() -> None:
    ear = listener("ear", *ALL, buffer_size=100)
    world = World(ear, group(program("web", autorestart=Autorestart.NEVER))).boot()
    world.clock.advance(2)
    world.exits("web", 256)
    assert ["STATE_STARTING", "STATE_RUNNING", "STATE_EXITED"] == told(world)[-3:]
    assert "WARN exited: web (exit status 1; not expected)" in world.log.lines
    assert any(line.startswith("INFO success: web entered RUNNING state") for line in world.log.lines)


def test_a_stop_is_a_warning_when_the_exit_status_was_not_expected() -> None:
    world = World(group(program("clean")), group(program("killed"))).boot()
    for name, status in (("clean", 0), ("killed", 15)):
        world._process(name).feed(Stop())
        world.exits(name, status)
    assert "INFO stopped: clean (exit status 0)" in world.log.lines
    assert "WARN stopped: killed (terminated by SIGTERM)" in world.log.lines


def test_flapping_is_told_when_it_begins_and_when_it_ends() -> None:
    ear = listener("ear", *ALL, buffer_size=200)
    world = World(ear, group(program("web", start_seconds=0, autorestart=Autorestart.ALWAYS))).boot()
    for _ in range(40):
        if "FLAPPING" in told(world):
            break
        world.exits("web", 0)
        world.clock.advance(1)
    assert 1 == told(world).count("FLAPPING")
    assert any(line.startswith("WARN flapping: web had ") for line in world.log.lines)
    world.clock.advance(300)
    assert 1 == told(world).count("FLAPPING_CLEARED")
    assert "INFO flapping is over: web has stayed up" in world.log.lines
