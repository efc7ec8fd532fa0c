"""What the process machine answers with: effects, which somebody else carries out."""

from enum import Enum

from vigild.core.frozen import frozen
from vigild.core.states import ProcessState


class Alarm(Enum):
    """What a process waits for."""

    STARTED = "started"  # it has stayed up for start_seconds
    RETRY = "retry"  # the delay after a failed start, or that after an exit, is over
    KILL = "kill"  # it did not stop in time
    READY = "ready"  # it has not become ready in time
    LAUNCH = "launch"  # it did not put itself in the background in time
    QUIET = "quiet"  # it was flapping, and has now stayed up for a whole window


class Cleared(Enum):
    """Why a process is not flapping any more."""

    QUIET = "quiet"  # it stayed up for a whole window
    STARTED = "started"  # somebody started it, who gets a fresh count
    STOPPED = "stopped"  # somebody stopped it
    ENDED = "ended"  # it ended, and is not to be restarted


class Refusal(Enum):
    """Why an order was not taken."""

    ALREADY_STARTED = "already started"
    STILL_STOPPING = "still stopping"
    NOT_RUNNING = "not running"
    STATE_UNKNOWN = "in an unknown process state"
    GOING_DOWN = "the daemon is going down, or the process has left the configuration"


@frozen
class Spawn:
    """Make the child, and say `Spawned` or `SpawnFailed`."""


@frozen
class AwaitDependencies:
    """Say `DependenciesSatisfied` when that is so, perhaps at once."""


@frozen
class FindMain:
    """Find the process that the launcher put in the background, and say `MainPid` or `SpawnFailed`."""


@frozen
class EndTree:
    """End what it left behind, and say `TreeEnded`; a `Spawn` that comes meanwhile has to wait for that."""


@frozen
class Signal:
    """Send `signum` to `pid`, or to its whole process group."""

    pid: int
    signum: int
    as_group: bool = False


@frozen
class SetAlarm:
    """Say `AlarmRang(alarm)` at monotonic time `when`; replaces any alarm set before."""

    alarm: Alarm
    when: float


@frozen
class CancelAlarm:
    """No alarm any more."""


@frozen
class Entered:
    """It moved from `old` to `new`. The other fields are what listeners are told with it."""

    old: ProcessState
    new: ProcessState
    pid: int
    tries: int
    expected: bool = True


@frozen
class Refuse:
    """The order was not taken, and nothing changed."""

    refusal: Refusal


@frozen
class FlappingBegan:
    """There were `restarts` automatic restarts within `window_seconds`, and one more was to come. It is in `state`."""

    state: ProcessState
    restarts: int
    window_seconds: float


@frozen
class FlappingCleared:
    """It is not flapping any more. It was in `state` when that came about."""

    state: ProcessState
    why: Cleared


Effect = (
    Spawn
    | AwaitDependencies
    | FindMain
    | EndTree
    | Signal
    | SetAlarm
    | CancelAlarm
    | Entered
    | Refuse
    | FlappingBegan
    | FlappingCleared
)
