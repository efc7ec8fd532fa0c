"""Processes and groups as plain values."""

from support.fakes import EPOCH, World, group, listener, program
from vigild.config.model import Autorestart
from vigild.control.view import Views


def test_a_process_through_its_life() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    views = Views(world.engine)
    world.clock.advance(5)
    told = views.process("web")
    assert ("RUNNING", EPOCH, 5.0, 1, None) == (
        told["state"],
        told["started_at"],
        told["uptime_seconds"],
        told["starts"],
        told["exit_status"],
    )
    world.exits("web", 9)
    told = views.process("web")
    assert (2, EPOCH + 5) == (told["starts"], told["stopped_at"])
    assert EPOCH + 5 == views.now()


def test_how_it_ended() -> None:
    world = World(
        *(group(program(name, start_seconds=0, autorestart=Autorestart.NEVER)) for name in ("web", "db"))
    ).boot()
    views = Views(world.engine)
    world.exits("web", 3 << 8)
    told = views.process("web")
    assert (3, None, "EXITED", 0) == (
        told["exit_status"],
        told["exit_signal"],
        told["state"],
        told["uptime_seconds"],
    )
    world.exits("db", 9)
    told = views.process("db")
    assert (None, "SIGKILL") == (told["exit_status"], told["exit_signal"])


def test_a_pool() -> None:
    world = World(listener("ears", "TICK_5")).boot()
    told = Views(world.engine).group("ears")
    assert ("eventlistener", 0, 0, {"RUNNING": 1}) == (
        told["kind"],
        told["events_waiting"],
        told["events_dropped"],
        told["states"],
    )


def test_what_descends_from_it() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    child = world.child("web")
    world.table.add(child.pid, start_ticks=child.start_ticks, name="sh")
    world.table.add(9, child.pid, start_ticks=child.start_ticks + 1, name="sleep")
    world.table.add(8, 1, start_ticks=child.start_ticks + 1, name="other")
    told = Views(world.engine).tree("web")
    assert [(child.pid, "sh"), (9, "sleep")] == [(one["pid"], one["name"]) for one in told]
