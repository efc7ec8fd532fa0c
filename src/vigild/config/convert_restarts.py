"""Converters of what paces automatic restarts: `flapping`, `on_flapping` and the delays.

As everywhere in the table, each takes the text and the surroundings and raises BadValueError with a reason
and a hint.
"""

import re
from typing import TYPE_CHECKING

from vigild.config.accounts import Surroundings
from vigild.config.convert import FALSE_WORDS
from vigild.config.diagnostics import BadValueError

if TYPE_CHECKING:
    from vigild.core.restarts import OnFlapping

RESTARTS_MAX = 1000  # their times are kept for each process
SECONDS_MAX = 24 * 3600
FACTOR_MAX = 1000.0
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_RATE = re.compile(r"(\d{1,9})\s*/\s*(\d{1,9})\s*([smh]?)", re.ASCII)
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smh]?)", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def flapping(value: str, _: Surroundings) -> tuple[int, int]:
    """`N/DURATION` as (restarts, seconds); `off` as 0 restarts in the default window."""
    word = value.strip().lower()
    if word in (*FALSE_WORDS, "none"):
        return 0, 60
    found = _RATE.fullmatch(word)
    if found is None:
        hint = "write a number of restarts and a time, such as 10/60s, 5/2m or 20/1h; or off"
        raise BadValueError(f"not a rate of restarts: {value!r}", hint)
    restarts, window = int(found[1]), int(found[2]) * _UNIT_SECONDS[found[3]]
    if not 1 <= restarts <= RESTARTS_MAX:
        hint = f"write 1 to {RESTARTS_MAX} restarts, or off; for a higher rate shorten the time: 100/1s"
        raise BadValueError(f"cannot watch for {restarts} restarts", hint)
    if not 1 <= window <= SECONDS_MAX:
        raise BadValueError(f"cannot watch for {window} seconds", "write a time from 1s to 24h")
    return restarts, window


def on_flapping(value: str, _: Surroundings) -> "OnFlapping":
    """backoff or fatal."""
    from vigild.core.restarts import OnFlapping  # late: clients read this table of options, too

    word = value.strip().lower()
    if word == "backoff":
        return OnFlapping.BACKOFF
    if word == "fatal":
        return OnFlapping.FATAL
    raise BadValueError(f"neither backoff nor fatal: {value!r}", "write backoff or fatal")


def seconds(value: str, _: Surroundings) -> float:
    """A time in seconds, or with s, m or h after it; fractions are allowed."""
    found = _DURATION.fullmatch(value.strip().lower())
    hint = "write seconds, or a number with s, m or h after it, such as 0.5 or 2m"
    if found is None:
        raise BadValueError(f"not a time: {value!r}", hint)
    result = float(found[1]) * _UNIT_SECONDS[found[2]]
    if result > SECONDS_MAX:
        raise BadValueError(f"longer than a day: {value!r}", hint)
    return result


def positive_seconds(value: str, around: Surroundings) -> float:
    """A time above 0."""
    result = seconds(value, around)
    if not result:
        raise BadValueError(
            "a limit of 0 leaves no delay at all", "write the longest delay, in seconds, such as 60"
        )
    return result


def factor(value: str, _: Surroundings) -> float:
    """A number from 1 on, which may have a fraction."""
    text = value.strip()
    if _NUMBER.fullmatch(text) is None or not 1 <= float(text) <= FACTOR_MAX:
        hint = "write a number from 1 (the delay does not grow) to 1000, such as 2 or 1.5"
        raise BadValueError(f"not a factor: {value!r}", hint)
    return float(text)
