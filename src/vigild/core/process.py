"""The process machine: what happens to one process, decided and never done here.

`step(process, input, now, policy)` answers with the process as it is afterwards and a list of effects
that somebody else carries out. Rules that hold:

- *Wanted* and *actual* are two fields. An order changes what is wanted; only facts change what is.
  A stop that arrives while a spawn is under way is remembered in `wanted` and carried out by the fact.
- Every move is its own `Entered` effect, in order, and moves only along `LEGAL_MOVES`. EXITED to
  STARTING and BACKOFF to FATAL are two moves each, because listeners are told of both.
- There is at most one alarm at a time: STARTING waits to be called RUNNING (or to have taken too long), BACKOFF waits to try
  again, so does EXITED where a restart is delayed, STOPPING waits to kill, and RUNNING, while it flaps,
  waits to have been quiet. `SetAlarm` replaces, `CancelAlarm` removes.
- `FlappingBegan` and `FlappingCleared` alternate, whatever ends an episode. How long a restart waits and when
  restarts are too many is in `core/restarts.py`.
- Every pair of state and input has an answer: act, ignore on purpose, or `Refuse`.
- A program that puts itself in the background (`forking`) is *launching* until the process that it leaves
  behind is known; until then its launcher's exit is a step of the start and no end.
- A process that depends on others is spawned when `DependenciesSatisfied` is told, whoever started it. Until then it
  is STARTING and *waiting*, with no pid.
- Where `readiness` is asked for, STARTING becomes RUNNING when the program is ready, whatever startsecs says;
  an exit before that, or no answer in time, is a failed start.
- A process that is *condemned* is being ended because it is of no use: it did not become ready, or it does not
  work any more. It stays in the state it is in until it exits; then its start has failed, or it is started again.
- With `ends_tree` a process is STOPPED only when nothing that it left behind lives (`ending`), and is not
  spawned anew before that.
- `now` is monotonic seconds. Wall time never decides anything.

The semantics (when a start has failed, the back-off of one second more each time, which signal goes
to the group) are Supervisor 4.3's, observed; `docs/compatibility.md` lists where we differ.
"""

from enum import Enum

from vigild.core.effects import Alarm as Alarm
from vigild.core.effects import AwaitDependencies as AwaitDependencies
from vigild.core.effects import CancelAlarm as CancelAlarm
from vigild.core.effects import Cleared as Cleared
from vigild.core.effects import Effect as Effect
from vigild.core.effects import EndTree as EndTree
from vigild.core.effects import Entered as Entered
from vigild.core.effects import FindMain as FindMain
from vigild.core.effects import FlappingBegan as FlappingBegan
from vigild.core.effects import FlappingCleared as FlappingCleared
from vigild.core.effects import Refusal as Refusal
from vigild.core.effects import Refuse as Refuse
from vigild.core.effects import SetAlarm as SetAlarm
from vigild.core.effects import Signal as Signal
from vigild.core.effects import Spawn as Spawn
from vigild.core.frozen import frozen, replace
from vigild.core.orders import AlarmRang as AlarmRang
from vigild.core.orders import BecameReady as BecameReady
from vigild.core.orders import DependenciesSatisfied as DependenciesSatisfied
from vigild.core.orders import Exited as Exited
from vigild.core.orders import GotMoreTime as GotMoreTime
from vigild.core.orders import Input as Input
from vigild.core.orders import MainPid as MainPid
from vigild.core.orders import Renew as Renew
from vigild.core.orders import Restart as Restart
from vigild.core.orders import SendSignal as SendSignal
from vigild.core.orders import ShutDown as ShutDown
from vigild.core.orders import SignalFailed as SignalFailed
from vigild.core.orders import Spawned as Spawned
from vigild.core.orders import SpawnFailed as SpawnFailed
from vigild.core.orders import Start as Start
from vigild.core.orders import Stop as Stop
from vigild.core.orders import TreeEnded as TreeEnded
from vigild.core.restarts import (
    DEFAULT_PACE,
    FOR_EVER,
    OnFlapping,
    Pace,
    flapping_words,
    is_too_often,
    next_delay,
    remembered,
    usual_delay_after_exit,
    usual_delay_after_failure,
)
from vigild.core.states import RUNNING_STATES, SIGNALLABLE_STATES, ProcessState

STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL, UNKNOWN = ProcessState

SIGKILL = 9

LAUNCH_SECONDS = 90.0  # how long a program may take to put itself in the background

# Where a process may go from where. The diagram in the docs is drawn from this, and a test walks every
# reachable state to prove that the moves made are exactly these.
LEGAL_MOVES: dict[ProcessState, frozenset[ProcessState]] = {
    STOPPED: frozenset({STARTING}),
    STARTING: frozenset({RUNNING, BACKOFF, STOPPING, UNKNOWN}),
    RUNNING: frozenset({EXITED, STOPPING, UNKNOWN}),
    BACKOFF: frozenset({STARTING, FATAL, STOPPED}),
    STOPPING: frozenset({STOPPED, UNKNOWN}),
    EXITED: frozenset({STARTING, FATAL}),
    FATAL: frozenset({STARTING}),
    UNKNOWN: frozenset({EXITED}),
}


class Wanted(Enum):
    """What the operator, or the configuration, wants of a process."""

    UP = "up"
    DOWN = "down"


class Autorestart(Enum):
    """What happens when a process that was RUNNING exits by itself."""

    NEVER = "false"
    UNEXPECTED = "unexpected"
    ALWAYS = "true"


@frozen
class Policy:
    """What the configuration says about starting, restarting and stopping. Durations in seconds."""

    start_seconds: float = 1
    start_retries: int = 3
    autorestart: Autorestart = Autorestart.UNEXPECTED
    exit_codes: tuple[int, ...] = (0,)
    stop_signal: int = 15
    stop_wait_seconds: float = 10
    stop_as_group: bool = False
    kill_as_group: bool = False
    pace: Pace = DEFAULT_PACE
    forking: bool = False  # it puts itself in the background
    ends_tree: bool = False  # what it leaves behind is ended with it
    has_dependencies: bool = False  # it is not spawned before they are satisfied
    readiness: str = ""  # how it is asked whether it is ready, in words; '' where nobody asks
    ready_seconds: float = 90
    may_start: bool = True  # False while the daemon is going down, and for what has left the configuration


@frozen
class Process:
    """One process as it is. `pid` is 0 while there is none; `tries` counts failed starts in a row.

    `launching`: `pid` is a launcher (0: it has exited, and what it left is looked for), not yet the process
    itself. `ending`: what it left behind is being ended. `restarts` are the times of automatic restarts that
    still count towards flapping, `condemned` says why it is being ended to be started again ('': it is not),
    `restart_delay` is the last delay of a row of delayed ones (0: none), and
    `restart_at` is when the next is due (0: none is). `waiting`: it is to be spawned when its dependencies are
    satisfied. `again`: it is STOPPING only to be started anew.
    """

    state: ProcessState = STOPPED
    wanted: Wanted = Wanted.DOWN
    pid: int = 0
    tries: int = 0
    started_at: float = 0.0
    exit_status: int | None = None
    spawn_error: str = ""
    launching: bool = False
    ending: bool = False
    flapping: bool = False
    restarts: tuple[float, ...] = ()
    restart_delay: float = 0.0
    restart_at: float = 0.0
    waiting: bool = False
    again: bool = False
    condemned: str = ""

    @property
    def pausing(self) -> bool:
        """EXITED only until its delayed restart is due."""
        return self.state is EXITED and self.restart_at > 0


Outcome = tuple[Process, list[Effect]]

TOO_QUICKLY = "Exited too quickly (process log may have details)"  # clients show this text
NOT_LAUNCHED = (
    f"did not put itself in the background within {LAUNCH_SECONDS:.0f} seconds; "
    "if it stays in the foreground, drop forking=true"
)


def step(process: Process, input_: Input, now: float, policy: Policy) -> Outcome:
    """Decide. Pure: the same arguments give the same answer. Raises nothing."""
    if process.waiting:
        return _step_of_waiting(process, input_, now, policy)
    match input_:
        case Start():
            return _start(process, now, policy)
        case Stop():
            return _stop(process, now, policy)
        case Restart():
            return _stop_to_restart(process, now, policy)
        case DependenciesSatisfied():
            return process, []  # said late: it does not wait any more
        case ShutDown():
            if process.state is BACKOFF:
                over = _fresh(process, Cleared.STOPPED)
                return _then(over, _moved(replace(over[0], wanted=Wanted.DOWN), FATAL, CancelAlarm()))
            return _stop(process, now, policy)
        case SendSignal(signum):
            if process.state in SIGNALLABLE_STATES and process.pid and not process.ending:
                return process, [Signal(process.pid, signum)]
            return process, [Refuse(Refusal.NOT_RUNNING)]
        case Spawned(pid):
            return _spawned(process, pid, now, policy)
        case SpawnFailed(text):
            return _spawn_failed(process, text, now, policy)
        case Exited(status):
            return _exited_with_tree(process, status, now, policy)
        case MainPid(pid):
            return _main_pid(process, pid, now, policy)
        case TreeEnded():
            return _tree_ended(process, now, policy)
        case BecameReady() | GotMoreTime() | Renew():
            return _step_of_watched(process, input_, now, policy)
        case AlarmRang(alarm, answer):
            return _alarm_rang(process, alarm, answer, now, policy)
        case _:  # SignalFailed
            if process.state in SIGNALLABLE_STATES and not process.ending:
                return _moved(replace(process, again=False), UNKNOWN, CancelAlarm())
            return process, []


def _step_of_watched(
    process: Process, input_: BecameReady | GotMoreTime | Renew, now: float, policy: Policy
) -> Outcome:
    match input_:
        case BecameReady():
            return _became_ready(process, now, policy)
        case GotMoreTime(until):
            return _got_more_time(process, until, policy)
        case _:
            if process.state is RUNNING and not process.condemned:
                return _condemn(process, input_.reason, input_.signum, now, policy)
            return process, []


def _step_of_waiting(process: Process, input_: Input, now: float, policy: Policy) -> Outcome:
    """It has no child: of the facts, only that its wait is over can be told of it, or that of its former tree."""
    match input_:
        case DependenciesSatisfied() if policy.may_start:
            return replace(process, waiting=False, started_at=now), [Spawn()]
        case Stop() | ShutDown():
            over = _fresh(replace(process, wanted=Wanted.DOWN, waiting=False), Cleared.STOPPED)
            stopping = _then(over, _moved(over[0], STOPPING))
            # What it left behind may still be being ended.
            return stopping if process.ending else _then(stopping, _stopped(stopping[0], now, policy))
        case Start():
            return process, [Refuse(Refusal.ALREADY_STARTED)]
        case Restart() | SendSignal():
            return process, [Refuse(Refusal.NOT_RUNNING)]
        case TreeEnded():
            return replace(process, ending=False), []
        case _:
            return process, []


def _moved(process: Process, new: ProcessState, *more: Effect, expected: bool = True) -> Outcome:
    entered = Entered(process.state, new, process.pid, process.tries, expected)
    return replace(process, state=new), [entered, *more]


def _then(outcome: Outcome, following: Outcome) -> Outcome:
    return following[0], outcome[1] + following[1]


def _fresh(process: Process, why: Cleared) -> Outcome:
    """Nothing that slowed its restarts down counts any more."""
    clean = replace(process, tries=0, flapping=False, restarts=(), restart_delay=0.0, restart_at=0.0)
    return clean, [FlappingCleared(process.state, why)] if process.flapping else []


def _start(process: Process, now: float, policy: Policy) -> Outcome:
    match process.state:
        case ProcessState.UNKNOWN:
            return process, [Refuse(Refusal.STATE_UNKNOWN)]
        case ProcessState.STOPPING:
            return process, [Refuse(Refusal.STILL_STOPPING)]
        case state if state in RUNNING_STATES:
            return process, [Refuse(Refusal.ALREADY_STARTED)]
        case _ if not policy.may_start:
            return process, [Refuse(Refusal.GOING_DOWN)]
        case _:
            # A person's start begins a new count of everything, whatever was left of an earlier one.
            clean, effects = _fresh(replace(process, wanted=Wanted.UP), Cleared.STARTED)
            if process.pausing:
                effects.append(CancelAlarm())
            return _then((clean, effects), _spawn(clean, now, policy))


def _spawn(process: Process, now: float, policy: Policy) -> Outcome:
    fresh = replace(process, started_at=now, exit_status=None, spawn_error="", restart_at=0.0)
    if policy.has_dependencies:
        return _moved(replace(fresh, waiting=True), STARTING, AwaitDependencies())
    return _moved(fresh, STARTING, Spawn())


def _restart(process: Process, now: float, policy: Policy) -> Outcome:
    """Spawn it again without an order, and keep that in mind."""
    return _spawn(replace(process, restarts=remembered(process.restarts, now, policy.pace)), now, policy)


def _stop_to_restart(process: Process, now: float, policy: Policy) -> Outcome:
    is_up = process.state in (STARTING, RUNNING) and process.pid and process.wanted is Wanted.UP
    if not is_up or not policy.may_start:
        return process, [Refuse(Refusal.NOT_RUNNING if not is_up else Refusal.GOING_DOWN)]
    over = _fresh(replace(process, again=True), Cleared.STOPPED)
    return _then(over, _signal_to_stop(over[0], now, policy))


def _stop(process: Process, now: float, policy: Policy) -> Outcome:
    if process.again:  # it is being stopped already, but not to stay so
        return replace(process, wanted=Wanted.DOWN, again=False), []
    if process.state not in RUNNING_STATES and not process.pausing:
        return process, [Refuse(Refusal.NOT_RUNNING)]
    over = _fresh(replace(process, wanted=Wanted.DOWN), Cleared.STOPPED)
    down = replace(over[0], tries=process.tries)  # listeners are told how often it was tried
    if process.state is BACKOFF:
        return _then(over, _moved(down, STOPPED, CancelAlarm()))
    if process.pausing:
        return _then(over, (down, [CancelAlarm()]))
    if not process.pid:  # the spawn is under way; `Spawned` or `SpawnFailed` will find that it is not wanted
        return down, over[1]
    return _then(over, _signal_to_stop(down, now, policy))


def _signal_to_stop(process: Process, now: float, policy: Policy) -> Outcome:
    signal = Signal(process.pid, policy.stop_signal, policy.stop_as_group)
    spared = replace(process, condemned="")
    return _moved(spared, STOPPING, signal, SetAlarm(Alarm.KILL, now + policy.stop_wait_seconds))


def _spawned(process: Process, pid: int, now: float, policy: Policy) -> Outcome:
    if process.state is not STARTING or process.pid or process.launching:
        return process, []
    # A slow spawn must not use up its startsecs.
    alive = replace(process, pid=pid, started_at=now, launching=policy.forking)
    if process.wanted is Wanted.DOWN:
        return _signal_to_stop(alive, now, policy)
    if policy.forking:
        return alive, [SetAlarm(Alarm.LAUNCH, now + LAUNCH_SECONDS)]
    return _up(alive, now, policy)


def _main_pid(process: Process, pid: int, now: float, policy: Policy) -> Outcome:
    if process.state not in (STARTING, STOPPING) or not process.launching or process.pid:
        return process, []
    main = replace(process, pid=pid, started_at=now, launching=False)
    if process.state is STOPPING:
        signal = Signal(pid, policy.stop_signal, policy.stop_as_group)
        return main, [signal, SetAlarm(Alarm.KILL, now + policy.stop_wait_seconds)]
    if process.wanted is Wanted.DOWN:
        return _signal_to_stop(main, now, policy)
    return _up(main, now, policy)


def _up(alive: Process, now: float, policy: Policy) -> Outcome:
    if policy.readiness:
        return alive, [SetAlarm(Alarm.READY, now + policy.ready_seconds)]
    if policy.start_seconds <= 0:
        return _running(alive, now, policy)
    return alive, [SetAlarm(Alarm.STARTED, now + policy.start_seconds)]


def _running(process: Process, now: float, policy: Policy) -> Outcome:
    quiet = SetAlarm(Alarm.QUIET, max(now, process.started_at + policy.pace.window_seconds))
    return _moved(replace(process, tries=0), RUNNING, *([quiet] if process.flapping else []))


def _awaits_readiness(process: Process, policy: Policy) -> bool:
    is_up = process.state is STARTING and process.pid > 0 and not process.launching
    return bool(policy.readiness) and is_up and not process.condemned


def _became_ready(process: Process, now: float, policy: Policy) -> Outcome:
    if not _awaits_readiness(process, policy):
        return process, []
    outcome = _running(process, now, policy)
    return outcome[0], [CancelAlarm(), *outcome[1]]


def _got_more_time(process: Process, until: float, policy: Policy) -> Outcome:
    if _awaits_readiness(process, policy):
        return process, [SetAlarm(Alarm.READY, until)]
    if process.state is STOPPING and process.pid and not process.launching and not process.ending:
        return process, [SetAlarm(Alarm.KILL, until)]
    return process, []


def _condemn(process: Process, reason: str, signum: int, now: float, policy: Policy) -> Outcome:
    """End it where it is; its exit decides what follows."""
    # SIGABRT asks the main process alone for a core, as systemd does.
    signal = Signal(process.pid, signum, policy.stop_as_group and signum == policy.stop_signal)
    alarm = SetAlarm(Alarm.KILL, now + policy.stop_wait_seconds)
    return replace(process, condemned=reason), [signal, alarm]


def _not_ready(answer: str, policy: Policy) -> str:
    return f"not ready within {policy.ready_seconds:g} seconds ({policy.readiness}: {answer or 'no answer'})"


def _spawn_failed(process: Process, text: str, now: float, policy: Policy) -> Outcome:
    if process.state is STARTING and process.launching:  # whoever it left would be in the way of the next
        after, effects = _start_failed(replace(process, ending=True), text, now, policy)
        return after, [EndTree(), *effects]
    if process.state is STARTING:
        return _start_failed(process, text, now, policy)
    if process.state is STOPPING and process.launching and not process.pid:
        return _stopped(process, now, policy)  # stopped while it was launching, and its launcher left nobody
    return process, []


def _stopped(process: Process, now: float, policy: Policy) -> Outcome:
    at_rest = replace(process, launching=False, ending=False, again=False)
    after, effects = _moved(at_rest, STOPPED, CancelAlarm())
    outcome = replace(after, pid=0), effects
    return _then(outcome, _spawn(outcome[0], now, policy)) if process.again and policy.may_start else outcome


def _tree_ended(process: Process, now: float, policy: Policy) -> Outcome:
    if process.state is STOPPING and process.ending:
        return _stopped(process, now, policy)
    return replace(process, ending=False), []


def _start_failed(process: Process, text: str, now: float, policy: Policy) -> Outcome:
    tries = process.tries + 1
    failed = replace(process, pid=0, spawn_error=text, exit_status=None, tries=tries, launching=False)
    failed = replace(failed, condemned="")
    outcome = _moved(failed, BACKOFF, CancelAlarm())
    if process.wanted is Wanted.DOWN:
        return _then(outcome, _moved(outcome[0], STOPPED))
    if tries > policy.start_retries != FOR_EVER:
        return _then(outcome, _moved(replace(outcome[0], tries=0), FATAL))
    usual = usual_delay_after_failure(tries, policy.start_retries, policy.pace)
    return _then(outcome, _paced(outcome[0], usual, now, policy))


def is_launch_step(process: Process, status: int | None, now: float, policy: Policy) -> bool:
    """Is this exit a step on the way to the background: of a launcher, or of one in between (many fork twice)?"""
    if not policy.forking or status != 0 or process.state not in (STARTING, STOPPING):
        return False
    is_young = process.state is STARTING and now - process.started_at < policy.start_seconds
    return process.launching or is_young


def _exited_with_tree(process: Process, status: int | None, now: float, policy: Policy) -> Outcome:
    if is_launch_step(process, status, now, policy):
        return replace(process, pid=0, launching=True), [CancelAlarm(), FindMain()]
    ends_tree = policy.ends_tree or (process.launching and process.state is STARTING)
    if not ends_tree or process.state not in SIGNALLABLE_STATES:
        return _exited(process, status, now, policy)
    if process.state is STOPPING:
        known = process.exit_status if process.ending else status
        return replace(process, exit_status=known, ending=True), [CancelAlarm(), EndTree()]
    after, effects = _exited(replace(process, ending=True), status, now, policy)
    return after, [EndTree(), *effects]


def _exited(process: Process, status: int | None, now: float, policy: Policy) -> Outcome:
    match process.state:
        case ProcessState.STOPPING:
            return _stopped(replace(process, exit_status=status), now, policy)
        case ProcessState.STARTING if process.launching:
            return _start_failed(process, process.spawn_error or _launcher_failed(status), now, policy)
        case ProcessState.STARTING if policy.readiness or process.condemned:
            early = f"Exited before it was ready ({policy.readiness})"
            return _start_failed(process, process.condemned or early, now, policy)
        case ProcessState.STARTING if now - process.started_at < policy.start_seconds:
            return _start_failed(process, TOO_QUICKLY, now, policy)
        case ProcessState.STARTING:
            running = _moved(replace(process, tries=0), RUNNING, CancelAlarm())
            return _then(running, _ended(running[0], status, now, policy))
        case ProcessState.RUNNING:
            return _ended(process, status, now, policy)
        case ProcessState.UNKNOWN:
            over = replace(process, exit_status=status, condemned="")
            outcome = _moved(over, EXITED, expected=False)
            return _then(outcome, _fresh(replace(outcome[0], pid=0), Cleared.ENDED))
        case _:
            return process, []


def _launcher_failed(status: int | None) -> str:
    how = "was killed" if status == -1 else f"exited with status {'unknown' if status is None else status}"
    return f"the launcher {how} before it put anything in the background (process log may have details)"


def _ended(process: Process, status: int | None, now: float, policy: Policy) -> Outcome:
    condemned = process.condemned
    expected = status in policy.exit_codes and not condemned
    error = condemned or ("" if expected else f"Bad exit code {'unknown' if status is None else status}")
    begun: Outcome = process, [CancelAlarm()] if process.flapping or condemned else []
    if now - process.started_at >= policy.pace.window_seconds:
        begun = _then(begun, _fresh(process, Cleared.QUIET))  # it has stayed up, though the alarm may be late
    over = replace(begun[0], exit_status=status, spawn_error=error, tries=0, condemned="")
    outcome = _then(begun, _moved(over, EXITED, expected=expected))
    outcome = replace(outcome[0], pid=0), outcome[1]
    always = policy.autorestart is Autorestart.ALWAYS or condemned != ""
    again = always or (policy.autorestart is Autorestart.UNEXPECTED and not expected)
    if not again or not policy.may_start:
        return _then(outcome, _fresh(outcome[0], Cleared.ENDED))
    usual = usual_delay_after_exit(process.started_at, now, policy.pace)
    return _then(outcome, _paced(outcome[0], usual, now, policy))


def _paced(process: Process, usual: float, now: float, policy: Policy) -> Outcome:
    """The next automatic restart: at once, after a delay, or never. `usual`: its delay if nothing slows it down."""
    pace, effects = policy.pace, list[Effect]()
    delay = max(usual, next_delay(process.restart_delay, pace)) if process.flapping else usual
    if pace.delay_seconds:
        delay = next_delay(process.restart_delay, pace)
    if not process.flapping and is_too_often(process.restarts, now + delay, pace):
        effects.append(FlappingBegan(process.state, pace.flapping_restarts, pace.window_seconds))
        process = replace(process, flapping=True)
        if pace.on_flapping is OnFlapping.FATAL:
            given_up = replace(process, tries=0, spawn_error=flapping_words(pace))
            return _then((process, effects), _moved(given_up, FATAL))
        delay = max(delay, next_delay(process.restart_delay, pace))
    if process.flapping or pace.delay_seconds:
        process = replace(process, restart_delay=delay)
    if not delay:
        return _then((process, effects), _restart(process, now, policy))
    when = now + delay
    return replace(process, restart_at=when), [*effects, SetAlarm(Alarm.RETRY, when)]


def _is_being_ended(process: Process) -> bool:
    return process.state is STOPPING or (process.condemned != "" and process.state in (STARTING, RUNNING))


def _alarm_rang(process: Process, alarm: Alarm, answer: str, now: float, policy: Policy) -> Outcome:
    match alarm, process.state:
        case Alarm.READY, _ if _awaits_readiness(process, policy):
            return _condemn(process, _not_ready(answer, policy), policy.stop_signal, now, policy)
        case Alarm.STARTED, ProcessState.STARTING if process.pid:
            return _running(process, now, policy)
        case Alarm.LAUNCH, ProcessState.STARTING if process.launching and process.pid:
            late = replace(process, spawn_error=NOT_LAUNCHED)  # its exit, which comes now, is a failed start
            return late, [Signal(process.pid, SIGKILL, as_group=True)]
        case Alarm.RETRY, state if policy.may_start and (state is BACKOFF or process.pausing):
            return _restart(process, now, policy)
        case Alarm.QUIET, ProcessState.RUNNING:
            return _fresh(process, Cleared.QUIET)
        case Alarm.KILL, _ if _is_being_ended(process) and process.pid and not process.ending:
            kill = Signal(process.pid, SIGKILL, policy.kill_as_group)
            return process, [kill, SetAlarm(Alarm.KILL, now + policy.stop_wait_seconds)]
        case _:
            return process, []  # rang late: what it waited for is over
