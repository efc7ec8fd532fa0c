"""What the history is made of: facts as plain values, and the words for what causes a move."""

from dataclasses import field
from enum import StrEnum

from vigild.core.effects import Alarm
from vigild.core.frozen import frozen
from vigild.core.orders import (
    AlarmRang,
    Exited,
    Input,
    Restart,
    ShutDown,
    SignalFailed,
    SpawnFailed,
    Start,
    Stop,
)
from vigild.core.states import ProcessState

Details = dict[str, object]
"""Plain values by name: text, numbers, booleans, lists of these. Nothing secret, and no None."""


class Kind(StrEnum):
    """What sort of fact it is."""

    STATE = "state"  # a process moved: old, new, cause, by
    EXIT = "exit"  # a process ended: status or signal and core, pid, ran, expected
    SPAWN_FAILED = "spawn_failed"  # a process could not be started: text
    FLAPPING = "flapping"  # it began or was cleared: text
    UNSEEN = "unseen"  # a process ended while no daemon ran: text
    ORDER = "order"  # somebody ordered something: method, arguments, by, via, failed
    ALERT = "alert"  # people were told, or could not be: alert, what (delivered, refused), edges, text, error
    DAEMON = "daemon"  # the daemon itself: what, text
    RULE = "rule"  # a rule came true, or that is over: what ("raised", "cleared"), rule, text
    SCHEDULE = "schedule"  # a run was "missed", "skipped" or "refused": what, text
    MONITOR = "monitor"  # a rule of a monitor came true, or that is over: what ("failed", "passed"), rule, text, values
    ACCESS = "access"  # what ("login", "logout", "failed"): by, via, count, untold; "users" changed: added, removed, changed
    LOST = "lost"  # facts that could not be kept: count


@frozen
class OutputEnd:
    """How far a log was written when its process ended: the file by name, device and inode, and its length.

    `begin`: how long it was when that run began; 0 where that is not known.
    """

    channel: str
    path: str
    device: int
    inode: int
    size: int
    begin: int = 0


@frozen
class Fact:
    """One thing that happened, at `at` seconds since the epoch, to the process `name` ("" for none)."""

    at: float
    kind: Kind
    name: str
    details: Details = field(default_factory=dict)
    outputs: tuple[OutputEnd, ...] = ()


@frozen
class HistoryQuery:
    """Which facts are asked for. `name`: a namespec, `group:*`, or "" for all; times since the epoch, 0: no bound.

    With `after`, the first `limit` facts with a greater number; without, the last `limit`. `programs`: patterns of those
    that are told of; none: everything.
    """

    name: str = ""
    since: float = 0.0
    until: float = 0.0
    limit: int = 100
    after: int = -1
    kinds: tuple[str, ...] = ()
    with_output: bool = False
    programs: tuple[str, ...] = ()


MAX_FACTS = 1000  # in one answer


def cause_of(input_: Input, new: ProcessState) -> str:
    """Why a process that was told `input_` moves to `new`, in a word that stays the same over versions."""
    match input_:
        case Start():
            return "start"
        case Stop():
            return "stop"
        case ShutDown():
            return "shutdown"
        case Restart():
            return "dependency"
        case _ if new is ProcessState.FATAL:
            return "gave_up"
        case Exited():
            return "restart" if new is ProcessState.STARTING else "exit"
        case SpawnFailed():
            return "spawn_failed"
        case AlarmRang(Alarm.RETRY):
            return "retry"
        case SignalFailed():
            return "signal_failed"
        case _:
            return "stayed_up" if new is ProcessState.RUNNING else "stop"


def is_by_order(input_: Input) -> bool:
    """Is this something that a person can have ordered?"""
    return isinstance(input_, Start | Stop | Restart | ShutDown)
