"""Which troubles are open: told once, written down after, known to the next daemon."""

from support.fakes import EPOCH, FakeAlerts, World
from vigild.core.edges import EdgeKind, Severity
from vigild.engine.records import TROUBLE
from vigild.engine.troubles import Troubles


def troubles(entries: dict[str, bytes] | None = None) -> tuple[World, FakeAlerts, Troubles]:
    world = World()
    world.ports.alerts = world.alerts
    return world, world.alerts, Troubles(world.ports, entries or {})


def begin(of: Troubles, trouble: str, name: str = "x") -> None:
    of.begin(EdgeKind.DAEMON, Severity.WARNING, "daemon", name, trouble, "text", {})


def test_each_is_told_once_and_its_end_once() -> None:
    world, alerts, known = troubles()
    begin(known, "a")
    begin(known, "a")
    begin(known, "b")
    assert known.since("daemon", "x", "a") == EPOCH
    assert (known.of("daemon", "x"), known.of("daemon", "y")) == (("a", "b"), ())
    world.clock.advance(5)
    known.end("daemon", "x", ("a", "c"), "over")
    known.end("daemon", "x", ("a",), "over")
    known.end("daemon", "y", ("a",), "over")
    assert [edge.details for edge in alerts.edges] == [{}, {}, {"lasted": 5.0}]
    assert alerts.told == ["daemon daemon:x:a", "daemon daemon:x:b", "recovered daemon:x:a"]
    assert world.journal.entries == {TROUBLE: {"daemon:x": b'{"b":1700000000.0}'}}


def test_it_is_told_before_it_is_written_down() -> None:
    world, alerts, known = troubles()
    order: list[str] = []
    put, tell = world.journal.put, alerts.tell
    world.journal.put = lambda *what: (order.append("written"), put(*what))[1]  # type: ignore[assignment, method-assign, func-returns-value]
    alerts.tell = lambda edge: (order.append("told"), tell(edge))[1]  # type: ignore[assignment, method-assign, func-returns-value]
    begin(known, "a")
    assert order == ["told", "written"]


def test_what_the_daemon_before_knew_is_known_and_what_nobody_can_read_is_not() -> None:
    _, alerts, known = troubles(
        {
            "daemon:x:y": b'{"a":1.5,"b":"no"}',
            "daemon:z": b"[]",
            "daemon:w": b"{",
            "program:web": b'{"down":2}',
        }
    )
    assert known.since("daemon", "x:y", "a") == 1.5
    assert known.names("daemon") == ["x:y"]
    assert known.names("program") == ["web"]
    assert known.has_any("program", "web")
    assert not known.has_any("daemon", "z")
    known.close("the end")
    assert alerts.told == ["recovered daemon:x:y:a quiet", "recovered program:web:down quiet"]
    assert known.names("daemon") == []
