"""Hours in which people are not to be disturbed: daily, in one time zone."""

from collections.abc import Callable

from vigild.core.frozen import frozen

MINUTES_PER_DAY = 24 * 60

OffsetAt = Callable[[float], float]
"""Seconds that local time is ahead of UTC at a time since the epoch."""


@frozen
class QuietHours:
    """`ranges` of minutes since local midnight, the end not included; one that ends before it begins spans midnight.

    `zone` is a name of the time zone database, "" for the machine's own.
    """

    ranges: tuple[tuple[int, int], ...] = ()
    zone: str = ""


def quiet_until(hours: QuietHours, wall: float, offset_at: OffsetAt) -> float:
    """When the quiet that reigns at `wall` is over; `wall` itself where none does."""
    moment = wall
    while True:  # ranges may touch each other
        later = _end_of_range(hours, moment, offset_at)
        if later == moment or later - wall >= MINUTES_PER_DAY * 60:
            return later
        moment = later


def _end_of_range(hours: QuietHours, wall: float, offset_at: OffsetAt) -> float:
    local = wall + offset_at(wall)
    second_of_day = local % (MINUTES_PER_DAY * 60)
    for begin, end in hours.ranges:
        spans_midnight = end <= begin
        is_within = (
            second_of_day >= begin * 60 or second_of_day < end * 60
            if spans_midnight
            else begin * 60 <= second_of_day < end * 60
        )
        if is_within:
            left = (end * 60 - second_of_day) % (MINUTES_PER_DAY * 60)
            over = wall + left
            # The clock may be set meanwhile, even over the end.
            by_the_clock = over - (offset_at(over) - offset_at(wall))
            return by_the_clock if by_the_clock > wall else over
    return wall
