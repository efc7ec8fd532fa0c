"""Event types, their tree, and event values.

A listener that subscribes to a type gets that type and all below it. Names, tree and payloads are
Supervisor 4.3's (observed in its events as delivered to a listener); PROCESS_FLAPPING, PROCESS_HEALTH, MONITOR and
what is named after them are Vigil's, and hang under the root alone, so that no family of Supervisor's grows. An event is a value: everything
in its payload is fixed when it happens, so a later change of the process does not rewrite history.
"""

from vigild.core.frozen import frozen
from vigild.core.states import ProcessState

# type -> parent. EVENT is the root.
PARENTS: dict[str, str] = {
    "PROCESS_STATE": "EVENT",
    "PROCESS_STATE_STOPPED": "PROCESS_STATE",
    "PROCESS_STATE_EXITED": "PROCESS_STATE",
    "PROCESS_STATE_STARTING": "PROCESS_STATE",
    "PROCESS_STATE_STOPPING": "PROCESS_STATE",
    "PROCESS_STATE_BACKOFF": "PROCESS_STATE",
    "PROCESS_STATE_FATAL": "PROCESS_STATE",
    "PROCESS_STATE_RUNNING": "PROCESS_STATE",
    "PROCESS_STATE_UNKNOWN": "PROCESS_STATE",
    "PROCESS_COMMUNICATION": "EVENT",
    "PROCESS_COMMUNICATION_STDOUT": "PROCESS_COMMUNICATION",
    "PROCESS_COMMUNICATION_STDERR": "PROCESS_COMMUNICATION",
    "PROCESS_LOG": "EVENT",
    "PROCESS_LOG_STDOUT": "PROCESS_LOG",
    "PROCESS_LOG_STDERR": "PROCESS_LOG",
    "REMOTE_COMMUNICATION": "EVENT",
    "SUPERVISOR_STATE_CHANGE": "EVENT",
    "SUPERVISOR_STATE_CHANGE_RUNNING": "SUPERVISOR_STATE_CHANGE",
    "SUPERVISOR_STATE_CHANGE_STOPPING": "SUPERVISOR_STATE_CHANGE",
    "TICK": "EVENT",
    "TICK_5": "TICK",
    "TICK_60": "TICK",
    "TICK_3600": "TICK",
    "PROCESS_GROUP": "EVENT",
    "PROCESS_GROUP_ADDED": "PROCESS_GROUP",
    "PROCESS_GROUP_REMOVED": "PROCESS_GROUP",
    "PROCESS_FLAPPING": "EVENT",
    "PROCESS_FLAPPING_CLEARED": "EVENT",
    "PROCESS_HEALTH_HEALTHY": "EVENT",
    "PROCESS_HEALTH_UNHEALTHY": "EVENT",
    "MONITOR_FAILED": "EVENT",
    "MONITOR_PASSED": "EVENT",
}
EVENT_TYPES: frozenset[str] = frozenset(PARENTS) | {"EVENT"}
TICK_PERIODS_SECONDS: dict[str, int] = {"TICK_5": 5, "TICK_60": 60, "TICK_3600": 3600}


def ancestry(event_type: str) -> tuple[str, ...]:
    """The type itself and everything above it, up to EVENT."""
    chain = [event_type]
    while chain[-1] in PARENTS:
        chain.append(PARENTS[chain[-1]])
    return tuple(chain)


@frozen
class Event:
    """Something that happened: its type's name and the payload, in bytes, that listeners get."""

    type: str
    payload: bytes


def _text(data: bytes) -> bytes:
    # Listeners written for Supervisor expect UTF-8; it shows anything else as a Python literal.
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return f"Undecodable: {data!r}".encode()
    return data


def process_state_event(
    state: ProcessState,
    name: str,
    group: str,
    from_state: ProcessState,
    *,
    pid: int,
    tries: int,
    expected: bool,
) -> Event:
    """The event for one move of one process. `tries` counts failed starts; `expected` tells of exits."""
    extra = ""
    if state in (ProcessState.STARTING, ProcessState.BACKOFF):
        extra = f" tries:{tries}"
    elif state is ProcessState.EXITED:
        extra = f" expected:{int(expected)} pid:{pid}"
    elif state in (ProcessState.RUNNING, ProcessState.STOPPING, ProcessState.STOPPED):
        extra = f" pid:{pid}"
    text = f"processname:{name} groupname:{group} from_state:{from_state.name}{extra}"
    return Event(f"PROCESS_STATE_{state.name}", text.encode())


def process_flapping_event(
    name: str, group: str, from_state: ProcessState, restarts: int, window_seconds: float, action: str
) -> Event:
    """It was restarted too often. `action`: `backoff` (it is restarted later and later) or `fatal` (given up)."""
    text = (
        f"processname:{name} groupname:{group} from_state:{from_state.name} "
        f"restarts:{restarts} window_seconds:{window_seconds:.0f} action:{action}"
    )
    return Event("PROCESS_FLAPPING", text.encode())


def process_flapping_cleared_event(name: str, group: str, from_state: ProcessState, reason: str) -> Event:
    """It is not flapping any more. `reason`: `quiet`, `started`, `stopped` or `ended`."""
    text = f"processname:{name} groupname:{group} from_state:{from_state.name} reason:{reason}"
    return Event("PROCESS_FLAPPING_CLEARED", text.encode())


def process_health_event(
    verdict: str, name: str, group: str, pid: int, from_verdict: str, failures: int, answer: str
) -> Event:
    """It became `healthy` or `unhealthy`. `failures`: checks that failed in a row; `answer`: the last result."""
    text = (
        f"processname:{name} groupname:{group} pid:{pid} from_health:{from_verdict} failures:{failures}\n"
        f"{answer}"
    )
    return Event(f"PROCESS_HEALTH_{verdict.upper()}", text.encode("utf-8", "replace"))


def monitor_event(event_type: str, name: str, kind: str, rule: str, text: str) -> Event:
    """A rule of a monitor came true (MONITOR_FAILED), or that is over (MONITOR_PASSED). `text`: how things are."""
    return Event(
        event_type, f"monitorname:{name} type:{kind}\nrule:{rule}\n{text}".encode("utf-8", "replace")
    )


def process_log_event(channel: str, name: str, group: str, pid: int, data: bytes) -> Event:
    """A piece of a process's output (`stdout_events_enabled`)."""
    header = f"processname:{name} groupname:{group} pid:{pid} channel:{channel}\n"
    return Event(f"PROCESS_LOG_{channel.upper()}", header.encode() + _text(data))


def process_communication_event(channel: str, name: str, group: str, pid: int, data: bytes) -> Event:
    """What a process wrote between the capture tokens."""
    header = f"processname:{name} groupname:{group} pid:{pid}\n"
    return Event(f"PROCESS_COMMUNICATION_{channel.upper()}", header.encode() + _text(data))


def remote_communication_event(type_: str, data: str) -> Event:
    """What a client sent with `sendRemoteCommEvent`."""
    return Event("REMOTE_COMMUNICATION", f"type:{type_}\n{data}".encode())


def supervisor_state_event(name: str) -> Event:
    """`RUNNING` once the daemon is up, `STOPPING` when it begins to go."""
    return Event(f"SUPERVISOR_STATE_CHANGE_{name}", b"")


def process_group_event(name: str, group: str) -> Event:
    """A group was `ADDED` to or `REMOVED` from the running daemon."""
    return Event(f"PROCESS_GROUP_{name}", f"groupname:{group}\n".encode())


def tick_event(event_type: str, when: int) -> Event:
    """`when`: wall-clock second, a multiple of the period."""
    return Event(event_type, f"when:{when}".encode())
