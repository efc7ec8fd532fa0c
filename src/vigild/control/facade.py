"""The operations a door may call, by noun. Fronts translate their wire to these calls and back.

Every method raises `VigilError` (with the fault a client is told) and nothing else. Methods named
`async` may wait (`wait=True`); all others answer at once. Log contents are bytes; fronts decode them.
A *status struct* is `{"name", "group", "status", "description"}` with a `Fault` number as status.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from vigild.core.access import Caller
from vigild.core.history import HistoryQuery

if TYPE_CHECKING:
    from vigild.control.live import Live
    from vigild.control.operations import Operation, Operations
    from vigild.core.forwards import ForwardInfo

StatusStruct = dict[str, str | int]
Info = dict[str, str | int]
ConfigInfo = dict[str, object]
Facts = dict[str, object]


class DaemonControl(Protocol):
    """The daemon itself."""

    def identification(self) -> str: ...
    def state(self) -> tuple[int, str]:
        """Code and name of the daemon's state."""

    def pid(self) -> int: ...
    def read_log(self, offset: int, length: int) -> bytes:
        """Part of the main log. NO_FILE, BAD_ARGUMENTS, FAILED."""

    def log_path(self) -> str | None:
        """Where the main log is, if it is a file that exists."""

    def clear_log(self) -> None: ...
    def shutdown(self) -> None: ...
    def restart(self) -> None: ...
    async def upgrade(self) -> None:
        """Execute the daemon anew, with the code that is installed now; nothing that runs is touched.

        Answers when the new code has been found fit, just before it takes over. FAILED, with the reason.
        """

    def facts(self) -> Facts:
        """What the daemon knows of itself, past Supervisor's questions."""

    def vitals(self) -> Facts:
        """What the daemon counts of itself."""

    def require_running(self) -> None:
        """SHUTDOWN_STATE while the daemon is going down (or restarting)."""


class ConfigControl(Protocol):
    """The configuration, as read and as running."""

    def reload(self) -> tuple[list[str], list[str], list[str]]:
        """Read the files again: names of groups (added, changed, removed). CANT_REREAD."""

    def add_group(self, name: str) -> None:
        """BAD_NAME, ALREADY_ADDED."""

    def remove_group(self, name: str) -> None:
        """BAD_NAME, STILL_RUNNING."""

    def all_config_info(self) -> list[ConfigInfo]:
        """Every process of the configuration as last read; what is most likely secret in it is for admins."""


class ProcessControl(Protocol):
    """Processes and groups. `name` is a namespec; `group:*` means the whole group."""

    def info(self, name: str) -> Info: ...
    def all_info(self) -> list[Info]: ...
    def facts(self, name: str) -> Facts:
        """`info`, and what is known past it."""

    def all_facts(self) -> list[Facts]: ...
    def set_schedule(self, name: str, is_enabled: bool) -> None:
        """Let its schedule start it, or not until somebody says so. BAD_NAME, FAILED."""

    async def start(self, name: str, wait: bool = True) -> bool | list[StatusStruct]: ...
    async def start_group(self, name: str, wait: bool = True) -> list[StatusStruct]: ...
    async def start_all(self, wait: bool = True) -> list[StatusStruct]: ...
    async def stop(self, name: str, wait: bool = True) -> bool | list[StatusStruct]: ...
    async def stop_group(self, name: str, wait: bool = True) -> list[StatusStruct]: ...
    async def stop_all(self, wait: bool = True) -> list[StatusStruct]: ...
    def signal(self, name: str, signal: str) -> bool | list[StatusStruct]: ...
    def signal_group(self, name: str, signal: str) -> list[StatusStruct]: ...
    def signal_all(self, signal: str) -> list[StatusStruct]: ...
    def send_stdin(self, name: str, data: bytes) -> None: ...
    def send_remote_event(self, type_: str, data: str) -> None: ...


class LogControl(Protocol):
    """What processes wrote. `channel` is 'stdout' or 'stderr'."""

    def read(self, name: str, offset: int, length: int, channel: str) -> bytes: ...
    def tail(self, name: str, offset: int, length: int, channel: str) -> tuple[bytes, int, bool]: ...
    def path(self, name: str, channel: str) -> str | None:
        """Where the log is, if it is a file that exists. BAD_NAME."""

    def clear(self, name: str) -> None: ...
    def clear_all(self) -> list[StatusStruct]: ...


class HistoryControl(Protocol):
    """What happened."""

    def note_order(self, method: str, name: str, arguments: list[str], result: str) -> None:
        """Keep that this was ordered (by `core.access.current_caller`), and why it failed, if it did."""

    def note_login(self, what: str, caller: Caller, count: int = 0) -> None:
        """Keep that `caller` logged in or out ("login", "logout"), or could not ("failed"), if there are not too many.

        `count`: failures in a row, this one included, or before this login.
        """

    def note_users(self, changes: dict[str, list[str]]) -> None:
        """Keep who may log in since now, and who may not any more, as `core.logins.changes` tells it."""

    async def read(self, query: HistoryQuery) -> list[Facts]:
        """What is kept, oldest first. BAD_NAME, BAD_ARGUMENTS, FAILED."""


class ViewControl(Protocol):
    """Processes and groups as the JSON API tells of them: everything that is known, in the model's words."""

    def processes(self) -> list[Facts]: ...
    def in_slices(self, count: int) -> Iterator[list[Facts]]:
        """All processes, so many at a time, each as it is when it is asked for."""

    def process(self, name: str) -> Facts: ...
    def groups(self) -> list[Facts]: ...
    def group(self, name: str) -> Facts: ...
    def tree(self, name: str) -> list[Facts]:
        """All processes of the machine that descend from it. BAD_NAME."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def watch(self, who: str, interval_seconds: float, for_seconds: float) -> None:
        """For so long, look as often as this at what programs use."""


class GraphControl(Protocol):
    """Dependencies."""

    def graph(self) -> Facts:
        """Waves of start, and who waits for whom."""


class InspectionControl(Protocol):
    """The configuration for people."""

    def current(self, *, reveal: bool = False) -> Facts: ...
    def process(self, name: str, *, reveal: bool = False) -> Facts: ...
    def pending(self, *, reveal: bool = False) -> Facts:
        """What an update would change. CANT_REREAD."""

    def check(self) -> Facts:
        """What `vigil check` says."""

    def update(self, groups: list[str]) -> "Operation":
        """Make what the files say so. CANT_REREAD, BAD_NAME, FAILED."""


class AlertControl(Protocol):
    """Who is told of troubles."""

    def list(self) -> list[Facts]:
        """How each alert stands: name, waiting, held, held_until, held_for, delivered, failing_since, error, refused, trouble, unkept, lost."""

    async def test(self, name: str) -> str:
        """Send a message through this alert now; what came of it. BAD_NAME, FAILED."""


class ForwardControl(Protocol):
    """Where output is forwarded to."""

    def status(self) -> "list[ForwardInfo]":
        """How each forward stands, in the order of the configuration."""

    async def test(self, name: str) -> tuple[bool, str]:
        """Send a line through this forward now; did it arrive, and what was said? BAD_NAME, FAILED."""


class SampleControl(Protocol):
    """What programs use."""

    def latest(self, name: str) -> Facts:
        """The last sample of a process; empty while there is none. BAD_NAME."""

    def latest_of_daemon(self) -> Facts:
        """The last sample of the daemon alone; empty while there is none."""

    def latest_of_machine(self) -> Facts:
        """The last sample of the whole machine; empty while there is none."""

    def watch(self, interval_seconds: float, for_seconds: float) -> Facts:
        """Somebody looks: sample at least so often, for so long from now on. BAD_ARGUMENTS."""

    async def read(self, name: str, since: float = 0.0, until: float = 0.0, points: int = 300) -> list[Facts]:
        """What is kept of a process ('': the daemon), oldest first. BAD_NAME, BAD_ARGUMENTS, FAILED."""

    async def recent(self, names: Collection[str], minutes: int) -> list[Facts]:
        """The last minutes of many processes. BAD_ARGUMENTS, FAILED."""

    async def read_machine(self, since: float = 0.0, until: float = 0.0, points: int = 300) -> list[Facts]:
        """What is kept of the whole machine, oldest first. BAD_ARGUMENTS, FAILED."""


class AccessControl(Protocol):
    """Who may come in."""

    def tokens(self) -> list[Facts]:
        """All API tokens, without their secrets. FAILED."""

    def create_token(self, name: str, role: str, programs: Sequence[str] = (), seconds: float = 0.0) -> Facts:
        """A new one; its `token` is in this answer and nowhere else. BAD_ARGUMENTS, FAILED."""

    def revoke_token(self, id_: str) -> None:
        """BAD_NAME, FAILED."""

    def bearer(self, presented: str, address: str) -> Caller | None:
        """Who comes with this token; None if it does not count."""


class MonitorControl(Protocol):
    """What is looked at beyond programs."""

    def all(self) -> list[Facts]:
        """Every monitor, in the order of the configuration."""

    def one(self, name: str) -> Facts:
        """The monitor of that name. BAD_NAME."""

    def look(self, name: str) -> None:
        """Look at it at once. BAD_NAME, FAILED."""

    def set_enabled(self, name: str, is_enabled: bool) -> None:
        """Look at it, or do not until somebody says so. BAD_NAME."""


class Control(Protocol):
    """Everything."""

    @property
    def daemon(self) -> DaemonControl: ...
    @property
    def config(self) -> ConfigControl: ...
    @property
    def processes(self) -> ProcessControl: ...
    @property
    def logs(self) -> LogControl: ...
    @property
    def history(self) -> HistoryControl: ...
    @property
    def views(self) -> ViewControl: ...
    @property
    def graph(self) -> GraphControl: ...
    @property
    def operations(self) -> "Operations": ...
    @property
    def live(self) -> "Live": ...
    @property
    def inspection(self) -> InspectionControl: ...
    @property
    def alerts(self) -> AlertControl: ...
    @property
    def samples(self) -> SampleControl: ...
    @property
    def access(self) -> AccessControl: ...
    @property
    def monitors(self) -> MonitorControl: ...
    @property
    def forwards(self) -> ForwardControl: ...
