"""One look at the process table for all who ask."""

from support.fakes import World
from vigild.core.descendants import Table
from vigild.engine.kin import Kin


def test_one_look_serves_all_who_asked_for_that_time() -> None:
    world = World()
    kin = Kin(world.ports, {})
    served: list[tuple[str, Table]] = []
    for name, delay in (("late", 5.0), ("a", 0.0), ("b", 0.0)):
        kin.look(lambda table, name=name: served.append((name, table)), delay)
    assert served == []
    world.clock.advance()
    assert [name for name, _ in served] == ["a", "b"]
    assert world.table.looks == 1
    world.clock.advance(5)
    assert [name for name, _ in served] == ["a", "b", "late"]
    assert world.table.looks == 2
    assert world.clock.armed == 0


def test_who_is_served_may_ask_again() -> None:
    world = World()
    kin = Kin(world.ports, {})
    times: list[float] = []

    def ask(table: Table) -> None:
        times.append(world.clock.now)
        if len(times) < 3:
            kin.look(ask, 1.0)

    kin.look(ask)
    world.clock.advance(10)
    assert times == [0.0, 1.0, 2.0]


def test_after_close_nobody_is_answered() -> None:
    world = World()
    kin = Kin(world.ports, {})
    kin.look(lambda table: None)
    kin.close()
    kin.close()
    assert world.clock.armed == 0
