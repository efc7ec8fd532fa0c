"""Automatic restarts of a process: their delays, and what follows when there are too many."""

from dataclasses import replace

from support.steps import RUNNING, S, moves, run
from vigild.core.process import (
    Alarm,
    AlarmRang,
    CancelAlarm,
    Cleared,
    Effect,
    Entered,
    Exited,
    FlappingBegan,
    FlappingCleared,
    Policy,
    Process,
    SetAlarm,
    ShutDown,
    SignalFailed,
    Spawn,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
    Wanted,
    step,
)
from vigild.core.restarts import OnFlapping, Pace


def crash(process: Process, now: float, policy: Policy) -> tuple[Process, list[Effect]]:
    """It is spawned, if that is what it waits for, and ends at `now`."""
    if process.state is S.STARTING and not process.pid:
        process = step(process, Spawned(7), now, policy)[0]
    return step(process, Exited(1), now, policy)


def flapping(policy: Policy, now: float = 100.0) -> tuple[Process, list[Effect]]:
    """A process that ends at once until it flaps; effects of the end that made it so."""
    process, effects = run(Process(), Start(), now=now, policy=policy)
    while not process.flapping:
        process, effects = crash(process, now, policy)
    return process, effects


TWICE = Policy(start_seconds=0, pace=Pace(flapping_restarts=2, window_seconds=10))
FATAL_TWICE = replace(TWICE, pace=replace(TWICE.pace, on_flapping=OnFlapping.FATAL))


def test_restarts_are_made_at_once_until_they_are_too_many_in_a_window() -> None:
    process = run(Process(), Start(), policy=TWICE)[0]
    for _ in range(2):
        process, effects = crash(process, 100.0, TWICE)
        assert Spawn() in effects
        assert not process.flapping
    process, effects = crash(process, 100.5, TWICE)
    assert effects == [
        Entered(S.RUNNING, S.EXITED, 7, 0, expected=False),
        FlappingBegan(S.EXITED, 2, 10),
        SetAlarm(Alarm.RETRY, 101.5),
    ]
    assert (process.flapping, process.pausing, process.restart_at) == (True, True, 101.5)


def test_restarts_further_apart_than_the_window_allows_are_no_flapping() -> None:
    process, now = run(Process(), Start(), policy=TWICE)[0], 100.0
    for _ in range(20):
        process, effects = crash(process, now, TWICE)
        assert Spawn() in effects
        now += 5.0
    assert len(process.restarts) == 2, "no more are kept than are needed"


def test_a_flapping_process_is_restarted_later_each_time_up_to_the_limit() -> None:
    policy = replace(TWICE, pace=replace(TWICE.pace, limit_seconds=5))
    process, effects = flapping(policy)
    delays, now = [process.restart_at - 100.0], 100.0
    for _ in range(4):
        now = process.restart_at
        process, effects = run(process, AlarmRang(Alarm.RETRY), now=now, policy=policy)
        assert moves(effects) == [(S.EXITED, S.STARTING)]
        process, effects = crash(process, now, policy)
        assert not any(isinstance(effect, FlappingBegan) for effect in effects), "told of once"
        delays.append(process.restart_at - now)
    assert delays == [1, 2, 4, 5, 5]


def test_a_flapping_process_is_given_up_where_that_is_wanted() -> None:
    process, effects = flapping(FATAL_TWICE)
    assert moves(effects) == [(S.RUNNING, S.EXITED), (S.EXITED, S.FATAL)]
    assert effects[1] == FlappingBegan(S.EXITED, 2, 10)
    assert process.spawn_error == "Flapping: restarted 2 times in 10 seconds (process log may have details)"
    assert run(process, AlarmRang(Alarm.RETRY), policy=FATAL_TWICE) == (process, [])
    started, effects = run(process, Start(), policy=FATAL_TWICE)
    assert effects == [
        FlappingCleared(S.FATAL, Cleared.STARTED),
        Entered(S.FATAL, S.STARTING, 0, 0),
        Spawn(),
    ]
    assert (started.flapping, started.restarts) == (False, ())


def test_a_quiet_window_ends_the_flapping() -> None:
    process = flapping(TWICE)[0]
    process, effects = run(process, AlarmRang(Alarm.RETRY), Spawned(8), now=101.0, policy=TWICE)
    assert effects == [Entered(S.STARTING, S.RUNNING, 8, 0), SetAlarm(Alarm.QUIET, 111.0)]
    process, effects = run(process, AlarmRang(Alarm.QUIET), now=111.0, policy=TWICE)
    assert effects == [FlappingCleared(S.RUNNING, Cleared.QUIET)]
    assert (process.flapping, process.restarts, process.restart_delay) == (False, (), 0)
    assert Spawn() in crash(process, 112.0, TWICE)[1], "it begins afresh"


def test_with_a_startsecs_above_the_window_the_quiet_window_is_over_at_once() -> None:
    slow = replace(TWICE, start_seconds=30)
    process = run(flapping(TWICE)[0], AlarmRang(Alarm.RETRY), Spawned(8), now=101.0, policy=slow)[0]
    effects = run(process, AlarmRang(Alarm.STARTED), now=131.0, policy=slow)[1]
    assert effects == [Entered(S.STARTING, S.RUNNING, 8, 0), SetAlarm(Alarm.QUIET, 131.0)]


def test_an_end_after_a_quiet_window_counts_as_quiet_though_its_alarm_was_not_heard() -> None:
    process = run(flapping(TWICE)[0], AlarmRang(Alarm.RETRY), Spawned(8), now=101.0, policy=TWICE)[0]
    process, effects = run(process, Exited(1), now=111.0, policy=TWICE)
    assert effects == [
        CancelAlarm(),
        FlappingCleared(S.RUNNING, Cleared.QUIET),
        Entered(S.RUNNING, S.EXITED, 8, 0, expected=False),
        Entered(S.EXITED, S.STARTING, 0, 0),
        Spawn(),
    ]
    assert not process.flapping


def test_an_end_without_a_restart_is_the_end_of_flapping_too() -> None:
    process = run(flapping(TWICE)[0], AlarmRang(Alarm.RETRY), Spawned(8), now=101.0, policy=TWICE)[0]
    effects = run(process, Exited(0), now=102.0, policy=TWICE)[1]
    assert effects == [
        CancelAlarm(),
        Entered(S.RUNNING, S.EXITED, 8, 0),
        FlappingCleared(S.EXITED, Cleared.ENDED),
    ]
    lost = run(process, SignalFailed(), now=102.0, policy=TWICE)[0]
    assert lost.flapping
    assert run(lost, Exited(None), now=102.0, policy=TWICE)[1] == [
        Entered(S.UNKNOWN, S.EXITED, 8, 0, expected=False),
        FlappingCleared(S.EXITED, Cleared.ENDED),
    ]


def test_a_stop_ends_the_flapping_and_a_pause() -> None:
    pausing = flapping(TWICE)[0]
    stopped, effects = run(pausing, Stop(), policy=TWICE)
    assert effects == [FlappingCleared(S.EXITED, Cleared.STOPPED), CancelAlarm()]
    assert (stopped.state, stopped.wanted, stopped.pausing) == (S.EXITED, Wanted.DOWN, False)
    assert run(stopped, AlarmRang(Alarm.RETRY), policy=TWICE) == (stopped, [])
    starting = run(pausing, AlarmRang(Alarm.RETRY), now=101.0, policy=TWICE)[0]
    assert run(starting, Stop(), policy=TWICE)[1] == [FlappingCleared(S.STARTING, Cleared.STOPPED)]
    running = run(starting, Spawned(8), now=101.0, policy=TWICE)[0]
    stopping, effects = run(running, Stop(), now=101.0, policy=TWICE)
    assert effects[0] == FlappingCleared(S.RUNNING, Cleared.STOPPED)
    assert effects[-1] == SetAlarm(Alarm.KILL, 111.0)
    assert run(stopping, AlarmRang(Alarm.QUIET), policy=TWICE) == (stopping, [])


def test_a_pause_can_be_ended_by_a_start() -> None:
    pausing = flapping(TWICE)[0]
    started, effects = run(pausing, Start(), policy=TWICE)
    assert effects == [
        FlappingCleared(S.EXITED, Cleared.STARTED),
        CancelAlarm(),
        Entered(S.EXITED, S.STARTING, 0, 0),
        Spawn(),
    ]
    assert (started.restarts, started.restart_at, started.pausing) == ((), 0, False)
    down = replace(TWICE, may_start=False)
    assert run(pausing, AlarmRang(Alarm.RETRY), policy=down) == (pausing, [])


def test_failed_starts_count_towards_flapping_when_they_come_too_fast() -> None:
    policy = Policy(start_retries=-1, pace=Pace(flapping_restarts=3, window_seconds=60))
    process, now, delays = run(Process(), Start(), policy=policy)[0], 100.0, []
    for _ in range(5):
        process, effects = run(process, SpawnFailed("x"), now=now, policy=policy)
        assert any(isinstance(effect, FlappingBegan) for effect in effects) is (len(delays) == 3)
        delays.append(process.restart_at - now)
        now = process.restart_at
        process = run(process, AlarmRang(Alarm.RETRY), now=now, policy=policy)[0]
    assert delays == [1, 2, 3, 4, 8], "flapping never hastens a retry"
    assert process.flapping


def test_failed_starts_can_be_given_up_as_flapping() -> None:
    policy = replace(FATAL_TWICE, start_seconds=1, start_retries=-1)
    process, now = run(Process(), Start(), policy=policy)[0], 100.0
    for _ in range(2):
        process = run(process, SpawnFailed("x"), now=now, policy=policy)[0]
        now = process.restart_at
        process = run(process, AlarmRang(Alarm.RETRY), now=now, policy=policy)[0]
    process, effects = run(process, SpawnFailed("x"), now=now, policy=policy)
    assert moves(effects) == [(S.STARTING, S.BACKOFF), (S.BACKOFF, S.FATAL)]
    assert process.spawn_error.startswith("Flapping")
    assert process.wanted is Wanted.UP


def test_what_is_given_up_after_its_retries_stays_marked_until_it_is_started() -> None:
    policy = replace(TWICE, start_seconds=1, start_retries=0)
    flaps = run(flapping(TWICE)[0], AlarmRang(Alarm.RETRY), now=101.0, policy=policy)[0]
    fatal = run(flaps, SpawnFailed("x"), now=101.0, policy=policy)[0]
    assert (fatal.state, fatal.flapping, fatal.spawn_error) == (S.FATAL, True, "x")
    assert run(fatal, Start(), policy=policy)[1][0] == FlappingCleared(S.FATAL, Cleared.STARTED)


def test_a_shutdown_ends_the_flapping() -> None:
    policy = replace(TWICE, start_seconds=1)
    flaps = run(flapping(TWICE)[0], AlarmRang(Alarm.RETRY), now=101.0, policy=policy)[0]
    backoff = run(flaps, SpawnFailed("x"), now=101.0, policy=policy)[0]
    assert run(backoff, ShutDown(), policy=policy)[1] == [
        FlappingCleared(S.BACKOFF, Cleared.STOPPED),
        Entered(S.BACKOFF, S.FATAL, 0, 0),
        CancelAlarm(),
    ]


def test_retries_without_an_end_wait_up_to_the_limit() -> None:
    policy = Policy(start_retries=-1, pace=Pace(flapping_restarts=0, limit_seconds=3))
    process, now, delays = run(Process(), Start(), policy=policy)[0], 100.0, []
    for _ in range(6):
        process = run(process, SpawnFailed("x"), now=now, policy=policy)[0]
        delays.append(process.restart_at - now)
        now = process.restart_at
        process = run(process, AlarmRang(Alarm.RETRY), now=now, policy=policy)[0]
    assert delays == [1, 2, 3, 3, 3, 3]


def test_supervisors_retries_never_flap() -> None:
    policy = Policy(start_retries=200)
    process, now = run(Process(), Start(), policy=policy)[0], 0.0
    for tries in range(1, 201):
        process = run(process, SpawnFailed("x"), now=now, policy=policy)[0]
        assert (process.restart_at - now, process.flapping) == (tries, False)
        now = process.restart_at
        process = run(process, AlarmRang(Alarm.RETRY), now=now, policy=policy)[0]


def test_a_restart_delay_grows_with_each_restart_in_a_row_after_exits_and_failed_starts() -> None:
    policy = Policy(start_retries=9, pace=Pace(delay_seconds=0.5, factor=3, limit_seconds=10))
    process, effects = run(RUNNING, Exited(1), now=110.0, policy=policy)
    assert effects[1:] == [SetAlarm(Alarm.RETRY, 110.5)]
    process, effects = run(process, AlarmRang(Alarm.RETRY), SpawnFailed("x"), now=110.5, policy=policy)
    assert (process.state, effects[-1]) == (S.BACKOFF, SetAlarm(Alarm.RETRY, 112.0))
    process, effects = run(process, AlarmRang(Alarm.RETRY), Spawned(8), Exited(1), now=112.0, policy=policy)
    assert effects[-1] == SetAlarm(Alarm.RETRY, 116.5)
    process, effects = run(process, AlarmRang(Alarm.RETRY), Spawned(9), now=116.5, policy=policy)
    assert run(process, Exited(1), now=130.0, policy=policy)[1][-1] == SetAlarm(Alarm.RETRY, 140.0)
    effects = run(process, Exited(1), now=116.5 + 60, policy=policy)[1]
    assert effects[-1] == SetAlarm(Alarm.RETRY, 177.0), "a window without a restart ends the row"


def test_flapping_goes_on_with_the_delays_of_restart_delay() -> None:
    policy = Policy(
        start_seconds=0,
        pace=Pace(delay_seconds=0.25, flapping_restarts=2, window_seconds=10),
    )
    process, now, delays = run(Process(), Start(), policy=policy)[0], 100.0, []
    for _ in range(4):
        process = crash(process, now, policy)[0]
        delays.append(process.restart_at - now)
        now = process.restart_at
        process = run(process, AlarmRang(Alarm.RETRY), now=now, policy=policy)[0]
    assert delays == [0.25, 0.5, 1, 2]
    assert process.flapping


def test_with_flapping_off_a_program_that_ends_at_once_is_restarted_once_a_second() -> None:
    policy = Policy(start_seconds=0, pace=Pace(flapping_restarts=0))
    process, now = run(Process(), Start(), policy=policy)[0], 100.0
    for _ in range(30):
        process = crash(process, now, policy)[0]
        assert process.restart_at == now + 1
        now = process.restart_at
        process = run(process, AlarmRang(Alarm.RETRY), now=now, policy=policy)[0]
    process = run(process, Spawned(9), now=now, policy=policy)[0]
    assert Spawn() in run(process, Exited(1), now=now + 1.5, policy=policy)[1]
    assert (process.flapping, process.restarts) == (False, ())
