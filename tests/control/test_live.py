"""What happens, as it happens."""

import asyncio
from collections.abc import Mapping
from functools import partial

import pytest

from control.test_history import Keeper
from support.fakes import World, group, program
from vigild.control.facade import Facts
from vigild.control.history import History
from vigild.control.live import BATCH, FLUSH_SECONDS, LOOK_SECONDS, Happening, Live, Tell
from vigild.control.operations import Action, Operations
from vigild.control.processes import Processes
from vigild.core.access import Caller, Role
from vigild.core.process import Start, Stop
from vigild.core.states import SupervisorState


def watched(world: World, tellers: Mapping[str, Tell] | None = None) -> tuple[Live, list[Happening]]:
    operations = Operations(world.engine, Processes(world.engine), lambda name: None)
    live, heard = Live(world.engine, operations, tellers), list[Happening]()
    live.begin(heard.extend)
    return live, heard


def kinds(heard: list[Happening]) -> list[str]:
    return [kind for kind, _ in heard]


def test_each_move_is_told_and_the_process_once() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    live, heard = watched(world)
    world.exits("web", 1 << 8)
    assert [] == heard
    world.clock.advance(FLUSH_SECONDS)
    assert ["state", "state", "state", "process"] == kinds(heard)
    assert [("RUNNING", "EXITED"), ("EXITED", "STARTING"), ("STARTING", "RUNNING")] == [
        (told["old"], told["new"]) for kind, told in heard if kind == "state"
    ]
    assert ("web", "RUNNING") == (heard[-1][1]["name"], heard[-1][1]["state"])
    live.end()
    heard.clear()
    world.exits("web")
    world.clock.advance(1)
    assert [] == heard
    assert None is world.engine.settings.observer


def test_groups_come_and_go() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    _, heard = watched(world)
    world.engine.add_group(group(program("new", autostart=False)))
    world.clock.advance(1)
    assert [("group", "new")] == [(kind, told["name"]) for kind, told in heard[:1]]
    assert "process" in kinds(heard)
    heard.clear()
    world.engine.groups["web"].processes["web"].feed(Stop())
    world.exits("web")
    world.engine.remove_group("web")
    world.clock.advance(1)
    assert {"name": "web", "change": "removed"} in [told for kind, told in heard if kind == "group"]
    assert "process" not in kinds(heard)  # there is no such process any more


def test_the_daemon_ends() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    _, heard = watched(world)
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    world.clock.advance(FLUSH_SECONDS)
    assert ("daemon", {"state": "SHUTDOWN"}) == heard[0]


@pytest.mark.parametrize("has_run", [False, True])
def test_a_schedule_that_is_paused_or_resumed_is_told_of(has_run: bool) -> None:
    world = World(group(program("nightly", schedule="0 3 * * *", autostart=False))).boot()
    _live, heard = watched(world)
    (process,), scheduling = world.engine.all_processes(), world.engine.scheduling
    assert scheduling is not None
    assert process.job is not None
    if has_run:
        process.feed(Start())
    for is_paused in (True, False):
        world.clock.advance(FLUSH_SECONDS)
        heard.clear()
        scheduling.set_paused(process.job, is_paused)
        world.clock.advance(FLUSH_SECONDS)
        ((kind, told),) = heard
        assert kind == "process"
        assert isinstance(told["schedule"], dict)
        assert told["schedule"]["paused"] is is_paused


def test_orders_and_logins_in_the_history_are_told_of_once_a_moment() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    history = History(world.engine, Keeper())
    history.note_order("stopProcess", "web", ["web"], "")  # nobody watches
    live, heard = watched(world)
    for _ in range(100):
        history.note_order("stopProcess", "web", ["web"], "")
        history.note_login("login", Caller("ann", Role.ADMIN))
    world.clock.advance(FLUSH_SECONDS)
    assert [("history", {"kind": "order"}), ("history", {"kind": "access"})] == heard
    live.end()
    history.note_users({"added": ["ann"]})
    world.clock.advance(1)
    assert len(heard) == 2


def test_what_is_no_process_is_told_of_when_it_is_otherwise() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    disk: Facts = {"name": "disk", "state": "passed", "cycles": 1}
    other: Facts = {"name": "other", "state": "passed"}
    live, heard = watched(world, {"monitor": lambda: [dict(disk), dict(other)]})
    stir = partial(world.engine.settings.stir, "monitor")
    world.engine.settings.stir("alert")  # there are none
    stir()
    world.clock.advance(LOOK_SECONDS + FLUSH_SECONDS)
    assert ["disk", "other"] == [told["name"] for _, told in heard]  # nobody had been told of them yet
    heard.clear()
    disk["cycles"] = 2
    stir()
    world.clock.advance(LOOK_SECONDS + FLUSH_SECONDS)
    assert [] == heard
    disk["state"] = "failed"
    stir()
    stir()
    world.clock.advance(LOOK_SECONDS + FLUSH_SECONDS)
    ((kind, told),) = heard
    assert ("monitor", "disk", "failed") == (kind, told["name"], told["state"])
    stir()
    live.end()
    heard.clear()
    disk["state"] = "passed"
    stir()
    world.clock.advance(1)
    assert [] == heard


def test_however_often_something_stirs_it_is_looked_at_at_a_bounded_pace() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    looks: list[float] = []

    def tell() -> list[Facts]:
        looks.append(world.clock.monotonic())
        return []

    watched(world, {"forward": tell})
    for _ in range(100):
        world.engine.settings.stir("forward")
        world.clock.advance(0.01)
    assert 1.0 / LOOK_SECONDS >= len(looks) > 2


def test_many_are_told_of_in_batches() -> None:
    world = World(group(*(program(f"p{n}", start_seconds=0) for n in range(BATCH + 50)), name="g")).boot()
    world.clock.advance(1)
    _, heard = watched(world)
    for process in world.engine.all_processes():
        process.feed(Stop())
    world.clock.advance(FLUSH_SECONDS)
    assert BATCH == kinds(heard).count("process")
    world.clock.advance(FLUSH_SECONDS)
    assert BATCH + 50 == kinds(heard).count("process")


def test_operations_are_told_of() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    live, heard = watched(world)

    async def run() -> None:
        operation = live._operations.begin(Action.SIGNAL, ["web"], "HUP")
        await live._operations.wait(operation, 5)

    asyncio.run(run())
    world.clock.advance(FLUSH_SECONDS)
    told = [told for kind, told in heard if kind == "operation"]
    assert ["running", "done"] == [one["state"] for one in told]
    assert (1, 1, 0) == (told[1]["total"], told[1]["done"], told[1]["failed"])


def test_samples_are_taken_while_somebody_wants_them() -> None:
    world = World(group(program("web", start_seconds=0))).boot()
    live, heard = watched(world)
    assert float("inf") == world.engine.sampling.interval_seconds
    live.sample(wanted=True)
    live.sample(wanted=True)
    assert world.engine.sampling.interval_seconds < 60
    live._sampled(1.0, {})
    assert [("samples", {"at": 1.0, "samples": []})] == heard
    live.end()
    assert float("inf") == world.engine.sampling.interval_seconds
    live._sampled(2.0, {})
    assert 1 == len(heard)
