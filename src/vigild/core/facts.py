"""Facts of the history as clients get them, and the words that all who tell of them share. Pure."""

from collections.abc import Mapping
from typing import TypedDict


class Fact(TypedDict, total=False):
    """A fact as `vigil.getHistory` and the JSON API give it."""

    id: int
    at: float
    kind: str
    name: str
    details: dict[str, object]
    stdout: list[str]
    stderr: list[str]


def is_failure(fact: Fact) -> bool:
    """Did something go wrong that nobody asked for?"""
    if fact["kind"] == "exit":
        return not fact["details"].get("expected", True)
    return fact["kind"] == "spawn_failed"


def end_words(details: Mapping[str, object]) -> str:
    """How a process ended: `exit status 3`, `killed by SIGSEGV, core dumped`, `nobody saw how`."""
    if "signal" in details:
        return f"killed by {details['signal']}{', core dumped' if details.get('core') else ''}"
    if "status" in details:
        return f"exit status {details['status']}"
    return "nobody saw how"


def duration(seconds: float) -> str:
    """`1.5 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 24:
        return f"{hours} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"


def by_whom(details: Mapping[str, object]) -> str:
    """` by uid 0`, or nothing."""
    by = details.get("by")
    return f" by {by}" if by else ""
