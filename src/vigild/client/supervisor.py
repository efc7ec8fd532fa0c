"""The daemon's methods with their types: what `supervisorctl`, listeners and tools of ours call.

Every method raises `FaultError` when the daemon refuses, and the other `ClientError`s when it cannot be asked.
"""

from collections.abc import Iterator
from typing import NotRequired, TypedDict, cast

from vigild.client.rpc import RpcClient
from vigild.client.trust import NO_TRUST, Trust


class ProcessInfo(TypedDict):
    """What the daemon knows of one process. Times are seconds since the epoch, 0 for never."""

    name: str
    group: str
    description: str
    start: int
    stop: int
    now: int
    state: int
    statename: str
    spawnerr: str
    exitstatus: int
    logfile: str
    stdout_logfile: str
    stderr_logfile: str
    pid: int


class DaemonInfo(TypedDict):
    """What a daemon of ours knows of itself; the fields that clients of ours use."""

    version: str
    python: str
    pid: int
    generation: int
    started: int
    adopted: int
    survives: bool
    survival: str
    upgrade_error: str


class ProcessStatus(TypedDict):
    """What became of an order for one process: `status` is a number of `vigild.core.errors.Fault`."""

    name: str
    group: str
    status: int
    description: str


class ConfigInfo(TypedDict):
    """One configured process; the fields that clients of ours use (the daemon sends more)."""

    name: str
    group: str
    inuse: bool
    autostart: bool
    group_prio: int
    process_prio: int


class TokenInfo(TypedDict):
    """An API token. Times in seconds since the epoch, 0: never; `token` only in the answer to making it."""

    id: str
    name: str
    role: str
    programs: list[str]
    created: float
    created_by: str
    expires: float
    expired: bool
    last_used: float
    token: NotRequired[str]


class Supervisor:
    """`supervisor.*`, typed. Use as a context manager, or call `close()`."""

    def __init__(self, rpc: RpcClient) -> None:
        self.rpc = rpc

    @classmethod
    def at(
        cls,
        url: str,
        username: str | None = None,
        password: str | None = None,
        timeout_seconds: float | None = 30.0,
        trust: Trust = NO_TRUST,
    ) -> "Supervisor":
        """A client for a server URL. ValueError if it is none."""
        return cls(RpcClient(url, username, password, timeout_seconds, trust))

    @classmethod
    def from_environment(cls, environ: dict[str, str]) -> "Supervisor":
        """A client for the daemon that runs this process, by the variables it gives its children.

        KeyError if SUPERVISOR_SERVER_URL is not set: the daemon has no server, or is not our parent.
        """
        return cls.at(
            environ["SUPERVISOR_SERVER_URL"],
            environ.get("SUPERVISOR_USERNAME"),
            environ.get("SUPERVISOR_PASSWORD"),
        )

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self.rpc.close()

    # --- the daemon ---

    def api_version(self) -> str:
        """Version of the interface, by the old name that every release answers."""
        return cast(str, self.rpc.call("supervisor.getVersion"))

    def version(self) -> str:
        """The release of Supervisor that the daemon behaves as."""
        return cast(str, self.rpc.call("supervisor.getSupervisorVersion"))

    def pid(self) -> int:
        """The daemon's pid."""
        return cast(int, self.rpc.call("supervisor.getPID"))

    def read_log(self, offset: int, length: int) -> str:
        """Part of the daemon's own log; a negative offset counts from the end."""
        return cast(str, self.rpc.call("supervisor.readLog", offset, length))

    def shutdown(self) -> None:
        """End the daemon and all it runs."""
        self.rpc.call("supervisor.shutdown")

    def restart(self) -> None:
        """Restart the daemon."""
        self.rpc.call("supervisor.restart")

    # --- past Supervisor ---

    def upgrade(self) -> None:
        """Execute the daemon anew; the answer to the next call is the new image's (or the old one's, if it failed)."""
        self.rpc.call("vigil.upgrade")

    def daemon_info(self) -> DaemonInfo:
        """What the daemon knows of itself. Supervisor's answers with the fault UNKNOWN_METHOD."""
        return cast(DaemonInfo, self.rpc.call("vigil.getDaemonInfo"))

    def all_process_facts(self) -> list[dict[str, object]]:
        """How every process is, with what Supervisor has no field for."""
        return cast(list[dict[str, object]], self.rpc.call("vigil.getAllProcessInfo"))

    # --- who may come in ---

    def tokens(self) -> list[TokenInfo]:
        """All API tokens, without their secrets."""
        return cast(list[TokenInfo], self.rpc.call("vigil.getTokens"))

    def create_token(self, name: str, role: str, programs: list[str], seconds: int) -> TokenInfo:
        """A new one; `token` is in this answer only."""
        return cast(TokenInfo, self.rpc.call("vigil.createToken", name, role, programs, seconds))

    def revoke_token(self, id_: str) -> None:
        """Let it count no more."""
        self.rpc.call("vigil.revokeToken", id_)

    # --- configuration ---

    def reload_config(self) -> tuple[list[str], list[str], list[str]]:
        """Read the files again: names of groups (added, changed, removed). Nothing is acted upon."""
        added, changed, removed = cast(list[list[list[str]]], self.rpc.call("supervisor.reloadConfig"))[0]
        return added, changed, removed

    def all_config_info(self) -> list[ConfigInfo]:
        """Every configured process."""
        return cast(list[ConfigInfo], self.rpc.call("supervisor.getAllConfigInfo"))

    def add_group(self, name: str) -> None:
        """Take a configured group into the running daemon."""
        self.rpc.call("supervisor.addProcessGroup", name)

    def remove_group(self, name: str) -> None:
        """Take a stopped group out of the running daemon."""
        self.rpc.call("supervisor.removeProcessGroup", name)

    # --- processes ---

    def info(self, name: str) -> ProcessInfo:
        """One process, by namespec."""
        return cast(ProcessInfo, self.rpc.call("supervisor.getProcessInfo", name))

    def all_info(self) -> list[ProcessInfo]:
        """All processes."""
        return cast(list[ProcessInfo], self.rpc.call("supervisor.getAllProcessInfo"))

    def all_facts(self) -> list[dict[str, object]]:
        """All processes, with what Supervisor has no word for, sorted by group and name. Vigil's."""
        return cast("list[dict[str, object]]", self.rpc.call("vigil.getAllProcessInfo"))

    def watch_samples(self, interval_seconds: float, for_seconds: float) -> dict[str, object]:
        """Say that somebody looks at what is used: it is measured at least so often, for so long. Vigil's."""
        return cast(
            "dict[str, object]",
            self.rpc.call("vigil.watchSamples", float(interval_seconds), float(for_seconds)),
        )

    def start(self, name: str, wait: bool = True) -> None:
        """Start one process; with `wait`, return once it is RUNNING."""
        self.rpc.call("supervisor.startProcess", name, wait)

    def start_group(self, name: str, wait: bool = True) -> list[ProcessStatus]:
        """Start a whole group."""
        return cast(list[ProcessStatus], self.rpc.call("supervisor.startProcessGroup", name, wait))

    def start_all(self, wait: bool = True) -> list[ProcessStatus]:
        """Start everything."""
        return cast(list[ProcessStatus], self.rpc.call("supervisor.startAllProcesses", wait))

    def stop(self, name: str, wait: bool = True) -> None:
        """Stop one process; with `wait`, return once it has ended."""
        self.rpc.call("supervisor.stopProcess", name, wait)

    def stop_group(self, name: str, wait: bool = True) -> list[ProcessStatus]:
        """Stop a whole group."""
        return cast(list[ProcessStatus], self.rpc.call("supervisor.stopProcessGroup", name, wait))

    def stop_all(self, wait: bool = True) -> list[ProcessStatus]:
        """Stop everything."""
        return cast(list[ProcessStatus], self.rpc.call("supervisor.stopAllProcesses", wait))

    def signal(self, name: str, signal: str) -> None:
        """Send one process a signal, by name or number."""
        self.rpc.call("supervisor.signalProcess", name, signal)

    def signal_group(self, name: str, signal: str) -> list[ProcessStatus]:
        """Send a whole group a signal."""
        return cast(list[ProcessStatus], self.rpc.call("supervisor.signalProcessGroup", name, signal))

    def signal_all(self, signal: str) -> list[ProcessStatus]:
        """Send everything a signal."""
        return cast(list[ProcessStatus], self.rpc.call("supervisor.signalAllProcesses", signal))

    def send_stdin(self, name: str, text: str) -> None:
        """Write to a process's stdin."""
        self.rpc.call("supervisor.sendProcessStdin", name, text)

    # --- logs ---

    def read_process_log(self, name: str, channel: str, offset: int, length: int) -> str:
        """Part of a process's log; `channel` is 'stdout' or 'stderr'; a negative offset counts from the end."""
        return cast(
            str, self.rpc.call(f"supervisor.readProcess{channel.capitalize()}Log", name, offset, length)
        )

    def tail_process_log(self, name: str, channel: str, offset: int, length: int) -> tuple[str, int, bool]:
        """The last `length` bytes written since `offset`, where they end, and whether there was more."""
        method = f"supervisor.tailProcess{channel.capitalize()}Log"
        text, end, has_gap = cast("tuple[str, int, bool]", self.rpc.call(method, name, offset, length))
        return text, end, has_gap

    def clear_logs(self, name: str) -> None:
        """Empty a process's logs."""
        self.rpc.call("supervisor.clearProcessLogs", name)

    def clear_all_logs(self) -> list[ProcessStatus]:
        """Empty the logs of all processes."""
        return cast(list[ProcessStatus], self.rpc.call("supervisor.clearAllProcessLogs"))

    def follow_process_log(self, name: str, channel: str) -> Iterator[bytes]:
        """The end of a process's log, and what is added to it, as it comes."""
        return self.rpc.stream(f"/logtail/{_quote(name)}/{channel}")

    def follow_log(self) -> Iterator[bytes]:
        """The end of the daemon's own log, and what is added to it, as it comes."""
        return self.rpc.stream("/mainlogtail")


def _quote(name: str) -> str:
    """`name` as part of a path: names may hold blanks and any script."""
    kept = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~:*"
    return "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in name.encode())
