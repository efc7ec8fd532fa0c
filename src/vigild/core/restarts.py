"""The pace of automatic restarts: how long the next one waits, and when there are too many of them.

An automatic restart is one that nobody ordered: after an exit, or a further try after a failed start.
Two things slow restarts down, and both use the same growing delay: `restart_delay`, from the first restart
on, and flapping, from the moment on when there were more restarts within a window than are allowed.

Everything here is arithmetic on plain values. `core/process.py` decides when to ask.
"""

from enum import Enum

from vigild.core.frozen import frozen

FOR_EVER = -1  # startretries that are never used up
FIRST_FLAPPING_DELAY_SECONDS = 1.0
# With flapping off nothing else would keep a program that ends at once from being restarted without a breath.
# Once a second is the pace of Supervisor's poll.
UNWATCHED_PERIOD_SECONDS = 1.0


class OnFlapping(Enum):
    """What becomes of a process that is restarted too often."""

    BACKOFF = "backoff"  # it is restarted later and later
    FATAL = "fatal"  # it is given up


@frozen
class Pace:
    """What the configuration says about automatic restarts. Durations in seconds.

    More than `flapping_restarts` restarts within `window_seconds` are flapping; 0 switches that off. Each
    delay is `factor` times the one before it, and at most `limit_seconds`.
    """

    delay_seconds: float = 0
    factor: float = 2
    limit_seconds: float = 60
    flapping_restarts: int = 10
    window_seconds: float = 60
    on_flapping: OnFlapping = OnFlapping.BACKOFF


DEFAULT_PACE = Pace()


def is_too_often(restarts: tuple[float, ...], when: float, pace: Pace) -> bool:
    """Would one more restart at time `when` be more than the window allows?"""
    if not pace.flapping_restarts:
        return False
    begin = when - pace.window_seconds
    return sum(1 for restart in restarts if restart > begin) >= pace.flapping_restarts


def remembered(restarts: tuple[float, ...], now: float, pace: Pace) -> tuple[float, ...]:
    """The restarts that still matter, and the one made now: never more than `flapping_restarts`."""
    if not pace.flapping_restarts:
        return ()
    begin = now - pace.window_seconds
    return (*(restart for restart in restarts if restart > begin), now)[-pace.flapping_restarts :]


def next_delay(before: float, pace: Pace) -> float:
    """The delay that follows a delay of `before` seconds (0: it is the first of a row)."""
    if not before:
        return min(pace.delay_seconds or FIRST_FLAPPING_DELAY_SECONDS, pace.limit_seconds)
    return min(before * pace.factor, pace.limit_seconds)


def usual_delay_after_exit(started_at: float, now: float, pace: Pace) -> float:
    """How long a restart waits that nothing else slows down: not at all, while flapping is watched for."""
    return 0.0 if pace.flapping_restarts else max(0.0, started_at + UNWATCHED_PERIOD_SECONDS - now)


def usual_delay_after_failure(tries: int, retries: int, pace: Pace) -> float:
    """One second more for each try. Without an end to the tries there has to be one to the delay."""
    return min(float(tries), pace.limit_seconds) if retries == FOR_EVER else float(tries)


def flapping_words(pace: Pace) -> str:
    """Why a process was given up, for people."""
    return (
        f"Flapping: restarted {pace.flapping_restarts} times in {pace.window_seconds:.0f} seconds "
        "(process log may have details)"
    )
