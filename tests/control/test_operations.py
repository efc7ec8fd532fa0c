"""Operations: many at once, waves, giving up, and what is kept of them."""

import asyncio

import pytest

from support.fakes import World, group, program
from vigild.control import operations
from vigild.control.operations import Action, Operation, Operations
from vigild.control.processes import Processes
from vigild.core.dependency import Condition, Dependency
from vigild.core.errors import Fault, VigilError


def made(world: World) -> Operations:
    return Operations(world.engine, Processes(world.engine), lambda name: None)


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_names_are_expanded() -> None:
    world = World(group(program("a"), program("b"), name="g"), group(program("x"))).boot()
    there = made(world)
    assert ["g:a", "g:b", "x"] == there.expand(["g:*", "g:a", "x"])
    assert {"g:a", "g:b", "x"} == set(there.expand(["*"]))
    with pytest.raises(VigilError) as caught:
        there.expand(["x", "nobody"])
    assert Fault.BAD_NAME is caught.value.fault


def test_what_depends_on_others_is_stopped_before_them() -> None:
    waits = (Dependency("db", Condition.STARTED, ("db:db",)),)
    world = World(
        group(program("db", start_seconds=0)), group(program("web", start_seconds=0, depends_on=waits))
    ).boot()
    world.clock.advance()
    there = made(world)

    async def run() -> None:
        operation = there.begin(Action.RESTART, ["db", "web"])
        await turns()
        assert ("RUNNING", "STOPPING") == (world.state("db"), world.state("web"))
        world.exits("web")
        await turns()
        assert "STOPPING" == world.state("db")
        world.exits("db")
        await turns()
        world.clock.advance()
        await turns()
        await there.wait(operation, 5)
        assert ("done", ["RUNNING", "RUNNING"]) == (operation.state, [world.state("db"), world.state("web")])

    asyncio.run(run())


def test_what_was_not_begun_is_left_out_when_given_up() -> None:
    world = World(group(*(program(f"p{n}", autostart=False) for n in range(100)), name="g")).boot()
    there = made(world)

    async def run() -> None:
        operation = there.begin(Action.START, there.expand(["*"]))
        await turns(4)
        there.cancel(operation)
        await there.wait(operation, 5)
        assert "cancelled" == operation.state

    asyncio.run(run())
    assert 0 < len(world.children.spawned) < 100


def test_only_so_many_are_kept_and_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_FINISHED", 2)
    monkeypatch.setattr(operations, "MAX_RUNNING", 2)
    there = made(World(group(program("web"))).boot())

    async def run() -> None:
        gate = asyncio.Event()

        async def work(operation: Operation) -> None:
            await gate.wait()

        first = [there.run("x", [], work) for _ in range(2)]
        with pytest.raises(VigilError):
            there.run("x", [], work)
        gate.set()
        await turns()
        last = there.run("x", [], work)
        await there.wait(last, 5)
        assert [first[1], last] == there.all()
        assert there.get(first[0].id) is None
        monkeypatch.setattr(operations, "MAX_KEPT_OUTCOMES", 1)
        for _ in range(2):
            full = there.begin(Action.SIGNAL, ["web"], "HUP")
            await there.wait(full, 5)
        assert [full] == there.all()

    asyncio.run(run())


def test_a_defect_ends_an_operation_and_is_told() -> None:
    world = World(group(program("web"))).boot()
    there = made(world)

    async def work(operation: Operation) -> None:
        raise RuntimeError("oops")

    async def run() -> None:
        operation = there.run("x", [], work)
        await there.wait(operation, 5)
        assert "failed" == operation.state
        assert "oops" in str(operation.error)

    asyncio.run(run())


def test_what_was_not_done_is_noted_with_the_reason() -> None:
    world = World(group(*(program(f"p{n}", autostart=False) for n in range(30)), name="g")).boot()
    noted: list[tuple[object, ...]] = []
    there = Operations(
        world.engine, Processes(world.engine), lambda name: None, lambda *what: noted.append(what)
    )

    async def run() -> None:
        for names in (["g:p0"], there.expand(["g:*"])):
            await there.wait(there.begin(Action.STOP, names), 5)

    asyncio.run(run())
    assert ("operation", "g:p0", "g:p0: NOT_RUNNING") == (*noted[0][:2], noted[0][3])
    assert str(noted[1][3]).endswith("and 10 more")
    assert ("", "stop") == (noted[1][1], noted[1][2][0])  # type: ignore[index]


def test_clearing_many_logs() -> None:
    world = World(group(program("web")), group(program("db"))).boot()
    cleared: list[str] = []

    def clear(name: str) -> None:
        if name == "db":
            raise VigilError(Fault.FAILED, name)
        cleared.append(name)

    there = Operations(world.engine, Processes(world.engine), clear)

    async def run() -> None:
        operation = there.begin(Action.CLEAR_LOGS, ["web", "db"])
        await there.wait(operation, 5)
        assert ("failed", [True, False]) == (operation.state, [one["ok"] for one in operation.outcomes])

    asyncio.run(run())
    assert ["web"] == cleared
