"""The graph of dependencies."""

from support.fakes import World, group, program
from vigild.control.graph import Graph
from vigild.core.dependency import Condition, Dependency


def test_waves_and_what_is_waited_for() -> None:
    waits = (Dependency("db", Condition.READY, ("db:db",)),)
    world = World(group(program("web", depends_on=waits)), group(program("db", start_seconds=60))).boot()
    told = Graph(world.engine).graph()
    assert [["db"], ["web"]] == told["waves"]
    web = next(one for one in told["processes"] if one["name"] == "web")  # type: ignore[attr-defined]
    assert [
        {"name": "db", "condition": "ready", "targets": ["db"], "waited_for": True, "trouble": ""}
    ] == web["depends_on"]
