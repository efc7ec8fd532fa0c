"""The process machine: each rule by name."""

from dataclasses import replace

import pytest

from support.steps import POLICY, RUNNING, STARTING, STOPPING, S, moves, run
from vigild.core.process import (
    LAUNCH_SECONDS,
    NOT_LAUNCHED,
    SIGKILL,
    TOO_QUICKLY,
    Alarm,
    AlarmRang,
    Autorestart,
    CancelAlarm,
    EndTree,
    Entered,
    Exited,
    FindMain,
    Input,
    MainPid,
    Policy,
    Process,
    Refusal,
    Refuse,
    SendSignal,
    SetAlarm,
    ShutDown,
    Signal,
    SignalFailed,
    Spawn,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
    TreeEnded,
    Wanted,
    step,
)


def test_a_start_spawns_and_then_waits_for_startsecs() -> None:
    process, effects = run(Process(), Start())
    assert effects == [Entered(S.STOPPED, S.STARTING, 0, 0), Spawn()]
    assert process.wanted is Wanted.UP
    process, effects = run(process, Spawned(7))
    assert effects == [SetAlarm(Alarm.STARTED, 101.0)]
    assert (process.state, process.pid) == (S.STARTING, 7)


def test_it_runs_once_it_has_stayed_up() -> None:
    process, effects = run(STARTING, AlarmRang(Alarm.STARTED))
    assert effects == [Entered(S.STARTING, S.RUNNING, 7, 0)]
    assert process.state is S.RUNNING


def test_with_startsecs_0_it_runs_as_soon_as_it_is_spawned() -> None:
    process, effects = run(Process(), Start(), Spawned(7), policy=Policy(start_seconds=0))
    assert moves(effects) == [(S.STARTING, S.RUNNING)]
    assert process.pid == 7


def test_a_spawn_that_fails_is_tried_again_one_second_later_each_time() -> None:
    process, effects = run(Process(), Start(), SpawnFailed("no such file"))
    assert effects == [Entered(S.STARTING, S.BACKOFF, 0, 1), CancelAlarm(), SetAlarm(Alarm.RETRY, 101.0)]
    assert process.spawn_error == "no such file"
    process, effects = run(process, AlarmRang(Alarm.RETRY), SpawnFailed("still not"))
    assert effects[-1] == SetAlarm(Alarm.RETRY, 102.0)
    assert process.tries == 2


def test_after_startretries_it_is_given_up_in_two_moves() -> None:
    process, effects = run(Process(), Start(), SpawnFailed("x"), policy=Policy(start_retries=0))
    assert moves(effects) == [(S.STARTING, S.BACKOFF), (S.BACKOFF, S.FATAL)]
    assert (process.state, process.tries) == (S.FATAL, 0)


def test_an_exit_before_startsecs_is_a_failed_start() -> None:
    process, effects = run(STARTING, Exited(0), now=100.5)
    assert moves(effects) == [(S.STARTING, S.BACKOFF)]
    assert (process.spawn_error, process.exit_status, process.pid) == (TOO_QUICKLY, None, 0)


def test_an_exit_after_startsecs_but_before_the_alarm_was_heard_counts_as_having_run() -> None:
    process, effects = run(STARTING, Exited(0), now=101.5)
    assert moves(effects) == [(S.STARTING, S.RUNNING), (S.RUNNING, S.EXITED)]
    assert CancelAlarm() in effects
    assert process.state is S.EXITED


@pytest.mark.parametrize(
    ("autorestart", "status", "restarts"),
    [
        (Autorestart.NEVER, 1, False),
        (Autorestart.UNEXPECTED, 0, False),
        (Autorestart.UNEXPECTED, 1, True),
        (Autorestart.UNEXPECTED, -1, True),
        (Autorestart.UNEXPECTED, None, True),
        (Autorestart.ALWAYS, 0, True),
        (Autorestart.ALWAYS, 1, True),
    ],
)
def test_autorestart(autorestart: Autorestart, status: int | None, restarts: bool) -> None:
    process, effects = run(RUNNING, Exited(status), policy=Policy(autorestart=autorestart))
    expected = [(S.RUNNING, S.EXITED)] + ([(S.EXITED, S.STARTING)] if restarts else [])
    assert moves(effects) == expected
    assert (Spawn() in effects) is restarts
    assert process.pid == 0


def test_an_unexpected_exit_is_told_with_its_status() -> None:
    never = Policy(autorestart=Autorestart.NEVER)
    process, effects = run(RUNNING, Exited(3), policy=never)
    assert effects == [Entered(S.RUNNING, S.EXITED, 7, 0, expected=False)]
    assert process.spawn_error == "Bad exit code 3"
    assert run(RUNNING, Exited(None), policy=never)[0].spawn_error == "Bad exit code unknown"
    assert run(RUNNING, Exited(0), policy=never)[0].spawn_error == ""


def test_nothing_restarts_while_the_daemon_goes_down() -> None:
    down = Policy(autorestart=Autorestart.ALWAYS, may_start=False)
    process, effects = run(RUNNING, Exited(1), policy=down)
    assert process.state is S.EXITED
    assert Spawn() not in effects
    backoff = run(Process(), Start(), SpawnFailed("x"))[0]
    assert run(backoff, AlarmRang(Alarm.RETRY), policy=down) == (backoff, [])


@pytest.mark.parametrize(
    ("process", "now", "expected"),
    [
        (STARTING, 100.5, [(S.STARTING, S.BACKOFF)]),
        (STARTING, 101.5, [(S.STARTING, S.RUNNING), (S.RUNNING, S.EXITED), (S.EXITED, S.STARTING)]),
        (RUNNING, 110.0, [(S.RUNNING, S.EXITED), (S.EXITED, S.STARTING)]),
        (STOPPING, 110.0, [(S.STOPPING, S.STOPPED)]),
        (replace(RUNNING, state=S.UNKNOWN), 110.0, [(S.UNKNOWN, S.EXITED)]),
    ],
)
def test_an_end_of_which_nobody_knows_the_status_is_never_expected(
    process: Process, now: float, expected: list[tuple[S, S]]
) -> None:
    after, effects = run(process, Exited(None), now=now)
    assert moves(effects) == expected
    assert all(not move.expected for move in effects if isinstance(move, Entered) and move.new is S.EXITED)
    assert (after.pid, after.exit_status) == (0, None)


def test_nothing_starts_by_order_either_while_the_daemon_goes_down() -> None:
    down = Policy(may_start=False)
    assert run(Process(), Start(), policy=down) == (Process(), [Refuse(Refusal.GOING_DOWN)])


def test_stop_sends_the_stop_signal_and_then_kills() -> None:
    policy = Policy(stop_signal=3, stop_wait_seconds=5, stop_as_group=True, kill_as_group=False)
    process, effects = run(RUNNING, Stop(), policy=policy)
    assert effects == [
        Entered(S.RUNNING, S.STOPPING, 7, 0),
        Signal(7, 3, as_group=True),
        SetAlarm(Alarm.KILL, 105.0),
    ]
    process, effects = run(process, AlarmRang(Alarm.KILL), now=105.0, policy=policy)
    assert effects == [Signal(7, SIGKILL, as_group=False), SetAlarm(Alarm.KILL, 110.0)]
    process, effects = run(process, Exited(-1))
    assert effects == [Entered(S.STOPPING, S.STOPPED, 7, 0), CancelAlarm()]
    assert (process.pid, process.exit_status, process.wanted) == (0, -1, Wanted.DOWN)


def test_stop_in_backoff_needs_no_signal() -> None:
    backoff = run(Process(), Start(), SpawnFailed("x"))[0]
    process, effects = run(backoff, Stop())
    assert effects == [Entered(S.BACKOFF, S.STOPPED, 0, 1), CancelAlarm()]
    assert process.state is S.STOPPED


def test_shutdown_gives_up_what_is_in_backoff() -> None:
    backoff = run(Process(), Start(), SpawnFailed("x"))[0]
    assert moves(run(backoff, ShutDown())[1]) == [(S.BACKOFF, S.FATAL)]
    assert moves(run(RUNNING, ShutDown())[1]) == [(S.RUNNING, S.STOPPING)]


def test_a_start_by_hand_begins_a_new_count_of_tries() -> None:
    backoff = run(Process(), Start(), SpawnFailed("x"))[0]
    assert run(backoff, Stop(), Start())[0].tries == 0


def test_a_stop_while_the_spawn_is_under_way_is_carried_out_by_its_outcome() -> None:
    ordered = run(Process(), Start(), Stop())[0]
    assert (ordered.state, ordered.wanted) == (S.STARTING, Wanted.DOWN)
    effects = run(ordered, Spawned(9))[1]
    assert moves(effects) == [(S.STARTING, S.STOPPING)]
    assert Signal(9, 15) in effects
    assert moves(run(ordered, SpawnFailed("x"))[1]) == [(S.STARTING, S.BACKOFF), (S.BACKOFF, S.STOPPED)]


@pytest.mark.parametrize(
    ("process", "order", "refusal"),
    [
        (STARTING, Start(), Refusal.ALREADY_STARTED),
        (RUNNING, Start(), Refusal.ALREADY_STARTED),
        (STOPPING, Start(), Refusal.STILL_STOPPING),
        (replace(RUNNING, state=S.UNKNOWN), Start(), Refusal.STATE_UNKNOWN),
        (Process(), Stop(), Refusal.NOT_RUNNING),
        (STOPPING, Stop(), Refusal.NOT_RUNNING),
        (Process(), SendSignal(1), Refusal.NOT_RUNNING),
        (Process(), ShutDown(), Refusal.NOT_RUNNING),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    process: Process, order: Input, refusal: Refusal
) -> None:
    assert step(process, order, 100.0, POLICY) == (process, [Refuse(refusal)])


def test_any_signal_can_be_sent_to_what_runs() -> None:
    assert run(RUNNING, SendSignal(1)) == (RUNNING, [Signal(7, 1)])
    assert run(STOPPING, SendSignal(18)) == (STOPPING, [Signal(7, 18)])


def test_a_signal_that_the_kernel_refuses_leaves_the_process_unknown() -> None:
    process, effects = run(RUNNING, SignalFailed())
    assert moves(effects) == [(S.RUNNING, S.UNKNOWN)]
    process, effects = run(process, Exited(0))
    assert moves(effects) == [(S.UNKNOWN, S.EXITED)]
    assert process.pid == 0


FORKING = Policy(forking=True)
LAUNCHING = run(Process(), Start(), Spawned(7), policy=FORKING)[0]
LOOKING = run(LAUNCHING, Exited(0), policy=FORKING)[0]
TREE = Policy(ends_tree=True)
TREE_ENDING = run(STOPPING, Exited(0), policy=TREE)[0]


def test_a_launcher_has_time_to_put_its_program_in_the_background() -> None:
    _, effects = run(Process(), Start(), Spawned(7), policy=FORKING)
    assert effects == [SetAlarm(Alarm.LAUNCH, 100.0 + LAUNCH_SECONDS)]


def test_a_launcher_that_is_done_is_followed_by_the_process_it_leaves() -> None:
    process, effects = run(LAUNCHING, Exited(0), policy=FORKING)
    assert effects == [CancelAlarm(), FindMain()]
    assert (process.state, process.pid) == (S.STARTING, 0)
    process, effects = run(process, MainPid(9), now=105.0, policy=FORKING)
    assert effects == [SetAlarm(Alarm.STARTED, 106.0)]
    assert (process.pid, process.started_at, process.launching) == (9, 105.0, False)
    assert moves(run(process, AlarmRang(Alarm.STARTED), policy=FORKING)[1]) == [(S.STARTING, S.RUNNING)]


def test_a_program_that_forks_twice_leaves_another_process_again() -> None:
    process = run(LOOKING, MainPid(9), now=105.0, policy=FORKING)[0]
    assert run(process, Exited(0), now=105.1, policy=FORKING)[1] == [CancelAlarm(), FindMain()]
    assert moves(run(process, Exited(0), now=107.0, policy=FORKING)[1])[0] == (S.STARTING, S.RUNNING)
    assert moves(run(process, Exited(1), now=105.1, policy=FORKING)[1]) == [(S.STARTING, S.BACKOFF)]


def test_a_launcher_that_leaves_nobody_has_failed() -> None:
    process, effects = run(LOOKING, SpawnFailed("left nobody"), policy=FORKING)
    assert effects[0] == EndTree()  # nobody that we could name: but whoever it left is in the way
    assert moves(effects) == [(S.STARTING, S.BACKOFF)]
    assert (process.spawn_error, process.launching, process.ending) == ("left nobody", False, True)


@pytest.mark.parametrize(
    ("status", "how"), [(3, "exited with status 3"), (-1, "was killed"), (None, "exited with status unknown")]
)
def test_a_launcher_that_fails_is_a_failed_start_in_words(status: int | None, how: str) -> None:
    process, effects = run(LAUNCHING, Exited(status), policy=FORKING)
    assert moves(effects) == [(S.STARTING, S.BACKOFF)]
    assert EndTree() in effects
    assert process.spawn_error.startswith(f"the launcher {how} before")


def test_a_launcher_that_stays_is_killed_and_told_so() -> None:
    process, effects = run(LAUNCHING, AlarmRang(Alarm.LAUNCH), policy=FORKING)
    assert effects == [Signal(7, SIGKILL, as_group=True)]
    assert run(process, Exited(-1), policy=FORKING)[0].spawn_error == NOT_LAUNCHED
    assert run(LOOKING, AlarmRang(Alarm.LAUNCH), policy=FORKING) == (LOOKING, [])


def test_a_stop_while_it_launches_is_carried_out_on_what_it_leaves() -> None:
    stopping = run(LAUNCHING, Stop(), policy=FORKING)[0]
    looking, effects = run(stopping, Exited(0), policy=FORKING)
    assert effects == [CancelAlarm(), FindMain()]
    main, effects = run(looking, MainPid(9), policy=FORKING)
    assert effects == [Signal(9, 15), SetAlarm(Alarm.KILL, 110.0)]
    assert moves(run(main, Exited(-1), policy=FORKING)[1]) == [(S.STOPPING, S.STOPPED)]
    assert moves(run(looking, SpawnFailed("nobody"), policy=FORKING)[1]) == [(S.STOPPING, S.STOPPED)]


def test_a_stop_while_it_is_looked_for_waits_for_what_is_found() -> None:
    stopped = run(LOOKING, Stop(), policy=FORKING)[0]
    assert Signal(9, 15) in run(stopped, MainPid(9), policy=FORKING)[1]


def test_with_startsecs_0_a_forking_program_runs_as_soon_as_it_is_known() -> None:
    assert moves(run(LOOKING, MainPid(9), policy=Policy(start_seconds=0, forking=True))[1]) == [
        (S.STARTING, S.RUNNING)
    ]


def test_a_main_process_that_nobody_looks_for_changes_nothing() -> None:
    assert run(RUNNING, MainPid(9)) == (RUNNING, [])
    assert run(LAUNCHING, MainPid(9), policy=FORKING) == (LAUNCHING, [])


def test_it_is_stopped_only_when_its_tree_has_ended() -> None:
    process, effects = run(STOPPING, Exited(3), policy=TREE)
    assert effects == [CancelAlarm(), EndTree()]
    assert process.state is S.STOPPING
    process, effects = run(process, TreeEnded(), policy=TREE)
    assert moves(effects) == [(S.STOPPING, S.STOPPED)]
    assert (process.pid, process.exit_status, process.ending) == (0, 3, False)


def test_while_its_tree_ends_the_dead_process_gets_no_signals() -> None:
    assert run(TREE_ENDING, SendSignal(1), policy=TREE)[1] == [Refuse(Refusal.NOT_RUNNING)]
    assert run(TREE_ENDING, AlarmRang(Alarm.KILL), policy=TREE) == (TREE_ENDING, [])
    assert run(TREE_ENDING, SignalFailed(), policy=TREE) == (TREE_ENDING, [])
    # A daemon that comes new to it hears of its end once more, and knows less.
    again, effects = run(TREE_ENDING, Exited(None), policy=TREE)
    assert (again.exit_status, effects) == (0, [CancelAlarm(), EndTree()])


def test_a_crash_ends_the_tree_before_the_next_start() -> None:
    process, effects = run(RUNNING, Exited(1), policy=TREE)
    assert effects[0] == EndTree()
    assert moves(effects) == [(S.RUNNING, S.EXITED), (S.EXITED, S.STARTING)]
    assert process.ending
    assert not run(process, TreeEnded(), policy=TREE)[0].ending
