"""What the engine needs of the machine to run children: a child as a value, and who spawns it."""

from collections.abc import Callable
from typing import Protocol

from vigild.core.frozen import frozen, plain
from vigild.core.listener import Traces

# All that descends from a spawn is known by this variable, also to a daemon that did not see it happen.
SPAWN_MARK = "VIGIL_SPAWN_ID"


class Sink(Protocol):
    """Takes what one stream of one spawn carries, besides its log. Never waits, never fails."""

    def take(self, data: bytes) -> None:
        """This went to the log, or was about to."""

    def close(self) -> None:
        """The stream has ended, or is not wanted any more."""


class Tap(Protocol):
    """Who wants the output of a plan's streams besides their logs. That may change while they are open."""

    @property
    def is_wanted(self) -> bool:
        """Does anybody, now?"""

    def open(self, pid: int) -> Sink:
        """For a stream of this process; 0 where nobody knows which it was."""


@plain
class StreamPlan:
    """What to do with one output stream of a child. Built by the engine, carried out by the host.

    `logfile`: a path (absolute), or None for no file. `/dev/stdout` and the like are paths too; the host
    sees for itself whether the file can seek and never rotates one that cannot. `max_bytes` 0: no rotation.
    `on_data` gets the bytes that go to the log (PROCESS_LOG events, or a listener's protocol; after
    `strip_ansi`, without captured parts). `on_capture` gets what stood between a pair of capture tokens.
    `tap` gets what `on_data` does, and, unlike that, also what descendants write when the child is gone.
    """

    channel: str  # 'stdout' or 'stderr'
    logfile: str | None
    max_bytes: int = 0
    backups: int = 0
    syslog_tag: str | None = None  # not None: each line goes to syslog with this tag before it
    strip_ansi: bool = False
    line_prefix: bytes = b""
    line_timestamps: bool = False
    json_program: str = ""  # not empty: each line becomes a JSON object, which names the program so
    capture_max_bytes: int = 0
    on_data: Callable[[bytes], None] | None = None
    on_capture: Callable[[bytes], None] | None = None
    read_bytes: int = 0  # counted by the host
    retells: bool = True  # what a daemon that died had read, and may have told already, is told (again)
    tap: Tap | None = None


@frozen
class ChildSetup:
    """What is done to a child before its program begins, beyond directory, umask and user.

    `limits` holds (name without `RLIMIT_`, soft, hard), -1 being no limit. `variables` come on top of the
    files and of the user's own: what the program's section sets itself, and the daemon's mark.
    """

    limits: tuple[tuple[str, int, int], ...] = ()
    nice: int | None = None
    io_priority: tuple[int, int] | None = None  # class and level, in the kernel's numbers
    oom_score_adjustment: int | None = None
    cpus: tuple[int, ...] = ()
    gid: int | None = None
    supplementary_gids: tuple[int, ...] | None = None  # None: those of the user
    user_environment: bool = False
    environment_files: tuple[tuple[str, bool], ...] = ()  # (path, whether it may be missing)
    variables: tuple[tuple[str, str], ...] = ()


@plain
class ChildRequest:
    """A child as a value: everything needed to run it."""

    name: str  # namespec, for messages and file names
    filename: str  # what to exec, found already
    argv: list[str]
    environment: dict[str, str]
    stdout: StreamPlan
    stderr: StreamPlan | None  # None: stderr goes where stdout goes
    directory: str | None = None
    umask: int | None = None
    uid: int | None = None
    stdin_fd: int | None = None  # a socket to be fd 0 (fcgi-program); else a stream that can be written to
    spawn_id: str = ""  # marks the child and all that descends from it, in the environment; names its FIFOs
    setup: ChildSetup | None = None  # None: nothing but the above; the spawn is cheaper then


@plain
class SpawnFailure:
    """Why a child could not be started: the step, errno, words.

    Steps: `streams`, `fork`, `chdir`, `setuid`, `exec`; with a `ChildSetup` also `environment`, `limit`, `nice`,
    `ionice`, `oom_score_adj`, `cpu_affinity`, `setgroups` and `setgid`.
    """

    stage: str
    errno: int
    text: str


@plain
class Remains:
    """What a new daemon found of a child of the old one: `pid` 0 when it is dead.

    `is_ours`: it is a child of this very process (which executed itself anew), to be reaped as any other.
    `wait_status`: how a dead one ended, as the kernel says it; None where nobody knows.
    """

    pid: int = 0
    start_ticks: int = 0
    is_ours: bool = False
    wait_status: int | None = None


class Child(Protocol):
    """A running (or just dead) child and its streams."""

    @property
    def pid(self) -> int: ...

    @property
    def start_ticks(self) -> int:
        """When it started, in ticks since boot; 0 where the machine does not tell."""

    def write_stdin(self, data: bytes) -> None:
        """Queue bytes for its stdin. Raises BrokenPipeError when nobody can read them (any more)."""

    def mark_streams(self, room_bytes: int) -> None:
        """From now on it shows, even to another daemon, whether stdin and stdout are written to.

        Its stdin is made large enough for so much at once.
        """

    def traces(self) -> Traces | None:
        """What showed since the last mark; None where its streams cannot tell."""

    def finish(self) -> None:
        """The child was reaped: read what is left in its streams, deliver it, and let go of them."""


@plain
class Command:
    """Where a command was found: `filename` to exec and `argv`."""

    filename: str
    argv: list[str]


@plain
class CommandProblem:
    """Why a command cannot be run. `kind`: 'not_found', 'not_executable', 'no_permission', 'bad_command'."""

    kind: str
    text: str


class ChildHost(Protocol):
    """Finds, spawns and signals children."""

    def find_command(self, command: str, environment: dict[str, str]) -> Command | CommandProblem:
        """Split `command` as a shell would and find its program on PATH."""

    def new_spawn_id(self) -> str:
        """A name for one spawn that no other spawn on this machine has, until it is booted anew."""

    def spawn(self, request: ChildRequest) -> Child | SpawnFailure: ...

    def find(self, pid: int, start_ticks: int, spawn_id: str) -> Remains:
        """What is left of a child of the old daemon; with `pid` 0, of a spawn that it did not see the end of."""

    def adopt(
        self,
        remains: Remains,
        name: str,
        spawn_id: str,
        stdout: StreamPlan,
        stderr: StreamPlan | None,
        *,
        has_stdin: bool,
    ) -> Child:
        """Take over its streams, as far as they are still there, and hear of its end if it lives."""

    def follow(self, child: Child, pid: int) -> None:
        """What `child` launched is the process now: `pid`. Hear of its end, if it is not ours to reap."""

    def kill(self, pid: int, signum: int, as_group: bool) -> None:
        """Send a signal (to the whole process group if `as_group`). Raises OSError (ProcessLookupError if gone)."""

    def renew_sinks(self, *, drain: bool = False) -> None:
        """What taps want has changed: open and close the sinks of open streams. `drain`: read what is there before."""

    def close_logs(self, plan: StreamPlan) -> None:
        """No child writes to this plan's log any more (its process left the configuration)."""
