"""What people are told of pools of event listeners: nobody takes what waits, or something was dropped."""

from support.fakes import World, listener
from vigild.core.edges import EdgeKind, Severity
from vigild.core.events import remote_communication_event
from vigild.core.process import Stop
from vigild.engine.pool_alarms import STUCK_SECONDS


def pool_world(buffer_size: int = 10) -> World:
    return World(listener("ear", "REMOTE_COMMUNICATION", buffer_size=buffer_size), alarms=True).boot()


def event(it: World, times: int = 1) -> None:
    for _ in range(times):
        it.engine.bus.emit(remote_communication_event("t", "data"))


def test_a_listener_that_does_not_acknowledge_is_told_when_others_wait_long() -> None:
    it = pool_world()
    it.child("ear").says(b"READY\n")
    event(it)
    it.clock.advance(2 * STUCK_SECONDS)
    assert it.alerts.told == []  # one event that takes long is not in anybody's way
    event(it, 2)
    it.clock.advance(STUCK_SECONDS - 1)
    assert it.alerts.told == []
    it.clock.advance(1)
    (edge,) = it.alerts.edges
    assert (edge.kind, edge.severity, edge.key) == (
        EdgeKind.LISTENER,
        Severity.CRITICAL,
        "listener:ear:stuck",
    )
    assert edge.text == "event listener ear has taken no event for 5 min, and 2 wait: ear is BUSY"
    assert edge.details == {"waiting": 2, "seconds": 300, "listeners": ["ear"]}
    it.alerts.edges.clear()
    it.clock.advance(3 * STUCK_SECONDS)
    assert it.alerts.told == []
    it.child("ear").says(b"RESULT 2\nOKREADY\n")
    assert it.alerts.told == ["recovered listener:ear:stuck"]


def test_one_that_is_slow_but_works_is_not_stuck() -> None:
    it = pool_world()
    it.child("ear").says(b"READY\n")
    event(it, 5)
    for _ in range(4):
        it.clock.advance(STUCK_SECONDS - 1)
        it.child("ear").says(b"RESULT 2\nOKREADY\n")
    it.child("ear").says(b"RESULT 2\nOKREADY\n")
    it.clock.advance(2 * STUCK_SECONDS)
    assert it.alerts.told == []
    assert it.clock.armed == 0


def test_listeners_that_do_not_run_are_not_stuck() -> None:
    it = pool_world()
    it._process("ear").feed(Stop())
    it.exits("ear", 15)
    event(it)
    it.clock.advance(3 * STUCK_SECONDS)
    assert it.alerts.told == []


def test_a_pool_that_overflows_is_told_once_and_when_it_has_caught_up() -> None:
    it = pool_world(buffer_size=2)
    event(it, 50)
    (edge,) = it.alerts.edges
    assert (edge.kind, edge.severity, edge.key) == (
        EdgeKind.OVERFLOW,
        Severity.WARNING,
        "listener:ear:overflow",
    )
    assert edge.text == "event listener ear lost events: its buffer of 2 is full, and the oldest are dropped"
    assert edge.details == {"dropped": 1, "waiting": 2, "event": "REMOTE_COMMUNICATION"}
    it.alerts.edges.clear()
    it.child("ear").says(b"READY\n")
    assert it.alerts.told == []
    it.child("ear").says(b"RESULT 2\nOKREADY\n")
    (edge,) = it.alerts.edges
    assert edge.text == "event listener ear has caught up; it lost 48 events in all"
    assert (edge.kind, edge.key) == (EdgeKind.RECOVERED, "listener:ear:overflow")


def test_a_pool_that_is_removed_has_no_trouble_any_more() -> None:
    it = pool_world(buffer_size=1)
    event(it, 2)
    it._process("ear").feed(Stop())
    it.exits("ear", 15)
    it.alerts.edges.clear()
    it.engine.remove_group("ear")
    assert it.alerts.told == ["recovered listener:ear:overflow quiet"]
    it.engine.settings.alarms.close()  # type: ignore[union-attr]
    assert it.clock.armed == 0


def test_the_end_of_the_daemon_ends_the_watch() -> None:
    it = pool_world()
    event(it)
    assert it.clock.armed == 1
    it.engine.settings.alarms.close()  # type: ignore[union-attr]
    assert it.clock.armed == 0
