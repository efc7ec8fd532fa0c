"""Which times a cron expression names. Over `cronsim`, which is right over daylight saving.

Imported late, as it loads `cronsim` and what knows of calendars. Times are seconds since the epoch. Daylight saving is as Debian's
cron has it: what falls into the hour that is left out runs at its end; what names an hour that comes twice runs once, and
what runs every hour or oftener runs by the time that passes.
"""

from datetime import datetime, tzinfo

from cronsim import CronSim

from vigild.config.cron_text import ALIASES


def next_due(expression: str, zone: tzinfo, after: float) -> float | None:
    """The first time after `after` that a checked expression names; None where there is none within fifty years."""
    start = datetime.fromtimestamp(after, zone)
    for due in CronSim(ALIASES.get(expression, expression), start):
        at = due.timestamp()
        if at > after:  # what comes twice in the hour that daylight saving repeats is named by its first time
            return at
    return None


def names_minute_of(expression: str, zone: tzinfo, wall: float) -> bool:
    """Does a checked expression name the minute that `wall` is in?"""
    minute = wall - wall % 60
    return next_due(expression, zone, minute - 1) == minute
