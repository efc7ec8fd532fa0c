"""Who logged in, and for how long."""

from vigild.core.access import Role
from vigild.core.sessions import IDLE_SECONDS, LONGEST_SECONDS, MAX_SESSIONS, Sessions


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
    sessions.end_others_than({"ann": Role.OPERATOR, "bob": Role.VIEWER})
    assert [sessions.find(key, 0.0) is not None for key in (b"ann", b"bob", b"eve")] == [True, False, False]


def test_looking_does_not_prolong_it() -> None:
    sessions = Sessions()
    sessions.begin(b"k", "ann", Role.VIEWER, 0.0)
    assert sessions.look(b"k", IDLE_SECONDS - 1) is not None
    assert sessions.look(b"k", IDLE_SECONDS + 1) is None
    assert sessions.look(b"other", 0.0) is None
