"""What the engine needs from the machine. `host/` satisfies these with the real thing, tests with fakes.

Rules that hold for every implementation:
- Nothing here blocks. Everything runs in the one thread of the event loop.
- A failure that a person should read about is a value (`SpawnFailure`), not an exception.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from errno import ENOTSUP
from typing import TYPE_CHECKING, Final, Protocol

from vigild.core.frozen import frozen, plain

if TYPE_CHECKING:
    from vigild.core.descendants import Seen
    from vigild.core.health import Answer
    from vigild.core.machine import MachineUsage
    from vigild.core.probe import Probe
    from vigild.core.samples import TreeRequest, Usage

from vigild.core.edges import Edge
from vigild.core.history import Fact
from vigild.core.stop_marks import StopMark
from vigild.engine.child_ports import SPAWN_MARK as SPAWN_MARK
from vigild.engine.child_ports import Child as Child
from vigild.engine.child_ports import ChildHost as ChildHost
from vigild.engine.child_ports import ChildRequest as ChildRequest
from vigild.engine.child_ports import ChildSetup as ChildSetup
from vigild.engine.child_ports import Command as Command
from vigild.engine.child_ports import CommandProblem as CommandProblem
from vigild.engine.child_ports import Remains as Remains
from vigild.engine.child_ports import Sink as Sink
from vigild.engine.child_ports import SpawnFailure as SpawnFailure
from vigild.engine.child_ports import StreamPlan as StreamPlan
from vigild.engine.child_ports import Tap as Tap


class Timer(Protocol):
    """A scheduled call that has not happened yet."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Both clocks and the alarms that go with the monotonic one."""

    def monotonic(self) -> float:
        """Seconds, never going back; for durations."""

    def wall(self) -> float:
        """Seconds since the epoch; only for what people and clients read."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call back at monotonic time `when`, from the loop."""


class Journal(Protocol):
    """What the next daemon needs if this one dies now. Kinds and keys are ours to choose; the last value wins.

    What is put is safe from the death of this process, not of the machine, when the call returns. Nothing here
    raises: where it cannot be written the daemon goes on, says so once in its log, and cannot be survived.
    """

    @property
    def entries(self) -> dict[str, dict[str, bytes]]:
        """What it says now, by kind and key. Only to be read."""

    def put(self, kind: str, key: str, value: bytes) -> None:
        """From now on `kind` `key` is `value`. A kind has no space or newline in it."""

    def drop(self, kind: str, key: str) -> None:
        """There is no such entry any more."""

    def put_all(self, changes: Mapping[tuple[str, str], bytes | None]) -> None:
        """Several at once by kind and key, in this order and with one write. None: no such entry any more."""


class StopStore(Protocol):
    """Where marks of stopped processes are kept over the end of the daemon and of the machine, by namespec."""

    def load(self) -> dict[str, StopMark]:
        """What was saved last; nothing where that is of no use, which the log says."""

    def save(self, marks: dict[str, StopMark]) -> None:
        """Keep these from now on. Does not wait for the disk; failures are said in the log."""

    def discard(self) -> None:
        """Nothing is to be remembered any more."""


class ScheduleStore(Protocol):
    """Where it is kept how schedules stand, over the end of the daemon and of the machine: plain values by namespec."""

    def load(self) -> Mapping[str, object]:
        """What was saved last; nothing where that is of no use, which the log says."""

    def save(self, states: Mapping[str, object]) -> None:
        """Keep these from now on. Does not wait for the disk; failures are said in the log."""

    def close(self) -> None:
        """The daemon ends: wait for what is being written, but not for ever."""


class NoScheduleStore:
    """Where nothing is kept."""

    def load(self) -> Mapping[str, object]:
        """Nothing."""
        return {}

    def save(self, states: Mapping[str, object]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing is being written."""


class PauseStore(Protocol):
    """Where it is kept which monitors somebody paused (False) or resumed (True), unlike their configuration says."""

    def load(self) -> Mapping[str, bool]:
        """What was saved last, by the names of monitors; nothing where that is of no use, which the log says."""

    def save(self, enabled: Mapping[str, bool]) -> None:
        """Keep these from now on. Does not wait for the disk; failures are said in the log."""

    def close(self) -> None:
        """The daemon ends: wait for what is being written, but not for ever."""


class History(Protocol):
    """What happened, for people who ask later. It is kept by somebody else's thread, and may be lost."""

    def note(self, fact: Fact) -> None:
        """Keep this. Costs microseconds, does not wait and does not fail."""

    def note_all(self, make: Callable[[], list[Fact]]) -> None:
        """Keep what `make` gives. It is called later, in another thread, and may look only at values of its own."""


class NoHistory:
    """Nothing is kept."""

    def note(self, fact: Fact) -> None:
        """Nothing."""

    def note_all(self, make: Callable[[], list[Fact]]) -> None:
        """Nothing."""


NO_HISTORY: Final = NoHistory()


class Alerts(Protocol):
    """Tells people. Never holds up the loop; keeps what it was told over the end of this daemon."""

    def tell(self, edge: Edge) -> None:
        """A trouble began or ended."""


class NoAlerts:
    """Where nobody wants to be told."""

    def tell(self, edge: Edge) -> None:
        """Nobody hears of it."""


NO_ALERTS: Final = NoAlerts()


class Worker(Protocol):
    """A process of the daemon's own that works beside it. One that dies is started again, and then knows nothing."""

    on_started: Callable[[], None]
    """A new one runs: tell it what it has to know."""
    on_message: Callable[[dict[str, object]], None]
    """It said something."""

    @property
    def is_running(self) -> bool:
        """Is there one now?"""

    @property
    def failures(self) -> int:
        """How often one ended that nobody told to, or could not be started."""

    @property
    def error(self) -> str:
        """How the last of these came; "" while there is none."""

    def start(self) -> None:
        """From now on there is to be one."""

    @property
    def is_resting(self) -> bool:
        """Was it sent away because there is nothing to do?"""

    def rest(self) -> None:
        """There is nothing to do: let it end by itself, until `start`."""

    def send(self, message: Mapping[str, object]) -> bool:
        """Tell it something that JSON has a form for. False where that is not possible now."""

    async def close(self) -> None:
        """There is to be none any more: let it end, by itself or not."""


class StreamWorker(Worker, Protocol):
    """A worker that is given raw bytes, too."""

    on_room: Callable[[], None]
    """It takes more, after it did not."""
    unread_bytes: int
    """What the one that died last had been sent and had not read."""

    @property
    def is_behind(self) -> bool:
        """Is it yet to take some of what it was sent?"""

    def send_data(self, head: bytes, data: bytes) -> bool:
        """A line with its end, and raw bytes after it: all of it, or (False) nothing. `on_room` says when to try again."""

    def flush(self, seconds: float) -> bool:
        """Wait, and let everything wait, until it has taken what it was sent; False if it has not after so long."""


class LogFiles(Protocol):
    """Reading and clearing the log files of processes; they may be open for writing at the same time."""

    def reopen_all(self) -> None:
        """Open every child log anew (after an external rotation; SIGUSR2)."""

    def clear(self, path: str) -> None:
        """Empty one child log (and its open handle). Raises OSError."""

    def auto_name(self, process_name: str, channel: str) -> str:
        """Make a new, empty AUTO log file and return its path. Raises OSError."""


class SharedSockets(Protocol):
    """The listening sockets of fcgi-programs: made when the first member starts, closed after the last ended."""

    def acquire(self, group: str, socket: object) -> int:
        """fd of the group's listening socket (`config.model.FcgiSocketConfig`), made on first use. Raises OSError."""

    def take_back(self, group: str, socket: object, pid: int) -> None:
        """Hold the socket that `pid` holds, a living member that the daemon before this one started."""

    def adopt(self, group: str, socket: object) -> None:
        """A member of the daemon before this one goes on, or is found dead and will be released."""

    def release(self, group: str) -> None:
        """One member ended."""


class ProcessTable(Protocol):
    """What runs on the machine, whoever started it. A look at all of it takes milliseconds."""

    @property
    def own_pid(self) -> int:
        """The daemon's."""

    @property
    def gets_orphans(self) -> bool:
        """Do orphans come to the daemon as its children?"""

    def take(self) -> "dict[int, Seen]":
        """All that lives, by pid; no zombies."""

    def children(self) -> list[int]:
        """The pids of our own children, orphans that came to us included; cheap."""

    def start_ticks(self, pid: int) -> int:
        """When it started, in ticks since boot; 0 where nobody knows."""

    def is_alive(self, pid: int, start_ticks: int) -> bool:
        """Does the very process that was started then still run?"""

    def runs(self, pid: int, executable: str) -> bool:
        """Is this the file that the process executes?"""

    def read_pid(self, path: str) -> int:
        """The pid that a pidfile names; 0 while it names none."""


@frozen
class ProbeRequest:
    """One question as a value. `environment` and `directory` are for a command, which runs as `uid` (None: as we)."""

    probe: "Probe"
    timeout_seconds: float
    expect_status: tuple[tuple[int, int], ...] = ((200, 399),)
    expect_body: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str | None = None
    uid: int | None = None


@frozen
class Sender:
    """Who sent a notification, as the kernel says: the process, its user, its spawn id and its ancestors."""

    pid: int
    uid: int
    spawn_id: str = ""
    ancestors: tuple[int, ...] = ()


class Prober(Protocol):
    """Asks programs how they are, and hears what they say of themselves."""

    def ask(self, request: ProbeRequest, on_answer: "Callable[[Answer], None]") -> Timer:
        """Ask, and call back with the answer from the loop, once; `cancel` takes the question back.

        Few are asked at once: the others wait for their turn, which is no part of their time.
        """

    def listen(self) -> str:
        """The address that programs notify us at, for NOTIFY_SOCKET; heard from now on. Raises OSError."""

    def hear(self, on_notice: Callable[[Sender, dict[str, str]], None]) -> None:
        """Call this with every notification."""


class NoProber:
    """Where nobody can be asked."""

    def ask(self, request: ProbeRequest, on_answer: "Callable[[Answer], None]") -> Timer:
        """Not here."""
        raise NotImplementedError

    def listen(self) -> str:
        """Not here."""
        raise OSError(ENOTSUP, "notifications are not supported here")

    def hear(self, on_notice: Callable[[Sender, dict[str, str]], None]) -> None:
        """Nothing is ever heard."""


class Sampler(Protocol):
    """Reads what processes use of the machine."""

    def take(
        self, trees: "Sequence[TreeRequest]", on_taken: "Callable[[Mapping[str, Usage]], None]"
    ) -> Timer:
        """Read all these trees, in slices, and call back once with those that live, by their keys.

        `cancel` takes the order back. One pass at a time.
        """

    def machine(self) -> "MachineUsage | None":
        """What the whole machine uses, now; None where nobody can tell."""


class NoSampler:
    """Where nothing is known of processes."""

    def take(
        self, trees: "Sequence[TreeRequest]", on_taken: "Callable[[Mapping[str, Usage]], None]"
    ) -> Timer:
        """Nothing is read."""
        on_taken({})
        return NO_TIMER

    def machine(self) -> None:
        """Nothing is known."""


class _NoTimer:
    def cancel(self) -> None:
        """There is nothing to cancel."""


NO_TIMER: Final = _NoTimer()


class Log(Protocol):
    """The daemon's own log; levels as Supervisor names them."""

    def critical(self, message: str) -> None: ...
    def error(self, message: str) -> None: ...
    def warn(self, message: str) -> None: ...
    def info(self, message: str) -> None: ...
    def debug(self, message: str) -> None: ...
    def trace(self, message: str) -> None: ...
    def blather(self, message: str) -> None: ...


@plain
class Ports:
    """All of them, handed to the engine by `daemon/compose.py`."""

    clock: Clock
    children: ChildHost
    logs: LogFiles
    sockets: SharedSockets
    log: Log
    journal: Journal
    table: ProcessTable
    history: History = NO_HISTORY
    prober: Prober = field(default_factory=NoProber)
    alerts: Alerts = NO_ALERTS
    open_sampler: Callable[[], Sampler] = NoSampler  # called when the first sample is wanted
    open_schedules: Callable[[], ScheduleStore] = (
        NoScheduleStore  # called when the first program has a schedule
    )
