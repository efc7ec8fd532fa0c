"""Who logged in, and for how long."""

from vigild.core.access import Role
from vigild.core.sessions import IDLE_SECONDS, LONGEST_SECONDS, MAX_SESSIONS, Session, Sessions


def test_a_session_ends_when_nobody_uses_it() -> None:
    sessions = Sessions()
    sessions.begin(b"k", "ann", Role.OPERATOR, 0.0)
    found = sessions.find(b"k", IDLE_SECONDS)
    assert found is not None
    assert (found.name, found.role) == ("ann", Role.OPERATOR)
    assert sessions.find(b"k", 2 * IDLE_SECONDS) is not None
    assert sessions.find(b"k", 3 * IDLE_SECONDS + 1) is None
    assert len(sessions) == 0


def test_a_session_ends_however_much_it_is_used() -> None:
    sessions = Sessions()
    sessions.begin(b"k", "ann", Role.VIEWER, 0.0)
    at = 0.0
    while at <= LONGEST_SECONDS:
        assert sessions.find(b"k", at) is not None
        at += IDLE_SECONDS
    assert sessions.find(b"k", at) is None


def test_logging_out_ends_it() -> None:
    sessions = Sessions()
    sessions.begin(b"k", "ann", Role.VIEWER, 0.0)
    sessions.end(b"k")
    sessions.end(b"never begun")
    assert sessions.find(b"k", 0.0) is None


def test_the_table_is_bounded_and_what_is_over_goes_first() -> None:
    sessions = Sessions()
    sessions.begin(b"old", "ann", Role.VIEWER, 0.0)
    late = IDLE_SECONDS + 1
    for number in range(MAX_SESSIONS + 1):
        sessions.begin(b"%d" % number, "ann", Role.VIEWER, late + number)
    assert (len(sessions), sessions.dropped) == (MAX_SESSIONS, 1)
    assert sessions.find(b"0", late) is None


def test_a_changed_configuration_ends_sessions() -> None:
    sessions = Sessions()
    for name in ("ann", "bob", "eve"):
        sessions.begin(name.encode(), name, Role.OPERATOR, 0.0)
    sessions.end_unless(lambda key, session: key == b"ann" and session.role is Role.OPERATOR)
    assert [sessions.find(key, 0.0) is not None for key in (b"ann", b"bob", b"eve")] == [True, False, False]


def test_looking_does_not_prolong_it() -> None:
    sessions = Sessions()
    sessions.begin(b"k", "ann", Role.VIEWER, 0.0)
    assert sessions.look(b"k", IDLE_SECONDS - 1) is not None
    assert sessions.look(b"k", IDLE_SECONDS + 1) is None
    assert sessions.look(b"other", 0.0) is None


def test_sessions_go_on_in_another_table() -> None:
    old, new = Sessions(), Sessions()
    old.begin(b"over", "ann", Role.VIEWER, 0.0)
    late = IDLE_SECONDS + 1
    old.begin(b"k", "ann", Role.OPERATOR, late, b"stamp")
    for key, session in old.all(late):
        new.go_on(key, session, late + 1)
    assert new.all(late + 1) == [(b"k", Session("ann", Role.OPERATOR, late, late, b"stamp"))]


def test_what_is_over_or_began_tomorrow_does_not_go_on() -> None:
    sessions = Sessions()
    sessions.go_on(b"a", Session("ann", Role.ADMIN, 0.0, 0.0), IDLE_SECONDS + 1)
    sessions.go_on(b"b", Session("ann", Role.ADMIN, 50.0, 0.0), 10.0)
    sessions.go_on(b"c", Session("ann", Role.ADMIN, 0.0, 50.0), 10.0)
    assert len(sessions) == 0


def test_the_bound_counts_for_those_that_go_on_too() -> None:
    sessions = Sessions()
    for number in range(MAX_SESSIONS + 5):
        sessions.go_on(b"%d" % number, Session("ann", Role.VIEWER, 0.0, float(number)), 1000.0)
    assert (len(sessions), sessions.dropped) == (MAX_SESSIONS, 5)
    assert sessions.look(b"4", 1000.0) is None
