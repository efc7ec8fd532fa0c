"""Event types as classes in a tree, as code written for Supervisor names them.

Vigil's daemon does not raise these objects; events reach listeners as text. The classes serve subscriptions
and look-ups by type, and `subscribe`/`notify` work within the importing process.
"""

from collections.abc import Callable
from typing import Any

Callback = Callable[[Any], object]
callbacks: list[tuple[type, Callback]] = []


def subscribe(type: type, callback: Callback) -> None:
    """Have `callback` called with events of this type and those below it."""
    callbacks.append((type, callback))


def unsubscribe(type: type, callback: Callback) -> None:
    """Undo `subscribe`. ValueError if there was none."""
    callbacks.remove((type, callback))


def notify(event: object) -> None:
    """Hand an event to those who subscribed to its type."""
    for wanted, callback in list(callbacks):
        if isinstance(event, wanted):
            callback(event)


def clear() -> None:
    """Forget all subscriptions."""
    callbacks.clear()


class Event:
    """The root of all types."""


class ProcessLogEvent(Event):
    """Output of a process."""

    channel: str | None = None


class ProcessLogStdoutEvent(ProcessLogEvent):
    channel = "stdout"


class ProcessLogStderrEvent(ProcessLogEvent):
    channel = "stderr"


class ProcessCommunicationEvent(Event):
    """What a process wrote between these tokens."""

    BEGIN_TOKEN = b"<!--XSUPERVISOR:BEGIN-->"
    END_TOKEN = b"<!--XSUPERVISOR:END-->"
    channel: str | None = None


class ProcessCommunicationStdoutEvent(ProcessCommunicationEvent):
    channel = "stdout"


class ProcessCommunicationStderrEvent(ProcessCommunicationEvent):
    channel = "stderr"


class RemoteCommunicationEvent(Event):
    """What a client sent with `sendRemoteCommEvent`."""

    def __init__(self, type: str, data: str) -> None:
        self.type = type
        self.data = data

    def payload(self) -> str:
        """The text a listener gets."""
        return f"type:{self.type}\n{self.data}"


class SupervisorStateChangeEvent(Event):
    """The daemon came up or goes down."""

    def payload(self) -> str:
        """The text a listener gets."""
        return ""


class SupervisorRunningEvent(SupervisorStateChangeEvent):
    pass


class SupervisorStoppingEvent(SupervisorStateChangeEvent):
    pass


class EventRejectedEvent:
    """A listener did not accept an event. No Event, so that no listener can subscribe to it."""

    def __init__(self, process: object, event: object) -> None:
        self.process = process
        self.event = event


class ProcessStateEvent(Event):
    """A process moved to another state."""

    frm: int | None = None
    to: int | None = None


class ProcessStateFatalEvent(ProcessStateEvent):
    pass


class ProcessStateUnknownEvent(ProcessStateEvent):
    pass


class ProcessStateStartingOrBackoffEvent(ProcessStateEvent):
    pass


class ProcessStateBackoffEvent(ProcessStateStartingOrBackoffEvent):
    pass


class ProcessStateStartingEvent(ProcessStateStartingOrBackoffEvent):
    pass


class ProcessStateExitedEvent(ProcessStateEvent):
    pass


class ProcessStateRunningEvent(ProcessStateEvent):
    pass


class ProcessStateStoppingEvent(ProcessStateEvent):
    pass


class ProcessStateStoppedEvent(ProcessStateEvent):
    pass


class ProcessGroupEvent(Event):
    """A group came into the daemon or left it."""

    def __init__(self, group: str) -> None:
        self.group = group

    def payload(self) -> str:
        """The text a listener gets."""
        return f"groupname:{self.group}\n"


class ProcessGroupAddedEvent(ProcessGroupEvent):
    pass


class ProcessGroupRemovedEvent(ProcessGroupEvent):
    pass


class TickEvent(Event):
    """A period of `period` seconds began."""

    period = 0

    def __init__(self, when: int, supervisord: object) -> None:
        self.when = when
        self.supervisord = supervisord

    def payload(self) -> str:
        """The text a listener gets."""
        return f"when:{self.when}"


class Tick5Event(TickEvent):
    period = 5


class Tick60Event(TickEvent):
    period = 60


class Tick3600Event(TickEvent):
    period = 3600


TICK_EVENTS = [Tick5Event, Tick60Event, Tick3600Event]


class EventTypes:
    """The classes by the names that `events=` and listeners use."""

    EVENT = Event
    PROCESS_STATE = ProcessStateEvent
    PROCESS_STATE_STOPPED = ProcessStateStoppedEvent
    PROCESS_STATE_EXITED = ProcessStateExitedEvent
    PROCESS_STATE_STARTING = ProcessStateStartingEvent
    PROCESS_STATE_STOPPING = ProcessStateStoppingEvent
    PROCESS_STATE_BACKOFF = ProcessStateBackoffEvent
    PROCESS_STATE_FATAL = ProcessStateFatalEvent
    PROCESS_STATE_RUNNING = ProcessStateRunningEvent
    PROCESS_STATE_UNKNOWN = ProcessStateUnknownEvent
    PROCESS_COMMUNICATION = ProcessCommunicationEvent
    PROCESS_COMMUNICATION_STDOUT = ProcessCommunicationStdoutEvent
    PROCESS_COMMUNICATION_STDERR = ProcessCommunicationStderrEvent
    PROCESS_LOG = ProcessLogEvent
    PROCESS_LOG_STDOUT = ProcessLogStdoutEvent
    PROCESS_LOG_STDERR = ProcessLogStderrEvent
    REMOTE_COMMUNICATION = RemoteCommunicationEvent
    SUPERVISOR_STATE_CHANGE = SupervisorStateChangeEvent
    SUPERVISOR_STATE_CHANGE_RUNNING = SupervisorRunningEvent
    SUPERVISOR_STATE_CHANGE_STOPPING = SupervisorStoppingEvent
    TICK = TickEvent
    TICK_5 = Tick5Event
    TICK_60 = Tick60Event
    TICK_3600 = Tick3600Event
    PROCESS_GROUP = ProcessGroupEvent
    PROCESS_GROUP_ADDED = ProcessGroupAddedEvent
    PROCESS_GROUP_REMOVED = ProcessGroupRemovedEvent


def getEventNameByType(requested: object) -> str | None:
    """The name of an event's class, or None."""
    for name, kind in vars(EventTypes).items():
        if kind is requested:
            return name
    return None


def register(name: str, event: type) -> None:
    """Give a class of one's own a name."""
    setattr(EventTypes, name, event)
