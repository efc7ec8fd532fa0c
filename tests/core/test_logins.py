"""Of logins as many go into the history as it can bear; the rest is counted."""

import pytest

from vigild.core.logins import (
    FAILED,
    MOST_AT_ONCE,
    MOST_NAMES,
    SECONDS_FOR_ONE_MORE,
    Account,
    LoginMeasure,
    changes,
)


def test_failures_in_a_row_are_told_at_powers_of_two() -> None:
    measure = LoginMeasure()
    told = {count: untold for count in range(1, 20) if (untold := measure.told(FAILED, count, 0.0)) >= 0}
    assert told == {1: 0, 2: 0, 4: 1, 8: 3, 16: 7}


def test_guesses_from_everywhere_are_bounded_and_none_goes_uncounted() -> None:
    measure = LoginMeasure()
    hour = 3600
    told = [measure.told(FAILED, 1, float(second) / 10) for second in range(hour * 10)]
    seen = [untold for untold in told if untold >= 0]
    assert len(seen) <= MOST_AT_ONCE + hour / SECONDS_FOR_ONE_MORE + 1
    assert len(seen) + sum(seen) + measure.failures.untold == len(told)


def test_guessers_do_not_silence_the_rightful() -> None:
    measure = LoginMeasure()
    for _ in range(1000):
        measure.told(FAILED, 1, 0.0)
    assert measure.told("login", 0, 0.0) == 0
    assert measure.told("logout", 0, 0.0) == 0


@pytest.mark.parametrize("what", ["login", "logout"])
def test_who_logs_in_without_end_is_counted_too(what: str) -> None:
    measure = LoginMeasure()
    told = [measure.told(what, 3, 0.0) for _ in range(MOST_AT_ONCE + 5)]
    assert told == [0] * MOST_AT_ONCE + [-1] * 5
    assert measure.told(what, 0, SECONDS_FOR_ONE_MORE) == 5


def test_quiet_times_are_not_saved_up_without_bound() -> None:
    measure = LoginMeasure()
    told = [measure.told("login", 0, 1e9) for _ in range(MOST_AT_ONCE * 2)]
    assert told.count(0) == MOST_AT_ONCE


def test_changes_of_users_without_what_is_secret() -> None:
    old = {
        "ann": Account("admin", "apple"),
        "bob": Account("viewer", "plum"),
        "carl": Account("viewer", "x"),
        "dora": Account("viewer", ""),
    }
    new = {
        "ann": Account("admin", "pear"),
        "carl": Account("operator", "x"),
        "dora": Account("admin", "new"),
        "eve": Account("viewer", "fig"),
    }
    assert changes(old, new) == {
        "added": ["eve (viewer)"],
        "removed": ["bob"],
        "changed": [
            "ann: password",
            "carl: viewer -> operator",
            "dora: viewer -> admin",
            "dora: password",
        ],
    }
    assert changes(old, old) == {}


def test_many_changes_are_cut() -> None:
    new = {f"u{number:03}": Account("viewer", "") for number in range(100)}
    (added,) = changes({}, new).values()
    assert (len(added), added[-1]) == (MOST_NAMES + 1, "+80")
