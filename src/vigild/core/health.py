"""Health: what the answers of a program that is asked whether it works come to.

Readiness asks at the start, until the answer is yes; a health check goes on asking while the process is RUNNING.
The questions are in `core/probe.py`.

Rules that hold:

- One success makes healthy. `retries` failures in a row make unhealthy; fewer change nothing.
- Within the start period, and before the first success, a failure does not count.
- A new run begins as unknown.
- Only edges are told: `Change` comes when the verdict changes, never when it is confirmed.
"""

from dataclasses import replace
from enum import Enum

from vigild.core.frozen import frozen


@frozen
class Answer:
    """What came back: whether it will do, in words, and after how many seconds."""

    ok: bool
    text: str
    seconds: float = 0.0


class Verdict(Enum):
    """What is thought of a process."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@frozen
class HealthPolicy:
    """What the configuration says about failures."""

    retries: int = 3
    start_period_seconds: float = 0.0


@frozen
class Health:
    """How one run of a process is. `failures` counts failed checks in a row that count; `since` is wall time."""

    verdict: Verdict = Verdict.UNKNOWN
    failures: int = 0
    since: float = 0.0
    answer: str = ""
    seconds: float = 0.0  # how long the last answer took


@frozen
class Change:
    """The verdict was `old` and is `new`."""

    old: Verdict
    new: Verdict


def judge(
    health: Health, answer: Answer, up_seconds: float, now_wall: float, policy: HealthPolicy
) -> tuple[Health, Change | None]:
    """Take in one answer of a process that has been RUNNING for `up_seconds`."""
    known = replace(health, answer=answer.text, seconds=answer.seconds)
    if answer.ok:
        return _become(replace(known, failures=0), Verdict.HEALTHY, now_wall)
    if health.verdict is Verdict.UNKNOWN and up_seconds < policy.start_period_seconds:
        return known, None
    known = replace(known, failures=health.failures + 1)
    if known.failures < policy.retries:
        return known, None
    return _become(known, Verdict.UNHEALTHY, now_wall)


def _become(health: Health, verdict: Verdict, now_wall: float) -> tuple[Health, Change | None]:
    if health.verdict is verdict:
        return health, None
    return replace(health, verdict=verdict, since=now_wall), Change(health.verdict, verdict)


FIRST_CHECK_SECONDS = 1.0  # within which the first check comes


def check_delay(number: int, phase: float, interval_seconds: float) -> float:
    """How long to wait before check `number` (from 0) of a run. `phase`, from 0 to 1, is the process's own.

    The first comes soon; the second spreads processes that were started together over the interval.
    """
    if number == 0:
        return phase * min(FIRST_CHECK_SECONDS, interval_seconds)
    return interval_seconds * (0.5 + phase / 2) if number == 1 else interval_seconds


def ask_again_delay(number: int) -> float:
    """How long readiness waits after answer `number` (from 0) that was no: 50 ms at first, 1 s at most."""
    return float(min(0.05 * 1.5 ** min(number, 10), 1.0))
