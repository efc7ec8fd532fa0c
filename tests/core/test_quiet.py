from hypothesis import given
from hypothesis import strategies as st

from vigild.core.quiet import QuietHours, quiet_until

HOUR = 3600.0
NIGHT = QuietHours(((22 * 60, 7 * 60),))


def utc(_: float) -> float:
    return 0.0


def shanghai(_: float) -> float:
    return 8 * HOUR


def test_a_night_spans_midnight() -> None:
    assert 31 * HOUR == quiet_until(NIGHT, 23 * HOUR, utc)
    assert 31 * HOUR == quiet_until(NIGHT, 26 * HOUR, utc)
    assert 31 * HOUR == quiet_until(NIGHT, 31 * HOUR, utc)  # seven o'clock is day
    assert 12 * HOUR == quiet_until(NIGHT, 12 * HOUR, utc)


def test_hours_are_those_of_the_zone() -> None:
    assert 23 * HOUR == quiet_until(NIGHT, 16 * HOUR, shanghai)
    assert 23 * HOUR == quiet_until(NIGHT, 23 * HOUR, shanghai)


def test_ranges_that_touch_are_one() -> None:
    hours = QuietHours(((12 * 60, 13 * 60), (11 * 60, 12 * 60), (13 * 60, 14 * 60)))
    assert 14 * HOUR == quiet_until(hours, 11.5 * HOUR, utc)


def test_quiet_for_ever_is_a_day_at_a_time() -> None:
    assert 36 * HOUR >= quiet_until(QuietHours(((0, 12 * 60), (12 * 60, 24 * 60))), HOUR, utc)


def test_a_clock_set_forward_at_night_ends_it_by_the_clock() -> None:
    def summer(wall: float) -> float:
        return HOUR if wall >= 25 * HOUR else 0.0

    assert 30 * HOUR == quiet_until(NIGHT, 23 * HOUR, summer)


def test_a_clock_set_forward_over_the_end_does_not_lead_back() -> None:
    def summer(wall: float) -> float:
        return HOUR if wall >= 2 * HOUR else 0.0

    assert 2.5 * HOUR == quiet_until(QuietHours(((0, 150),)), 1.99 * HOUR, summer)


def test_no_hours_are_never_quiet() -> None:
    assert 5.0 == quiet_until(QuietHours(), 5.0, utc)


MINUTES = st.integers(0, 24 * 60 - 1)


@given(
    st.lists(st.tuples(MINUTES, MINUTES), max_size=4),
    st.floats(0, 1e6),
    st.integers(-12, 13),
    st.floats(0, 1e6),
    st.sampled_from([-HOUR, 0.0, HOUR]),
)
def test_it_never_lasts_longer_than_two_days_and_never_ends_before_it_began(
    ranges: list[tuple[int, int]], wall: float, offset: int, when: float, change: float
) -> None:
    def offset_at(at: float) -> float:
        return offset * HOUR + (change if at >= when else 0.0)

    until = quiet_until(QuietHours(tuple(ranges)), wall, offset_at)
    assert wall <= until <= wall + 48 * HOUR
