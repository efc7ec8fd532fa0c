"""Schedules: what is due, missed or in the way, whatever the clock does."""

from dataclasses import replace

import pytest

from vigild.core.schedule import (
    CORRECTED_SECONDS,
    GRACE_SECONDS,
    MAX_COUNTED,
    Decision,
    Missed,
    OnMissed,
    Overlap,
    Queue,
    Run,
    SchedulePolicy,
    ScheduleState,
    Skip,
    StopAndRun,
    begin,
    look,
    next_run,
    paused,
    resumed,
    run_at,
)

HOUR = 3600.0
NOON = 1_000 * 24 * HOUR
STATE = ScheduleState("hourly", NOON)
POLICY = SchedulePolicy("job")


def hourly(after: float) -> float:
    return (after // HOUR + 1) * HOUR


def never(after: float) -> None:
    return None


def at(
    now: float,
    state: ScheduleState = STATE,
    policy: SchedulePolicy = POLICY,
    *,
    is_up: bool = False,
    was_away: bool = False,
) -> tuple[ScheduleState, list[Decision]]:
    return look(state, now, hourly, policy, is_up=is_up, was_away=was_away)


def test_a_due_is_run_once() -> None:
    assert at(NOON + HOUR - 0.001) == (STATE, [])
    state, decisions = at(NOON + HOUR)
    assert decisions == [Run(NOON + HOUR)]
    assert at(NOON + HOUR + 30, state) == (state, [])
    assert next_run(state, hourly, POLICY) == NOON + 2 * HOUR


def test_a_schedule_without_an_end_of_days() -> None:
    assert look(STATE, NOON + HOUR, never, POLICY, is_up=False) == (STATE, [])
    assert next_run(STATE, never, POLICY) is None


@pytest.mark.parametrize("back", [1.0, 1800.0, CORRECTED_SECONDS])
def test_a_clock_that_is_set_back_runs_nothing_twice(back: float) -> None:
    state, _ = at(NOON + HOUR)
    now = NOON + HOUR - back
    assert at(now, state) == (state, [])
    assert at(NOON + HOUR, state) == (state, [])
    assert at(NOON + 2 * HOUR, state)[1] == [Run(NOON + 2 * HOUR)]


def test_a_clock_that_was_wrong_by_days_does_not_stop_the_schedule_until_then() -> None:
    state, _ = at(NOON + 1000 * HOUR)
    state, decisions = at(NOON, state)
    assert (state.handled, decisions) == (NOON, [])
    assert at(NOON + HOUR, state)[1] == [Run(NOON + HOUR)]


def test_a_clock_that_is_set_forward_and_a_machine_that_slept_lose_nothing() -> None:
    state, decisions = at(NOON + 5.5 * HOUR)
    assert decisions == [Run(NOON + 5 * HOUR, together=4)]
    assert at(NOON + 5.6 * HOUR, state)[1] == []


def test_what_was_due_while_no_daemon_lived_is_missed() -> None:
    now = NOON + 3.5 * HOUR
    state, decisions = at(now, was_away=True)
    missed = Missed(3, NOON + HOUR, NOON + 3 * HOUR)
    assert decisions == [missed]
    assert at(now, state, was_away=True)[1] == []
    once = replace(POLICY, missed=OnMissed.ONCE)
    assert at(now, policy=once, was_away=True)[1] == [missed, Run(NOON + 3 * HOUR, together=2)]
    assert at(now, policy=once, is_up=True, was_away=True)[1] == [missed, Skip(NOON + 3 * HOUR)]


def test_what_was_due_a_moment_ago_is_not_missed() -> None:
    assert at(NOON + HOUR + GRACE_SECONDS, was_away=True)[1] == [Run(NOON + HOUR)]
    assert at(NOON + HOUR + GRACE_SECONDS + 1, was_away=True)[1] == [Missed(1, NOON + HOUR, NOON + HOUR)]


def test_those_before_one_that_was_due_a_moment_ago_are_missed_all_the_same() -> None:
    state, decisions = at(NOON + 3 * HOUR + 1, was_away=True)
    assert decisions == [Run(NOON + 3 * HOUR), Missed(2, NOON + HOUR, NOON + 2 * HOUR)]
    assert state.handled == NOON + 3 * HOUR


def test_a_long_absence_is_not_counted_to_its_end() -> None:
    now = NOON + 10_000.5 * HOUR
    state, decisions = at(now, was_away=True)
    assert decisions == [Missed(MAX_COUNTED, NOON + HOUR, NOON + MAX_COUNTED * HOUR)]
    assert state.handled == now
    assert next_run(state, hourly, POLICY) == NOON + 10_001 * HOUR


@pytest.mark.parametrize(
    ("overlap", "decision", "pending"),
    [
        (Overlap.SKIP, Skip(NOON + HOUR), False),
        (Overlap.QUEUE, Queue(NOON + HOUR), True),
        (Overlap.RESTART, StopAndRun(NOON + HOUR), True),
    ],
)
def test_a_run_that_finds_another_in_its_way(overlap: Overlap, decision: Decision, pending: bool) -> None:
    policy = replace(POLICY, overlap=overlap)
    state, decisions = at(NOON + HOUR, policy=policy, is_up=True)
    assert (decisions, state.pending) == ([decision], pending)
    _, again = at(NOON + 2 * HOUR, state, policy, is_up=True)
    assert again == [Skip(NOON + 2 * HOUR, queued=pending)]


def test_jitter_is_the_same_for_the_same_name_and_due_and_within_its_bound() -> None:
    policy = replace(POLICY, jitter_seconds=300.0)
    dues = [NOON + hours * HOUR for hours in range(100)]
    delays = [run_at(due, policy) - due for due in dues]
    assert delays == [run_at(due, policy) - due for due in dues]
    assert 0 <= min(delays) < 30 < 270 < max(delays) < 300
    assert delays != [run_at(due, replace(policy, name="other")) - due for due in dues]
    when = run_at(NOON + HOUR, policy)
    assert next_run(STATE, hourly, policy) == when
    assert at(when - 0.01, policy=policy)[1] == []
    assert at(when, policy=policy)[1] == [Run(NOON + HOUR)]


def test_what_a_daemon_begins_with() -> None:
    assert begin(None, "hourly", NOON) == STATE
    known = replace(STATE, began=5.0, pending=True)
    assert begin(known, "hourly", NOON + 9) == known
    assert begin(known, "daily", NOON + 9) == ScheduleState("daily", NOON + 9, began=5.0)


def test_while_it_is_paused_nothing_is_due_and_nothing_is_made_up_for() -> None:
    state = paused(replace(STATE, pending=True))
    assert (state.paused, state.pending) == (True, False)
    assert at(NOON + 5 * HOUR, state, was_away=True) == (state, [])
    assert next_run(state, hourly, POLICY) is None
    again = resumed(state, NOON + 5.5 * HOUR)
    assert at(NOON + 5.6 * HOUR, again) == (again, [])
    assert at(NOON + 6 * HOUR, again)[1] == [Run(NOON + 6 * HOUR)]
    assert resumed(again, NOON + 9 * HOUR) == again, "it was not paused"
    assert resumed(state, NOON - HOUR).handled == NOON, "the clock was set back"
