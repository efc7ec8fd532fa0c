"""What the process machine is told: orders, in the imperative, and facts, in the past tense."""

from vigild.core.effects import Alarm
from vigild.core.frozen import frozen


# Orders.
@frozen
class Start:
    """Start it."""


@frozen
class Stop:
    """Stop it, and leave it stopped."""


@frozen
class Restart:
    """Stop it, and start it again when it has stopped: what it depends on has been started anew."""


@frozen
class ShutDown:
    """The daemon goes down: as `Stop`, but a process in BACKOFF is given up (FATAL), as Supervisor does."""


@frozen
class SendSignal:
    """Send it a signal, whatever it makes of that."""

    signum: int


@frozen
class Renew:
    """It runs and is of no use: end it with `signum`, and start it again. `reason` is what people read."""

    reason: str
    signum: int


# Facts.
@frozen
class DependenciesSatisfied:
    """All that it waits for is as it has to be."""


@frozen
class Spawned:
    """The child exists."""

    pid: int


@frozen
class SpawnFailed:
    """The child could not be made; `text` says at what step and why."""

    text: str


@frozen
class Exited:
    """The child is dead and reaped. `status`: its exit code, -1 for a signal, None where nobody knows."""

    status: int | None


@frozen
class MainPid:
    """The launcher has exited, and this is the process that it put in the background."""

    pid: int


@frozen
class TreeEnded:
    """Nothing that it left behind lives any more."""


@frozen
class BecameReady:
    """It was asked whether it is ready, and it is."""


@frozen
class GotMoreTime:
    """It asked for more time to get ready, or to stop: until monotonic time `until`."""

    until: float


@frozen
class AlarmRang:
    """The time of an alarm has come. `answer`: what came back last from a program that is not ready."""

    alarm: Alarm
    answer: str = ""


@frozen
class SignalFailed:
    """The kernel refused a signal for another reason than that the process is gone."""


Input = (
    Start
    | Stop
    | Restart
    | ShutDown
    | SendSignal
    | DependenciesSatisfied
    | Renew
    | Spawned
    | SpawnFailed
    | Exited
    | MainPid
    | TreeEnded
    | BecameReady
    | GotMoreTime
    | AlarmRang
    | SignalFailed
)
