"""The calls back to the daemon that runs the listener, in words that the tools use."""

import os
from collections.abc import Mapping, Sequence

from vigild.client.errors import ClientError, FaultError
from vigild.client.supervisor import ProcessInfo, Supervisor
from vigild.core.names import make_namespec

TAIL_BYTES_A_LINE = 256
MAX_TAIL_BYTES = 64 * 1024


def connect(environment: Mapping[str, str]) -> Supervisor:
    """A client without a time limit: a start may wait for `startsecs`. KeyError where no daemon is named."""
    return Supervisor.at(
        environment["SUPERVISOR_SERVER_URL"],
        environment.get("SUPERVISOR_USERNAME"),
        environment.get("SUPERVISOR_PASSWORD"),
        None,
    )


def namespec(info: ProcessInfo) -> str:
    """How people name the process."""
    return make_namespec(info["group"], info["name"])


def is_named(info: ProcessInfo, names: Sequence[str]) -> bool:
    """Is it meant by one of the names: `process`, `group:process`, `group:*`?"""
    group, name = info["group"], info["name"]
    return any(one in names for one in (name, f"{group}:{name}", f"{group}:*"))


def tails(daemon: Supervisor | None, group: str, process: str, lines: int) -> str:
    """The last lines of the process's stderr and stdout, under a heading each; '' where it wrote none."""
    if daemon is None or lines < 1:
        return ""
    name = f"{group}:{process}"
    size = min(lines * TAIL_BYTES_A_LINE, MAX_TAIL_BYTES)
    parts: list[str] = []
    for channel in ("stderr", "stdout"):
        try:
            text = daemon.read_process_log(name, channel, -size, 0)
        except FaultError:
            continue  # it has no such log
        except ClientError as error:
            return f"\n\n(the last lines of output cannot be read: {error})"
        last = text.splitlines()[-lines:]
        if last:
            parts.append(f"\n\nLast lines of {channel}:\n" + "\n".join(last))
    return "".join(parts)


def restart_environment(info: ProcessInfo) -> dict[str, str]:
    """What a --restart-command finds in its environment."""
    return {
        "PROCESS_NAME": info["name"],
        "GROUP_NAME": info["group"],
        "PROCESS": namespec(info),
        "PROCESS_PID": str(info["pid"]),
    }


def daemon_of_listener() -> Supervisor | None:
    """A client where the environment names a daemon."""
    return connect(os.environ) if "SUPERVISOR_SERVER_URL" in os.environ else None
