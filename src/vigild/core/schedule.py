"""Schedules: which runs of a program are due, missed or in the way of one another. Decided, and never done here.

A *due* is a time that the cron expression names; `next_due` answers with the first one after a time (`config/cron.py`).
`look` is called when one may have come, and once when a daemon begins. Rules that hold:

- `handled` only goes forward over dues: each is run, skipped or missed once, whatever the clock does. A clock that is set
  back runs nothing twice. One that is set back by more than `CORRECTED_SECONDS` had been wrong: then `handled` is now.
- Dues that came while the daemon lived and could not look (the clock was set forward, the machine slept) are one run, now.
- Dues that came while no daemon lived are missed: `Missed` says how many, and one run follows where the policy is ONCE. One that is
  less than `GRACE_SECONDS` old is run all the same: a daemon that is upgraded misses nothing. Those before it are missed.
- While somebody has paused it, nothing is due and nothing is missed: what would have been is left out for good.
- A due with jitter is run later, always by the same for the same name and due, so that a new daemon comes to the same time.
- All times are seconds since the epoch.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from vigild.core.frozen import frozen

CORRECTED_SECONDS = 3 * 3600.0
GRACE_SECONDS = 60.0
MAX_COUNTED = 100  # dues that are counted one by one; of a longer absence they are "100 or more"

NextDue = Callable[[float], float | None]


class Overlap(StrEnum):
    """What becomes of a run that is due while the one before still runs."""

    SKIP = "skip"
    QUEUE = "queue"  # it begins when that has ended; at most one waits
    RESTART = "restart"  # that is stopped, and this begins


class OnMissed(StrEnum):
    """What becomes of runs that were due while no daemon lived."""

    SKIP = "skip"
    ONCE = "once"  # one run makes up for all


class Outcome(StrEnum):
    """How the last run ended."""

    NONE = ""  # it has not ended, or there was none
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


@frozen
class SchedulePolicy:
    """What the configuration says. `name` is that of the process: with a due it makes the jitter."""

    name: str = ""
    overlap: Overlap = Overlap.SKIP
    missed: OnMissed = OnMissed.SKIP
    jitter_seconds: float = 0.0


@frozen
class ScheduleState:
    """How a schedule stands. `plan` is what `handled` is about (expression and zone): of another, it says nothing.

    `began` and `ended` are those of the last run, whoever started it; 0 for never. `pending`: a run waits for the end of another.
    `troubles` were told, and nobody said that they are over. `paused`: by somebody, until somebody resumes it.
    """

    plan: str = ""
    handled: float = 0.0
    pending: bool = False
    began: float = 0.0
    ended: float = 0.0
    outcome: Outcome = Outcome.NONE
    text: str = ""
    troubles: tuple[str, ...] = ()
    paused: bool = False


@frozen
class Run:
    """Start it: it was due at `due`. `together` with so many dues before it."""

    due: float
    together: int = 0


@frozen
class Skip:
    """It still runs: this due is skipped. `queued`: it is not the first that waits."""

    due: float
    queued: bool = False


@frozen
class Queue:
    """It still runs: the run begins when that has ended."""

    due: float


@frozen
class StopAndRun:
    """It still runs: stop it, and the run begins when it has stopped."""

    due: float


@frozen
class Missed:
    """So many dues, the first and the last at these times, came while no daemon lived."""

    count: int
    first: float
    last: float


Decision = Run | Skip | Queue | StopAndRun | Missed


def run_at(due: float, policy: SchedulePolicy) -> float:
    """When a due is run: jitter later."""
    if not policy.jitter_seconds:
        return due
    share = zlib.crc32(f"{policy.name}\0{int(due)}".encode()) / 2**32
    return due + share * policy.jitter_seconds


def next_run(state: ScheduleState, next_due: NextDue, policy: SchedulePolicy) -> float | None:
    """When the next run is to begin; None for never."""
    if state.paused:
        return None
    due = next_due(state.handled)
    return None if due is None else run_at(due, policy)


def begin(state: ScheduleState | None, plan: str, now: float) -> ScheduleState:
    """What a daemon begins with, having found `state` of `plan` or another, or nothing."""
    if state is None:
        return ScheduleState(plan, now)
    return state if state.plan == plan else replace(state, plan=plan, handled=now, pending=False)


def paused(state: ScheduleState) -> ScheduleState:
    """Nothing is started any more, also not what waited."""
    return replace(state, paused=True, pending=False)


def resumed(state: ScheduleState, now: float) -> ScheduleState:
    """From now on; what was due meanwhile is not made up for."""
    return replace(state, paused=False, handled=max(state.handled, now)) if state.paused else state


def look(
    state: ScheduleState,
    now: float,
    next_due: NextDue,
    policy: SchedulePolicy,
    *,
    is_up: bool,
    was_away: bool = False,
) -> tuple[ScheduleState, list[Decision]]:
    """What is due. `is_up`: a run goes on. `was_away`: no daemon lived before this moment."""
    if state.paused:
        return state, []
    if state.handled > now + CORRECTED_SECONDS:
        state = replace(state, handled=now)
    dues = _dues(state, now, next_due, policy)
    if not dues:
        return state, []
    last = dues[-1]
    # After a long absence there may be more than were counted: nothing before now is looked at again.
    state = replace(state, handled=last if len(dues) < MAX_COUNTED else max(last, now))
    if was_away and now - run_at(last, policy) > GRACE_SECONDS:
        missed: list[Decision] = [Missed(len(dues), dues[0], last)]
        if policy.missed is OnMissed.SKIP:
            return state, missed
        after = _run(state, last, len(dues) - 1, policy, is_up=is_up)
        return after[0], missed + after[1]
    if was_away and len(dues) > 1 and now - run_at(dues[-2], policy) > GRACE_SECONDS:
        after = _run(state, last, 0, policy, is_up=is_up)
        return after[0], [*after[1], Missed(len(dues) - 1, dues[0], dues[-2])]
    return _run(state, last, len(dues) - 1, policy, is_up=is_up)


def _dues(state: ScheduleState, now: float, next_due: NextDue, policy: SchedulePolicy) -> list[float]:
    dues: list[float] = []
    due = next_due(state.handled)
    while due is not None and run_at(due, policy) <= now and len(dues) < MAX_COUNTED:
        dues.append(due)
        due = next_due(due)
    return dues


def _run(
    state: ScheduleState, due: float, together: int, policy: SchedulePolicy, *, is_up: bool
) -> tuple[ScheduleState, list[Decision]]:
    if not is_up:
        return state, [Run(due, together)]
    match policy.overlap:
        case Overlap.SKIP:
            return state, [Skip(due)]
        case _ if state.pending:
            return state, [Skip(due, queued=True)]
        case Overlap.QUEUE:
            return replace(state, pending=True), [Queue(due)]
        case _:
            return replace(state, pending=True), [StopAndRun(due)]
