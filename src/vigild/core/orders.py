"""What the process machine is told: orders, in the imperative, and facts, in the past tense."""

from dataclasses import dataclass

from vigild.core.effects import Alarm


# Orders.
@dataclass(frozen=True, slots=True)
class Start:
    """Start it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop it, and leave it stopped."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Stop it, and start it again when it has stopped: what it depends on has been started anew."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The daemon goes down: as `Stop`, but a process in BACKOFF is given up (FATAL), as Supervisor does."""


@dataclass(frozen=True, slots=True)
class SendSignal:
    """Send it a signal, whatever it makes of that."""

    signum: int


@dataclass(frozen=True, slots=True)
class Renew:
    """It runs and is of no use: end it with `signum`, and start it again. `reason` is what people read."""

    reason: str
    signum: int


# Facts.
@dataclass(frozen=True, slots=True)
class DependenciesSatisfied:
    """All that it waits for is as it has to be."""


@dataclass(frozen=True, slots=True)
class Spawned:
    """The child exists."""

    pid: int


@dataclass(frozen=True, slots=True)
class SpawnFailed:
    """The child could not be made; `text` says at what step and why."""

    text: str


@dataclass(frozen=True, slots=True)
class Exited:
    """The child is dead and reaped. `status`: its exit code, -1 for a signal, None where nobody knows."""

    status: int | None


@dataclass(frozen=True, slots=True)
class MainPid:
    """The launcher has exited, and this is the process that it put in the background."""

    pid: int


@dataclass(frozen=True, slots=True)
class TreeEnded:
    """Nothing that it left behind lives any more."""


@dataclass(frozen=True, slots=True)
class BecameReady:
    """It was asked whether it is ready, and it is."""


@dataclass(frozen=True, slots=True)
class GotMoreTime:
    """It asked for more time to get ready, or to stop: until monotonic time `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class AlarmRang:
    """The time of an alarm has come. `answer`: what came back last from a program that is not ready."""

    alarm: Alarm
    answer: str = ""


@dataclass(frozen=True, slots=True)
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
