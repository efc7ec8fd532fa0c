"""Cron expressions as text: which are right, and where they are wrong. What times they name is in `config/cron.py`.

Apart from that, and by a reading of its own, because a daemon must say of a wrong expression before it starts anything, and
`cronsim` takes as long to import as all else that happens until then. A test holds the two against each other.
"""

import re
from collections.abc import Mapping

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
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
_WEEKDAYS = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}
_NONE: dict[str, int] = {}
FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minute", 0, 59, _NONE),
    ("hour", 0, 23, _NONE),
    ("day of the month", 1, 31, _NONE),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _WEEKDAYS),
)
_DAY, _MONTH, _WEEKDAY = 2, 3, 4
_DAYS_IN_MONTH = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_HINT = "write minute, hour, day of the month, month and day of the week, such as 30 4 * * *, or @daily"
_WORD = re.compile(r"\S+")
_LAST_DAYS = ("L", "LW")
_SPECIAL_WEEKDAY = re.compile(r"(\d+)L|(\w+)#0*[1-5]", re.ASCII)


def checked(text: str) -> str:
    """The expression, with single blanks. Raises BadValueError with the column of what is wrong."""
    words = list(_WORD.finditer(text))
    if len(words) == 1 and words[0].group().startswith("@"):
        return _checked_alias(words[0].group().lower())
    if len(words) != len(FIELDS):
        raise BadValueError(f"{len(words)} fields where there should be 5: {text.strip()!r}", _HINT)
    found = []
    for index, word in enumerate(words):
        values = _values(word.group().upper(), index)
        if values is None:
            error = BadValueError(
                f"no {FIELDS[index][0]}: {word.group()!r}, at column {word.start() + 1}", _HINT
            )
            error.excerpt = f"{text}\n{' ' * word.start()}{'^' * len(word.group())}"
            raise error
        found.append(values)
    day, month, weekday = (words[index].group() for index in (_DAY, _MONTH, _WEEKDAY))
    longest = max(_DAYS_IN_MONTH[number] for number in found[_MONTH])
    if found[_DAY] and min(found[_DAY]) > longest and (weekday.startswith("*") or day.startswith("*")):
        raise BadValueError(f"no such date ever comes: day {day} of month {month}", "check day and month")
    return " ".join(word.group() for word in words)


def _checked_alias(alias: str) -> str:
    if alias == "@reboot":
        hint = "for a program that runs once at each start of the daemon: autostart=true, autorestart=false, startsecs=0"
        raise BadValueError("@reboot is no schedule", hint)
    if alias not in ALIASES:
        hint = f"{did_you_mean(alias, ALIASES)}write one of {', '.join(ALIASES)}"
        raise BadValueError(f"no such schedule: {alias!r}", hint)
    return alias


def _values(text: str, index: int) -> set[int] | None:
    """The numbers that a field names; empty for a day that is counted from the end, None where it is wrong."""
    values: set[int] = set()
    is_relative = False
    for term in text.split(","):
        if _is_relative(term, index):
            is_relative = True
            continue
        numbers = _numbers(term, index)
        if numbers is None:
            return None
        values |= numbers
    return set() if is_relative else values


def _is_relative(term: str, index: int) -> bool:
    if index == _DAY:
        before, slash, step = term.partition("/")
        return before in _LAST_DAYS and (not slash or _step(step) is not None)
    special = _SPECIAL_WEEKDAY.fullmatch(term) if index == _WEEKDAY else None
    return special is not None and _number(special[1] or special[2], index) is not None


def _numbers(term: str, index: int) -> set[int] | None:
    span, slash, step_text = term.partition("/")
    step = _step(step_text) if slash else 1
    low, high = FIELDS[index][1:3]
    if span == "*":
        first, last = low, high
    else:
        begin, dash, end = span.partition("-")
        from_, to = _number(begin, index), _number(end, index) if dash else None
        if from_ is None or (dash and (to is None or to < from_)):
            return None
        first = from_
        last = to if to is not None else (high if slash else first)
        if slash and dash and first == last:
            last = high  # as cronsim has it: a range of one is one
    return None if step is None else set(range(first, last + 1, step))


def _step(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and text.strip("0") else None


def _number(text: str, index: int) -> int | None:
    _, low, high, names = FIELDS[index]
    if text in names:
        return names[text]
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if low <= int(text[:9]) <= high and len(text) < 9 else None
