"""Converters of `[alert:x]`: where alerts go, which, when, and how many.

As everywhere in the table, each takes the text and the surroundings and raises BadValueError with a reason and a hint.
Addresses hold secrets: no reason ever shows more of one than its scheme.
"""

import os
import re
from typing import TYPE_CHECKING

from vigild.config.accounts import Surroundings
from vigild.config.convert import FALSE_WORDS
from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean

if TYPE_CHECKING:
    from vigild.core.quiet import QuietHours

SECONDS_MAX = 30 * 86400
BATCH_MAX_SECONDS = 3600
REPEAT_MIN_SECONDS = 60
MESSAGES_MAX = 3600
LINES_MAX = 20
URLS_MAX = 32
PATTERNS_MAX = 200
LANGUAGES = ("en", "zh")
QUIET_PASSES = ("critical", "warning", "none")
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhd]?)", re.ASCII)
_RANGE = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*", re.ASCII)


def urls(value: str, _: Surroundings) -> tuple[str, ...]:
    """One address or several, checked."""
    from vigild.wire.url_lists import split_urls  # late: few configurations have alerts

    found = tuple(split_urls(value))
    if len(found) > URLS_MAX:
        raise BadValueError(f"{len(found)} addresses", f"write {URLS_MAX} at most in one section")
    for number, url in enumerate(found, 1):
        check_url(url, f"address {number}: " if len(found) > 1 else "")
    return found


def check_url(url: str, which: str = "") -> None:
    """Raises BadValueError where nobody can be reached by it; the reason shows nothing secret."""
    from vigild.wire.alert_urls import SCHEMES, Program, parse_target
    from vigild.wire.url_parts import ReceiverUrlError

    try:
        target = parse_target(url)
    except ReceiverUrlError as error:
        scheme = url.partition(":")[0].lower()
        guess = did_you_mean(scheme, SCHEMES) if "unknown scheme" in str(error) else ""
        raise BadValueError(f"{which}{error}", f"{guess}{error.hint}") from None
    if isinstance(target, Program):
        _check_command(target.command, which)


def _check_command(command: str, which: str) -> None:
    from shlex import split

    try:
        split(command)
    except ValueError as error:
        text = f"{which}the command cannot be split into words: {error}"
        raise BadValueError(text, "close the quote") from None


def absolute_path(value: str, around: Surroundings) -> str:
    """A file from the root on, that need not be there; `~` is expanded."""
    path = around.expand_user(value.strip())
    if not os.path.isabs(path):
        raise BadValueError(f"not an absolute path: {value!r}", "write it from the root, or as %(here)s/FILE")
    return os.path.normpath(path)


def patterns(value: str, _: Surroundings) -> tuple[str, ...]:
    """Names and patterns of them, with commas or blanks between."""
    found = tuple(re.split(r"[\s,]+", value.strip(" \t\r\n,"))) if value.strip(" \t\r\n,") else ()
    if len(found) > PATTERNS_MAX:
        raise BadValueError(f"{len(found)} patterns", f"write {PATTERNS_MAX} at most; * stands for any text")
    return found


def events(value: str, around: Surroundings) -> tuple[str, ...]:
    """Patterns of kinds and severities; `!` before one excludes."""
    from vigild.core.alert_filter import EVENT_WORDS, matches_word

    found = patterns(value.lower(), around)
    for pattern in found:
        bare = pattern.removeprefix("!")
        if not any(matches_word(bare, word) for word in EVENT_WORDS):
            hint = f"{did_you_mean(bare, EVENT_WORDS)}words: {', '.join(EVENT_WORDS)}"
            raise BadValueError(f"there is no such event: {bare!r}", hint)
    if not found:
        raise BadValueError("no events", "write * for all of them, or drop the line")
    return found


def duration(value: str) -> float:
    """Seconds, or a number with s, m, h or d after it. Raises BadValueError."""
    found = _DURATION.fullmatch(value.strip().lower())
    hint = "write seconds, or a number with s, m, h or d after it, such as 30 or 4h"
    if found is None:
        raise BadValueError(f"not a time: {value!r}", hint)
    result = float(found[1]) * _UNIT_SECONDS[found[2]]
    if result > SECONDS_MAX:
        raise BadValueError(f"longer than 30 days: {value!r}", hint)
    return result


def batch(value: str, _: Surroundings) -> float:
    """How long news are collected; an hour at most."""
    result = duration(value)
    if result > BATCH_MAX_SECONDS:
        raise BadValueError(f"longer than an hour: {value!r}", "write a time after which people should know")
    return result


def repeat(value: str, _: Surroundings) -> float:
    """How often a trouble that lasts is told again; 0 for never."""
    if value.strip().lower() in (*FALSE_WORDS, "never"):
        return 0.0
    result = duration(value)
    if 0 < result < REPEAT_MIN_SECONDS:
        raise BadValueError(
            f"shorter than a minute: {value!r}", "write a minute or more, such as 4h; 0 is never"
        )
    return result


def messages_per_hour(value: str, _: Surroundings) -> int:
    """A number of messages; 0 for no limit."""
    text = value.strip()
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= MESSAGES_MAX):
        raise BadValueError(
            f"not a number of messages: {value!r}", f"write 1 to {MESSAGES_MAX}, or 0 for no limit"
        )
    return int(text)


def lines(value: str, _: Surroundings) -> int:
    """How many of the last lines of output; 0 for none."""
    text = value.strip()
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= LINES_MAX):
        raise BadValueError(f"not a number of lines: {value!r}", f"write 0 to {LINES_MAX}")
    return int(text)


def quiet_hours(value: str, _: Surroundings) -> "QuietHours":
    """`HH:MM-HH:MM`, several with commas between, then perhaps a time zone."""
    from vigild.core.quiet import QuietHours

    text = value.strip()
    if text.lower() in ("", "none", *FALSE_WORDS):
        return QuietHours()
    hint = "write 22:00-07:00, several with commas between, and after them a time zone if it is not the machine's"
    first, blank, last = text.rpartition(" ")
    zone = ""
    if blank and _RANGE.search(last) is None and not last[0].isdigit():
        text, zone = first.rstrip(), last
        if _ZONE.fullmatch(zone) is None:
            raise BadValueError(f"not a time zone: {zone!r}", "write its name, such as Asia/Shanghai or UTC")
    ranges = []
    for piece in text.split(","):
        found = _RANGE.fullmatch(piece.strip())
        if found is None:
            raise BadValueError(f"not a range of hours: {piece.strip()!r}", hint)
        begin, end = (int(found[1]) * 60 + int(found[2])), (int(found[3]) * 60 + int(found[4]))
        if max(int(found[2]), int(found[4])) > 59 or max(begin, end) > 24 * 60 or begin in (end, 24 * 60):
            raise BadValueError(f"not a range of hours: {piece.strip()!r}", hint)
        ranges.append((begin, end))
    return QuietHours(tuple(ranges), zone)


def quiet_pass(value: str, _: Surroundings) -> str:
    """The least severity that is told in quiet hours all the same."""
    word = value.strip().lower()
    if word not in QUIET_PASSES:
        hint = "write critical, warning (warnings and what is critical) or none (nothing)"
        raise BadValueError(f"not a severity that may disturb: {value!r}", hint)
    return word


def language(value: str, _: Surroundings) -> str:
    """What messages are written in."""
    word = value.strip().lower()
    if word not in LANGUAGES:
        raise BadValueError(f"not a language of messages: {value!r}", f"write {' or '.join(LANGUAGES)}")
    return word


def template(value: str, _: Surroundings) -> str:
    """The text itself."""
    from vigild.core.alert_template import template_problem

    text = value.strip()
    problem = template_problem(text)
    if problem:
        raise BadValueError(problem, "a template is text with names in it, such as: $title on $host")
    return text
