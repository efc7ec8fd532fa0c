"""States by Supervisor's names and numbers."""

from vigild.core.states import ListenerState, ProcessState, SupervisorState


class ProcessStates:
    """What a process is doing."""

    STOPPED = 0
    STARTING = 10
    RUNNING = 20
    BACKOFF = 30
    STOPPING = 40
    EXITED = 100
    FATAL = 200
    UNKNOWN = 1000


class SupervisorStates:
    """What the daemon is doing."""

    FATAL = 2
    RUNNING = 1
    RESTARTING = 0
    SHUTDOWN = -1


class EventListenerStates:
    """Where a listener stands in its protocol."""

    READY = 10
    BUSY = 20
    ACKNOWLEDGED = 30
    UNKNOWN = 40


# Tuples, in this order: some callers index them.
STOPPED_STATES = (ProcessStates.STOPPED, ProcessStates.EXITED, ProcessStates.FATAL, ProcessStates.UNKNOWN)
RUNNING_STATES = (ProcessStates.RUNNING, ProcessStates.BACKOFF, ProcessStates.STARTING)
SIGNALLABLE_STATES = (ProcessStates.RUNNING, ProcessStates.STARTING, ProcessStates.STOPPING)


def getProcessStateDescription(code: int) -> str | None:
    """The name of a process's state, or None."""
    return _name(ProcessState, code)


def getSupervisorStateDescription(code: int) -> str | None:
    """The name of the daemon's state, or None."""
    return _name(SupervisorState, code)


def getEventListenerStateDescription(code: int) -> str | None:
    """The name of a listener's state, or None."""
    return _name(ListenerState, code)


def _name(states: type[ProcessState] | type[SupervisorState] | type[ListenerState], code: int) -> str | None:
    try:
        return states(code).name
    except ValueError:
        return None
