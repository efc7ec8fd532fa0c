"""The process machine, asked for readiness, and told that a process is of no use."""

from dataclasses import replace

import pytest

from support.steps import RUNNING, STARTING, S, moves, run
from vigild.core.process import (
    SIGKILL,
    Alarm,
    AlarmRang,
    Autorestart,
    BecameReady,
    CancelAlarm,
    EndTree,
    Exited,
    GotMoreTime,
    MainPid,
    Policy,
    Process,
    Renew,
    SetAlarm,
    Signal,
    SignalFailed,
    Spawn,
    Spawned,
    Start,
    Stop,
)

ASKED = Policy(readiness="http://x/", ready_seconds=30, stop_wait_seconds=5, start_retries=1)
WAITING = run(Process(), Start(), Spawned(7), policy=ASKED)[0]
LATE = run(WAITING, AlarmRang(Alarm.READY, "HTTP 503"), now=130.0, policy=ASKED)[0]
ILL = run(RUNNING, Renew("sick", 15))[0]


def test_a_program_that_is_asked_runs_when_it_is_ready() -> None:
    process, effects = run(Process(), Start(), Spawned(7), policy=ASKED)
    assert effects == [SetAlarm(Alarm.READY, 130.0)]
    process, effects = run(process, BecameReady(), now=100.1, policy=ASKED)
    assert effects[0] == CancelAlarm()
    assert moves(effects) == [(S.STARTING, S.RUNNING)]
    assert process.tries == 0


def test_with_startsecs_0_it_is_asked_all_the_same() -> None:
    policy = replace(ASKED, start_seconds=0)
    assert moves(run(Process(), Start(), Spawned(7), policy=policy)[1]) == []


def test_not_ready_in_time_is_a_failed_start_in_words() -> None:
    process, effects = run(WAITING, AlarmRang(Alarm.READY, "HTTP 503"), now=130.0, policy=ASKED)
    assert effects == [Signal(7, 15), SetAlarm(Alarm.KILL, 135.0)]
    assert process.state is S.STARTING
    assert run(process, AlarmRang(Alarm.KILL), now=135.0, policy=ASKED)[1] == [
        Signal(7, SIGKILL),
        SetAlarm(Alarm.KILL, 140.0),
    ]
    process, effects = run(process, Exited(0), now=131.0, policy=ASKED)
    assert moves(effects) == [(S.STARTING, S.BACKOFF)]
    assert process.spawn_error == "not ready within 30 seconds (http://x/: HTTP 503)"
    assert process.condemned == ""
    again = run(process, AlarmRang(Alarm.RETRY), Spawned(8), AlarmRang(Alarm.READY), policy=ASKED)[0]
    assert again.condemned == "not ready within 30 seconds (http://x/: no answer)"
    assert run(again, Exited(-1), policy=ASKED)[0].state is S.FATAL


def test_an_exit_before_it_is_ready_is_a_failed_start_however_late() -> None:
    process, effects = run(WAITING, Exited(0), now=125.0, policy=ASKED)
    assert moves(effects) == [(S.STARTING, S.BACKOFF)]
    assert process.spawn_error == "Exited before it was ready (http://x/)"


@pytest.mark.parametrize("process", [Process(), RUNNING, LATE, replace(WAITING, launching=True)])
def test_readiness_that_nobody_waits_for_changes_nothing(process: Process) -> None:
    assert run(process, BecameReady(), policy=ASKED) == (process, [])
    assert run(process, AlarmRang(Alarm.READY), policy=ASKED) == (process, [])


def test_readiness_where_nobody_asks_changes_nothing() -> None:
    assert run(STARTING, BecameReady()) == (STARTING, [])


def test_a_program_that_forks_is_asked_when_it_is_known() -> None:
    policy = replace(ASKED, forking=True)
    looking = run(Process(), Start(), Spawned(7), Exited(0), policy=policy)[0]
    assert run(looking, MainPid(9), policy=policy)[1] == [SetAlarm(Alarm.READY, 130.0)]


def test_more_time_moves_the_alarm_that_it_is_about() -> None:
    assert run(WAITING, GotMoreTime(300.0), policy=ASKED)[1] == [SetAlarm(Alarm.READY, 300.0)]
    stopping = run(RUNNING, Stop())[0]
    assert run(stopping, GotMoreTime(300.0))[1] == [SetAlarm(Alarm.KILL, 300.0)]
    for process in (RUNNING, LATE, Process(), replace(stopping, ending=True)):
        assert run(process, GotMoreTime(300.0), policy=ASKED) == (process, [])


def test_a_process_of_no_use_is_ended_and_started_again() -> None:
    process, effects = run(RUNNING, Renew("sick", 15), policy=Policy(stop_as_group=True))
    assert effects == [Signal(7, 15, as_group=True), SetAlarm(Alarm.KILL, 110.0)]
    assert (process.state, process.condemned) == (S.RUNNING, "sick")
    never = Policy(autorestart=Autorestart.NEVER)
    after, effects = run(process, Exited(0), policy=never)
    assert moves(effects) == [(S.RUNNING, S.EXITED), (S.EXITED, S.STARTING)]
    assert CancelAlarm() in effects
    assert Spawn() in effects
    assert after.condemned == ""
    assert run(process, AlarmRang(Alarm.KILL), policy=never)[1][0] == Signal(7, SIGKILL)


def test_sigabrt_is_for_the_main_process_alone() -> None:
    assert run(RUNNING, Renew("silent", 6), policy=Policy(stop_as_group=True))[1][0] == Signal(7, 6)


def test_its_end_says_why_where_it_is_not_started_again() -> None:
    down = Policy(may_start=False)
    process = run(ILL, Exited(0), policy=down)[0]
    assert (process.state, process.spawn_error) == (S.EXITED, "sick")


def test_it_is_renewed_once_and_only_while_it_runs() -> None:
    assert run(ILL, Renew("again", 6)) == (ILL, [])
    assert run(STARTING, Renew("sick", 6)) == (STARTING, [])


def test_a_stop_takes_the_place_of_a_renewal() -> None:
    process, effects = run(ILL, Stop())
    assert moves(effects) == [(S.RUNNING, S.STOPPING)]
    assert process.condemned == ""
    assert moves(run(process, Exited(-1))[1]) == [(S.STOPPING, S.STOPPED)]


def test_a_renewal_that_the_kernel_refuses_ends_in_unknown() -> None:
    unknown = run(ILL, SignalFailed())[0]
    process, effects = run(unknown, Exited(0))
    assert moves(effects) == [(S.UNKNOWN, S.EXITED)]
    assert process.condemned == ""


def test_with_killmode_tree_what_it_leaves_is_ended_too() -> None:
    effects = run(ILL, Exited(0), policy=Policy(ends_tree=True))[1]
    assert effects[0] == EndTree()
    assert Spawn() in effects
