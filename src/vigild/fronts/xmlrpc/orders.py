"""Which methods are orders, to be noted in the history with who gave them, and how much of each may be noted."""

from collections.abc import Sequence

# By the method's own name: how many of its first arguments are told. The others can hold what is nobody's business:
# what is written to a program's stdin, say.
ORDERS: dict[str, int] = {
    "startProcess": 2,
    "startProcessGroup": 2,
    "startAllProcesses": 1,
    "stopProcess": 2,
    "stopProcessGroup": 2,
    "stopAllProcesses": 1,
    "signalProcess": 2,
    "signalProcessGroup": 2,
    "signalAllProcesses": 1,
    "sendProcessStdin": 1,
    "sendRemoteCommEvent": 1,
    "clearProcessLogs": 1,
    "clearAllProcessLogs": 0,
    "clearLog": 0,
    "shutdown": 0,
    "restart": 0,
    "reloadConfig": 0,
    "addProcessGroup": 1,
    "removeProcessGroup": 1,
    "upgrade": 0,
    "testAlert": 1,
    "testForward": 1,
    "createToken": 3,
    "revokeToken": 1,
    "monitorNow": 1,
    "setMonitor": 2,
    "setSchedule": 2,
}
_ABOUT_ALL = frozenset(
    {
        "startAllProcesses",
        "stopAllProcesses",
        "signalAllProcesses",
        "sendRemoteCommEvent",
        "testAlert",
        "testForward",
        "createToken",
        "revokeToken",
    }
)
MAX_ARGUMENT_CHARACTERS = 200
MAX_NAMES = 20


def told_arguments(method: str, params: Sequence[object]) -> list[str]:
    """The arguments that may be told, as text of a bounded length."""
    return [str(value)[:MAX_ARGUMENT_CHARACTERS] for value in params[: ORDERS[method]]]


def subject_of(method: str, arguments: Sequence[str]) -> str:
    """The process or group that an order is about; "" for the daemon, or all."""
    return arguments[0] if arguments and method not in _ABOUT_ALL else ""


def outcome_words(result: object) -> str:
    """What came of it, where that is not simply that it was done: for a group, who failed."""
    if not isinstance(result, list):
        return ""
    failed = [
        f"{status.get('name')}: {status.get('description')}"
        for status in result
        if isinstance(status, dict) and status.get("description", "OK") != "OK"
    ]
    more = f" and {len(failed) - MAX_NAMES} more" if len(failed) > MAX_NAMES else ""
    return "; ".join(failed[:MAX_NAMES]) + more
