"""What the history is told of a process: each move with its cause, each end with how and how long."""

import os
from pathlib import Path

from support.fakes import World, group, program
from vigild.core.access import Caller, Role, current_caller
from vigild.core.history import Kind
from vigild.core.process import Autorestart, Start, Stop
from vigild.core.restarts import OnFlapping
from vigild.engine import chronicle


def moves(world: World, name: str) -> list[tuple[object, ...]]:
    return [
        (details["old"], details["new"], details["cause"]) for details in world.history.of(Kind.STATE, name)
    ]


def test_a_life_with_its_causes() -> None:
    world = World(group(program("web", autorestart=Autorestart.ALWAYS))).boot()
    world.clock.advance(2)
    world.exits("web", 9)
    world.clock.advance(1)
    world._process("web").feed(Stop())
    world.exits("web", 15)
    assert moves(world, "web") == [
        ("STOPPED", "STARTING", "start"),
        ("STARTING", "RUNNING", "stayed_up"),
        ("RUNNING", "EXITED", "exit"),
        ("EXITED", "STARTING", "restart"),
        ("STARTING", "RUNNING", "stayed_up"),
        ("RUNNING", "STOPPING", "stop"),
        ("STOPPING", "STOPPED", "exit"),
    ]
    killed, stopped = world.history.of(Kind.EXIT, "web")
    assert killed == {
        "pid": 100,
        "state": "RUNNING",
        "ran": 2.0,
        "expected": False,
        "signal": "SIGKILL",
        "core": False,
    }
    assert (stopped["signal"], stopped["expected"], stopped["state"]) == ("SIGTERM", True, "STOPPING")


def test_the_exit_comes_before_the_moves_that_it_causes() -> None:
    world = World(group(program("web"))).boot()
    world.clock.advance(2)
    world.exits("web", 3 << 8)
    kinds = [fact.kind for fact in world.history.facts[-3:]]
    assert kinds == [Kind.EXIT, Kind.STATE, Kind.STATE]
    assert world.history.of(Kind.EXIT, "web")[0]["status"] == 3


def test_a_failed_start_is_unexpected_also_with_status_0() -> None:
    world = World(group(program("web"))).boot()
    world.exits("web", 0)
    (end,) = world.history.of(Kind.EXIT, "web")
    assert (end["expected"], end["status"], end["state"]) == (False, 0, "STARTING")


def test_an_expected_end() -> None:
    world = World(group(program("job"))).boot()
    world.clock.advance(2)
    world.exits("job", 0)
    (end,) = world.history.of(Kind.EXIT, "job")
    assert (end["expected"], end["status"]) == (True, 0)


def test_an_end_that_nobody_saw_has_no_made_up_status() -> None:
    world = World(group(program("web"))).boot()
    world.clock.advance(2)
    world.engine.child_died(world.child("web").pid, None)
    (end,) = world.history.of(Kind.EXIT, "web")
    assert "status" not in end
    assert "signal" not in end
    assert end["unseen"] == chronicle.UNSEEN_END


def test_a_core_dump_is_known() -> None:
    world = World(group(program("web"))).boot()
    world.clock.advance(2)
    world.exits("web", 11 | 0x80)
    assert world.history.of(Kind.EXIT, "web")[0]["core"] is True


def test_who_ordered_a_move_is_told_but_not_of_what_follows_by_itself() -> None:
    world = World(group(program("web", autostart=False))).boot()
    token = current_caller.set(Caller("ann@10.0.0.7", Role.ADMIN))
    try:
        world._process("web").feed(Start())
        world.clock.advance(2)
    finally:
        current_caller.reset(token)
    first, second = world.history.of(Kind.STATE, "web")
    assert first["by"] == "ann@10.0.0.7"
    assert "by" not in second


def test_what_could_not_be_spawned() -> None:
    world = World(group(program("web")))
    world.children.refuse["web"] = "exec format error"
    world.boot()
    (failed, *_) = world.history.of(Kind.SPAWN_FAILED, "web")
    assert failed == {"text": "exec format error", "tries": 1}
    assert ("STARTING", "BACKOFF", "spawn_failed") in moves(world, "web")


def test_flapping_begins_and_is_over() -> None:
    world = World(
        group(
            program("web", autorestart=Autorestart.ALWAYS, flapping=(2, 60.0), on_flapping=OnFlapping.BACKOFF)
        )
    )
    world.boot()
    for _ in range(4):
        world.clock.advance(2)
        if world.state("web") == "RUNNING":
            world.exits("web", 256)
    world._process("web").feed(Stop())
    told = [details["what"] for details in world.history.of(Kind.FLAPPING, "web")]
    assert told == ["began", "cleared"]


def test_how_far_the_logs_were_written_is_taken(tmp_path: Path) -> None:
    world = World(group(program("web"))).boot()
    world.clock.advance(2)
    log = tmp_path / "log"
    log.write_bytes(b"hello\n")
    process = world._process("web")
    process.stdout_logfile, process.stderr_logfile = str(log), "/dev/stderr"
    world.exits("web", 256)
    (fact,) = [fact for fact in world.history.facts if fact.kind is Kind.EXIT]
    (end,) = fact.outputs
    assert (end.channel, end.path, end.inode, end.size) == ("stdout", str(log), os.stat(log).st_ino, 6)


def test_a_log_that_is_gone_is_no_trouble() -> None:
    world = World(group(program("web"))).boot()
    world.clock.advance(2)
    world._process("web").stderr_logfile = "/nowhere/at/all"
    world.exits("web", 256)
    assert [fact.outputs for fact in world.history.facts if fact.kind is Kind.EXIT] == [()]


def test_the_launcher_of_a_forking_program_has_no_end_of_its_own() -> None:
    world = World(group(program("bg", forking=True))).boot()
    world.exits("bg", 0)
    assert world.history.of(Kind.EXIT, "bg") == []
