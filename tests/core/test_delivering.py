from hypothesis import given
from hypothesis import strategies as st

from vigild.core.delivering import (
    FIRST_DELAY_SECONDS,
    MAX_ASKED_SECONDS,
    MAX_DELAY_SECONDS,
    Parcel,
    delay_seconds,
    next_parcel,
    next_time,
)

WAITING = [Parcel(1, 1), Parcel(2, 2), Parcel(3, 3)]


@given(st.integers(0, 10_000), st.floats(-1, 2), st.floats(0, 1e9))
def test_delays_grow_to_a_bound_and_respect_what_was_asked(
    failures: int, chance: float, asked: float
) -> None:
    delay = delay_seconds(failures, chance, asked)
    assert 0.8 * FIRST_DELAY_SECONDS <= delay <= max(1.2 * MAX_DELAY_SECONDS, MAX_ASKED_SECONDS)
    assert delay >= min(asked, MAX_ASKED_SECONDS)


def test_each_failure_waits_twice_as_long() -> None:
    assert [5.0, 10.0, 20.0, 40.0] == [delay_seconds(failures, 0.5) for failures in (1, 2, 3, 4)]


def test_the_oldest_goes_first_and_now_and_then_another() -> None:
    tried = [next_parcel(WAITING, failures, 0.0) for failures in range(9)]
    assert [1, 1, 2, 1, 1, 3, 1, 1, 1] == [parcel.number for parcel in tried if parcel is not None]


def test_nothing_is_tried_before_its_time() -> None:
    later = [Parcel(1, 1, 1, 50.0), Parcel(2, 2, 0, 90.0)]
    assert next_parcel(later, 0, 10.0) is None
    assert 50.0 == next_time(later, 0.0)
    assert 70.0 == next_time(later, 70.0)
    assert next_time([], 70.0) is None
