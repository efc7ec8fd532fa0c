"""Cron expressions: which are right, and which times they name. Over `cronsim`, which is right over daylight saving.

Imported late, as it loads `cronsim`, `datetime` and `zoneinfo`. Times are seconds since the epoch. Daylight saving is as Debian's
cron has it: what falls into the hour that is left out runs at its end; what names an hour that comes twice runs once, and
what runs every hour or oftener runs by the time that passes.
"""

import os
import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
LOCAL = ""  # the zone of the machine
_HINT = "write minute, hour, day of the month, month and day of the week, such as 30 4 * * *, or @daily"
_ANY_TIME = datetime(2024, 1, 1, tzinfo=UTC)
_WORD = re.compile(r"\S+")


def checked(text: str) -> str:
    """The expression, with single blanks. Raises BadValueError with the column of what is wrong."""
    words = list(_WORD.finditer(text))
    if len(words) == 1 and words[0].group().startswith("@"):
        return _checked_alias(words[0].group().lower())
    if len(words) != len(FIELDS):
        raise BadValueError(f"{len(words)} fields where there should be 5: {text.strip()!r}", _HINT)
    expression = " ".join(word.group() for word in words)
    try:
        runs = CronSim(expression, _ANY_TIME)
    except CronSimError:
        raise _bad_field(text, words) from None
    if next(runs, None) is None:
        raise BadValueError(f"no such date ever comes: {expression!r}", "check day and month")
    return expression


def _checked_alias(alias: str) -> str:
    if alias == "@reboot":
        hint = "for a program that runs once at each start of the daemon: autostart=true, autorestart=false, startsecs=0"
        raise BadValueError("@reboot is no schedule", hint)
    if alias not in ALIASES:
        hint = f"{did_you_mean(alias, ALIASES)}write one of {', '.join(ALIASES)}"
        raise BadValueError(f"no such schedule: {alias!r}", hint)
    return alias


def _bad_field(text: str, words: list[re.Match[str]]) -> BadValueError:
    """Which field is it? Each is tried among fields that are right."""
    for index, word in enumerate(words):
        fields = ["*"] * len(FIELDS)
        fields[index] = word.group()
        try:
            CronSim(" ".join(fields), _ANY_TIME)
        except CronSimError:
            error = BadValueError(
                f"no {FIELDS[index]}: {word.group()!r}, at column {word.start() + 1}", _HINT
            )
            error.excerpt = f"{text}\n{' ' * word.start()}{'^' * len(word.group())}"
            return error
    day, month = words[2].group(), words[3].group()
    return BadValueError(f"no such date ever comes: day {day} of month {month}", "check day and month")


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """A time zone by its name, '' being that of the machine. Raises BadValueError."""
    if name == LOCAL:
        return _local_zone()
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        hint = f"{did_you_mean(name, sorted(known))}write a name such as Europe/Berlin, or UTC"
        if not known:
            hint = "this machine knows no time zones: install its package tzdata, or write UTC"
        raise BadValueError(f"unknown time zone: {name!r}", hint) from None


def _local_zone() -> tzinfo:
    name = os.environ.get("TZ", "").removeprefix(":")
    try:
        if name and not name.startswith("/"):
            return ZoneInfo(name)
        with open(name or "/etc/localtime", "rb") as file:
            return ZoneInfo.from_file(file)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC  # as the C library does where nothing says otherwise


def next_due(expression: str, zone: tzinfo, after: float) -> float | None:
    """The first time after `after` that the expression names; None where there is none within fifty years."""
    start = datetime.fromtimestamp(after, zone)
    for due in CronSim(ALIASES.get(expression, expression), start):
        at = due.timestamp()
        if at > after:  # what comes twice in the hour that daylight saving repeats is named by its first time
            return at
    return None
