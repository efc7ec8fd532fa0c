"""The pace of automatic restarts: rates, delays and their bounds."""

import pytest

from vigild.core.restarts import (
    FOR_EVER,
    Pace,
    flapping_words,
    is_too_often,
    next_delay,
    remembered,
    usual_delay_after_exit,
    usual_delay_after_failure,
)

THREE = Pace(flapping_restarts=3, window_seconds=10)
OFF = Pace(flapping_restarts=0)


@pytest.mark.parametrize(
    ("restarts", "too_often"),
    [
        ((), False),
        ((99.0, 99.5), False),
        ((98.0, 99.0, 99.5), True),
        ((90.0, 99.0, 99.5), False),  # exactly a window ago is outside
        ((90.1, 99.0, 99.5), True),
    ],
)
def test_one_restart_more_than_the_window_allows_is_too_often(
    restarts: tuple[float, ...], too_often: bool
) -> None:
    assert is_too_often(restarts, 100.0, THREE) is too_often
    assert is_too_often(restarts, 100.0, OFF) is False


def test_only_restarts_that_still_count_are_kept() -> None:
    assert remembered((), 100.0, THREE) == (100.0,)
    assert remembered((89.0, 95.0), 100.0, THREE) == (95.0, 100.0)
    assert remembered((95.0, 96.0, 97.0), 100.0, THREE) == (96.0, 97.0, 100.0)
    assert remembered((95.0, 96.0), 100.0, OFF) == ()


def test_a_delay_grows_by_its_factor_up_to_its_limit() -> None:
    pace = Pace(delay_seconds=0.5, factor=3, limit_seconds=10)
    delays = [0.0]
    for _ in range(5):
        delays.append(next_delay(delays[-1], pace))
    assert delays[1:] == [0.5, 1.5, 4.5, 10, 10]
    assert next_delay(0, Pace()) == 1.0
    assert next_delay(0, Pace(delay_seconds=90)) == 60
    assert next_delay(60, Pace(factor=1e308)) == 60, "no factor is too large"


def test_a_restart_after_an_exit_waits_only_where_flapping_is_not_watched_for() -> None:
    assert usual_delay_after_exit(100.0, 100.2, THREE) == 0
    assert usual_delay_after_exit(100.0, 100.25, OFF) == 0.75
    assert usual_delay_after_exit(100.0, 107.0, OFF) == 0


def test_a_retry_waits_one_second_more_each_time_and_without_an_end_up_to_the_limit() -> None:
    assert usual_delay_after_failure(90, 100, Pace()) == 90
    assert usual_delay_after_failure(2, FOR_EVER, Pace()) == 2
    assert usual_delay_after_failure(90, FOR_EVER, Pace()) == 60


def test_the_words_tell_how_often_and_in_what_time() -> None:
    assert (
        flapping_words(Pace()) == "Flapping: restarted 10 times in 60 seconds (process log may have details)"
    )
