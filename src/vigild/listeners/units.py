"""Sizes and durations as they are written on command lines, and times as they are written in mails. All raise ValueError."""

import time
from typing import NamedTuple

_SIZES = {"kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def byte_size(text: str) -> int:
    """`10000`, `200MB`, `1GB` in bytes."""
    lower = text.strip().lower()
    factor = _SIZES.get(lower[-2:])
    return int(lower) if factor is None else int(lower[:-2]) * factor


def duration_seconds(text: str) -> int:
    """`90`, `90s`, `5m`, `1h`, `2d` in seconds."""
    lower = text.strip().lower()
    factor = _SECONDS.get(lower[-1:])
    return int(lower) if factor is None else int(lower[:-1]) * factor


class Budget(NamedTuple):
    """So many within so many seconds."""

    limit: int
    seconds: int


def budget(text: str) -> Budget:
    """`5/1h`: five within an hour."""
    count, _, duration = text.partition("/")
    found = Budget(int(count), duration_seconds(duration))
    if found.limit < 0 or found.seconds < 1:
        raise ValueError(text)
    return found


def asctime(wall_seconds: float) -> str:
    """Local time with milliseconds, as in Supervisor's log: `2026-01-31 23:59:59,123`."""
    whole = int(wall_seconds)
    milliseconds = int((wall_seconds - whole) * 1000)
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(whole))},{milliseconds:03d}"
