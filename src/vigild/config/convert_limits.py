"""Converters of what limits a program and says who it is: `limit_*`, priorities, CPUs, groups, environment files.

What stands for "no limit" is `UNLIMITED`. As everywhere in the table, each takes the text and the surroundings
and raises BadValueError with a reason and a hint.
"""

import re
from collections.abc import Callable

from vigild.config.accounts import Surroundings
from vigild.config.convert import group_id
from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean

UNLIMITED = -1
LIMIT_MAX = 2**63 - 1  # what the system call takes
NICE_LIMIT_MAX = 40
CPU_MAX = 8191  # the most that a Linux kernel can be built for
OOM_SCORE_MAX = 1000
IO_CLASSES = {"none": 0, "realtime": 1, "best-effort": 2, "idle": 3}
IO_LEVEL_DEFAULT = 4

Limit = tuple[str, int, int]  # name, soft, hard


# What a limit counts.
BYTES, COUNT, SECONDS, MICROSECONDS, NICE = "bytes", "count", "seconds", "microseconds", "nice"
LIMITS = {
    "as": BYTES,
    "core": BYTES,
    "cpu": SECONDS,
    "data": BYTES,
    "fsize": BYTES,
    "locks": COUNT,
    "memlock": BYTES,
    "msgqueue": BYTES,
    "nice": NICE,
    "nofile": COUNT,
    "nproc": COUNT,
    "rss": BYTES,
    "rtprio": COUNT,
    "rttime": MICROSECONDS,
    "sigpending": COUNT,
    "stack": BYTES,
}
_BYTES_OF = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_MICROSECONDS_OF = {
    "us": 1, "ms": 1000, "s": 10**6, "sec": 10**6, "m": 60 * 10**6, "min": 60 * 10**6,
    "h": 3600 * 10**6, "d": 86400 * 10**6,
}  # fmt: skip
_HINTS = {
    BYTES: "write bytes, or a number with KB, MB or GB after it, such as 512MB; or unlimited",
    COUNT: "write a whole number, such as 65536; or unlimited",
    SECONDS: "write seconds, or a number with s, min, h or d after it, such as 10min; or unlimited",
    MICROSECONDS: "write microseconds, or a number with us, ms, s or min after it, such as 200ms; or unlimited",
    NICE: "write a nice value with its sign, such as -5 or +10, or 20 minus that: 0 to 40; or unlimited",
}


def limit(name: str) -> Callable[[str, Surroundings], Limit]:
    """The converter of `limit_NAME`: `N` (soft and hard) or `SOFT:HARD`."""
    unit = LIMITS[name]

    def convert(value: str, around: Surroundings) -> Limit:
        if not around.has_limit(name):
            raise BadValueError(f"this system has no limit {name!r}", "drop the line", "V015")
        soft_text, colon, hard_text = value.partition(":")
        soft = _amount(soft_text.strip(), unit, value)
        hard = _amount(hard_text.strip(), unit, value) if colon else soft
        if is_above(soft, hard):
            raise BadValueError(
                f"the soft limit {soft_text.strip()} is above the hard limit {hard_text.strip()}",
                "write SOFT:HARD: what the program begins with, and how far it may raise that itself",
                "V013",
            )
        return name, soft, hard

    return convert


def is_above(amount: int, other: int) -> bool:
    """Whether one limit allows more than the other; UNLIMITED allows most."""
    return other != UNLIMITED and (amount == UNLIMITED or amount > other)


def _amount(text: str, unit: str, whole: str) -> int:
    if text.lower() in ("unlimited", "infinity"):
        return UNLIMITED
    if unit == NICE:
        amount = _nice_ceiling(text)
    elif unit == BYTES:
        amount = _scaled(text.removesuffix("B").removesuffix("b"), _BYTES_OF)
    elif unit == COUNT:
        amount = _scaled(text, {"": 1})
    elif unit == SECONDS:
        microseconds = _scaled(text, {"": 10**6, **_MICROSECONDS_OF})
        amount = None if microseconds is None else -(-microseconds // 10**6)
    else:
        amount = _scaled(text, {"": 1, **_MICROSECONDS_OF})
    if amount is None or amount > LIMIT_MAX:
        raise BadValueError(f"not a limit: {whole!r}", _HINTS[unit])
    return amount


def _scaled(text: str, units: dict[str, int]) -> int | None:
    match = re.fullmatch(r"(\d{1,19}) ?([a-z]*)", text.lower(), re.ASCII)
    factor = units.get(match[2]) if match else None
    return None if match is None or factor is None else int(match[1]) * factor


def _nice_ceiling(text: str) -> int | None:
    # The kernel counts 20 minus the nice value; a sign says that the nice value itself is meant.
    if re.fullmatch(r"[+-]\d{1,2}", text, re.ASCII):
        level = int(text)
        return 20 - level if -20 <= level <= 19 else None
    number = _scaled(text, {"": 1})
    return number if number is not None and number <= NICE_LIMIT_MAX else None


def nice(value: str, _: Surroundings) -> int:
    """A nice value: -20 (served first) to 19."""
    return _between(value, -20, 19, "a nice value")


def oom_score(value: str, _: Surroundings) -> int:
    """What is added to the badness by which the kernel chooses its victim when memory is short."""
    return _between(value, -OOM_SCORE_MAX, OOM_SCORE_MAX, "an oom_score_adj")


def _between(value: str, lowest: int, highest: int, what: str) -> int:
    number = int(value) if re.fullmatch(r"[+-]?\d{1,5}", value, re.ASCII) else highest + 1
    if not lowest <= number <= highest:
        raise BadValueError(f"not {what}: {value!r}", f"write a whole number from {lowest} to {highest}")
    return number


def io_priority(value: str, _: Surroundings) -> tuple[int, int]:
    """`CLASS` or `CLASS:LEVEL` as the kernel's numbers."""
    name, colon, level_text = (part.strip() for part in value.lower().partition(":"))
    number = IO_CLASSES.get(name)
    if number is None:
        guess = did_you_mean(name, IO_CLASSES)
        raise BadValueError(
            f"not a class of I/O: {name!r}", f"{guess}write idle, best-effort:0 to 7, or realtime:0 to 7"
        )
    if name in ("none", "idle"):
        if colon:
            raise BadValueError(f"{name} has no levels: {value!r}", f"write ionice={name}")
        return number, 0
    if not colon:
        return number, IO_LEVEL_DEFAULT
    return number, _between(level_text, 0, 7, "a level of I/O")


def cpus(value: str, around: Surroundings) -> tuple[int, ...]:
    """CPU numbers and ranges with commas between, `0-3,7`, each once and in order."""
    if not around.has_cpu_affinity:
        raise BadValueError("this system cannot bind programs to CPUs", "drop the line", "V015")
    found: set[int] = set()
    for part in value.split(","):
        match = re.fullmatch(r"\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*", part, re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last or last > CPU_MAX:
            raise BadValueError(
                f"not a list of CPUs: {value!r}",
                f"write numbers from 0 to {CPU_MAX} and ranges, such as 0-3,7",
            )
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def group_ids(value: str, around: Surroundings) -> tuple[int, ...]:
    """Groups by name or number, with commas between; nothing at all is no group."""
    return tuple(group_id(part, around) for part in _parts(value))


def variable_names(value: str, _: Surroundings) -> tuple[str, ...]:
    """Names of variables, or patterns with `*`, `?` and `[…]`, with commas or line ends between."""
    found = tuple(_parts(value))
    for name in found:
        if "=" in name:
            raise BadValueError(
                f"not the name of a variable: {name!r}", "write names only, such as HTTP_PROXY,LC_*"
            )
    return found


def environment_files(value: str, around: Surroundings) -> tuple[tuple[str, bool], ...]:
    """`(absolute path, whether it may be missing)` of each file; a `-` before a path says that it may."""
    files = []
    for part in _parts(value):
        optional = part.startswith("-")
        path = part[1:].lstrip() if optional else part
        if not path:
            raise BadValueError(
                "a - without a file after it", "write -/path/to/file for a file that may be missing"
            )
        files.append((around.normal_path(path), optional))
    return tuple(files)


def _parts(value: str) -> list[str]:
    return [stripped for part in re.split(r"[,\n]", value) if (stripped := part.strip())]
