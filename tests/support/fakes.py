"""The engine's ports without a machine: time that is advanced by hand, children that exit when told."""

import heapq
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vigild.config.model import GroupConfig, GroupKind, ProcessConfig
from vigild.core.descendants import Seen
from vigild.core.edges import Edge
from vigild.core.health import Answer
from vigild.core.history import Fact, Kind
from vigild.core.listener import Traces
from vigild.core.machine import MachineUsage
from vigild.core.samples import TreeRequest, Usage
from vigild.core.stop_marks import StopMark
from vigild.engine.alarms import Alarms
from vigild.engine.engine import Engine
from vigild.engine.listeners import ResultHandler, default_result_handler
from vigild.engine.ports import (
    Child,
    ChildRequest,
    Command,
    CommandProblem,
    Ports,
    ProbeRequest,
    Remains,
    Sender,
    SpawnFailure,
    StreamPlan,
)
from vigild.engine.settings import Settings

EPOCH = 1_700_000_000.0


class FakeTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """Monotonic time starts at 0; wall time is EPOCH later. `advance` fires what is due, in order."""

    def __init__(self) -> None:
        self.now = 0.0
        self.epoch = EPOCH  # set it to set the wall clock
        self._heap: list[tuple[float, int, FakeTimer]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.epoch + self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(callback)
        heapq.heappush(self._heap, (when, next(self._order), timer))
        return timer

    def advance(self, seconds: float = 0.0) -> None:
        end = self.now + seconds
        while self._heap and self._heap[0][0] <= end:
            when, _, timer = heapq.heappop(self._heap)
            self.now = max(self.now, when)
            if timer.callback is not None:
                callback, timer.callback = timer.callback, None
                callback()
        self.now = end

    @property
    def armed(self) -> int:
        """Timers that will still fire: none may be left when nothing is awaited."""
        return sum(1 for _, _, timer in self._heap if timer.callback is not None)


class FakeChild:
    def __init__(self, pid: int, request: ChildRequest) -> None:
        self.pid = pid
        self.start_ticks = pid * 10
        self.request = request
        self.stdin: list[bytes] = []
        self.stdin_closed = False
        self.finished = False
        self.last_words = b""
        self.marks = 0
        self.shows: Traces | None = None

    def write_stdin(self, data: bytes) -> None:
        if self.stdin_closed:
            raise BrokenPipeError("closed")
        self.stdin.append(data)

    def mark_streams(self, room_bytes: int) -> None:
        self.marks += 1

    def traces(self) -> Traces | None:
        return self.shows

    def finish(self) -> None:
        if self.last_words:
            self.says(self.last_words)
        self.finished = True

    def says(self, data: bytes) -> None:
        """It writes to its stdout."""
        assert self.request.stdout.on_data is not None
        self.request.stdout.on_data(data)


@dataclass
class FakeChildren:
    """`spawned` in order; `refuse` maps a program to why it cannot be spawned; kills are only noted."""

    spawned: list[FakeChild] = field(default_factory=list)
    kills: list[tuple[int, int, bool]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    refuse: dict[str, str] = field(default_factory=dict)
    kill_error: OSError | None = None
    closed_logs: list[str] = field(default_factory=list)
    alive: dict[int | str, Remains] = field(default_factory=dict)  # of the daemon before, by pid or spawn id
    dead: dict[int, Remains] = field(default_factory=dict)
    adopted: list[FakeChild] = field(default_factory=list)
    spawn_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    sink_renewals: list[bool] = field(default_factory=list)  # whether each was to drain

    def renew_sinks(self, *, drain: bool = False) -> None:
        self.sink_renewals.append(drain)

    def find_command(self, command: str, environment: dict[str, str]) -> Command | CommandProblem:
        if command in self.missing:
            return CommandProblem("not_found", f"can't find command '{command}'")
        return Command(command, [command])

    def find(self, pid: int, start_ticks: int, spawn_id: str) -> Remains:
        found = self.alive.get(pid or spawn_id)
        return found if found is not None else self.dead.get(pid, Remains())

    def adopt(
        self,
        remains: Remains,
        name: str,
        spawn_id: str,
        stdout: StreamPlan,
        stderr: StreamPlan | None,
        *,
        has_stdin: bool,
    ) -> FakeChild:
        request = ChildRequest(name, name, [name], {}, stdout, stderr, spawn_id=spawn_id)
        child = FakeChild(remains.pid, request)
        self.adopted.append(child)
        return child

    def new_spawn_id(self) -> str:
        return f"spawn-{next(self.spawn_ids)}"

    def spawn(self, request: ChildRequest) -> FakeChild | SpawnFailure:
        if request.filename in self.refuse:
            return SpawnFailure("exec", 8, self.refuse[request.filename])
        child = FakeChild(100 + len(self.spawned), request)
        self.spawned.append(child)
        return child

    def follow(self, child: Child, pid: int) -> None:
        assert isinstance(child, FakeChild)
        child.pid = pid

    def kill(self, pid: int, signum: int, as_group: bool) -> None:
        if self.kill_error is not None:
            raise self.kill_error
        self.kills.append((pid, signum, as_group))

    def close_logs(self, plan: StreamPlan) -> None:
        self.closed_logs.append(plan.channel)


@dataclass
class FakeJournal:
    """What was put, by kind and key; and every put and drop in order."""

    entries: dict[str, dict[str, bytes]] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)

    def put(self, kind: str, key: str, value: bytes) -> None:
        self.calls.append(("put", kind, key))
        self.entries.setdefault(kind, {})[key] = value

    def drop(self, kind: str, key: str) -> None:
        self.calls.append(("drop", kind, key))
        self.entries.get(kind, {}).pop(key, None)

    def put_all(self, changes: Mapping[tuple[str, str], bytes | None]) -> None:
        for (kind, key), value in changes.items():
            if value is not None:
                self.put(kind, key, value)
            elif key in self.entries.get(kind, {}):
                self.drop(kind, key)


@dataclass
class FakeHistory:
    """What was noted, in order."""

    facts: list[Fact] = field(default_factory=list)

    def note(self, fact: Fact) -> None:
        self.facts.append(fact)

    def note_all(self, make: Callable[[], list[Fact]]) -> None:
        self.facts += make()

    def of(self, kind: Kind, name: str) -> list[dict[str, object]]:
        """The details of all facts of that kind about `name`."""
        return [fact.details for fact in self.facts if (fact.kind, fact.name) == (kind, name)]


@dataclass
class FakeAlerts:
    """What people were told, in order."""

    edges: list[Edge] = field(default_factory=list)

    def tell(self, edge: Edge) -> None:
        self.edges.append(edge)

    @property
    def told(self) -> list[str]:
        """The kind and trouble of each, `quiet` after it where nobody has to be told; forgotten then."""
        words = [f"{edge.kind} {edge.key}" + (" quiet" if edge.quiet else "") for edge in self.edges]
        self.edges.clear()
        return words


@dataclass
class FakeWorker:
    """`sent` in order; `full` takes nothing in; `starts` and `says` are what the real one does by itself."""

    sent: list[dict[str, object]] = field(default_factory=list)
    is_running: bool = False
    is_resting: bool = False
    full: bool = False
    failures: int = 0
    error: str = ""
    on_started: Callable[[], None] = lambda: None
    on_message: Callable[[dict[str, object]], None] = lambda message: None

    def start(self) -> None:
        self.is_running, self.is_resting = True, False
        self.on_started()

    def rest(self) -> None:
        self.is_running, self.is_resting = False, True

    def send(self, message: Mapping[str, object]) -> bool:
        if not self.is_running or self.full:
            return False
        self.sent.append(dict(message))
        return True

    async def close(self) -> None:
        self.is_running = False

    def dies(self, error: str = "exit status 1") -> None:
        self.is_running, self.error = False, error
        self.failures += 1

    def says(self, **message: object) -> None:
        self.on_message(message)

    def take(self, kind: str) -> list[dict[str, object]]:
        """What it was sent of that type; forgotten then."""
        found = [message for message in self.sent if message["type"] == kind]
        self.sent = [message for message in self.sent if message["type"] != kind]
        return found


@dataclass
class FakeStops:
    """What is remembered; `saves` counts, `loads` too."""

    marks: dict[str, StopMark] = field(default_factory=dict)
    loads: int = 0
    saves: int = 0
    discards: int = 0

    def load(self) -> dict[str, StopMark]:
        self.loads += 1
        return dict(self.marks)

    def save(self, marks: dict[str, StopMark]) -> None:
        self.saves += 1
        self.marks = marks

    def discard(self) -> None:
        self.discards += 1
        self.marks = {}


@dataclass
class FakeScheduleStore:
    """What is kept, as JSON would give it back; `saves` and `closes` count."""

    states: dict[str, object] = field(default_factory=dict)
    saves: int = 0
    closes: int = 0

    def load(self) -> dict[str, object]:
        return dict(self.states)

    def save(self, states: Mapping[str, object]) -> None:
        self.saves += 1
        self.states = json.loads(json.dumps(dict(states)))

    def close(self) -> None:
        self.closes += 1


@dataclass
class FakeLogs:
    """AUTO names are predictable; `broken` makes them fail."""

    broken: bool = False
    cleared: list[str] = field(default_factory=list)
    reopened: int = 0

    def reopen_all(self) -> None:
        self.reopened += 1

    def clear(self, path: str) -> None:
        if self.broken:
            raise OSError(5, "I/O error", path)
        self.cleared.append(path)

    def auto_name(self, process_name: str, channel: str) -> str:
        if self.broken:
            raise OSError(13, "Permission denied", "/logs")
        return f"/logs/{process_name}-{channel}---x.log"


@dataclass
class FakeSockets:
    held: dict[str, int] = field(default_factory=dict)
    taken_back: list[tuple[str, int]] = field(default_factory=list)
    error: OSError | None = None

    def acquire(self, group: str, socket: object) -> int:
        if self.error is not None:
            raise self.error
        self.held[group] = self.held.get(group, 0) + 1
        return 55

    def take_back(self, group: str, socket: object, pid: int) -> None:
        self.taken_back.append((group, pid))

    def adopt(self, group: str, socket: object) -> None:
        self.held[group] = self.held.get(group, 0) + 1

    def release(self, group: str) -> None:
        self.held[group] -= 1


@dataclass
class FakeTable:
    """`seen`: what lives, by pid; `pidfiles`: which pid each names; `executables`: what each pid runs."""

    own_pid: int = 1
    gets_orphans: bool = False
    seen: dict[int, Seen] = field(default_factory=dict)
    pidfiles: dict[str, int] = field(default_factory=dict)
    executables: dict[int, str] = field(default_factory=dict)
    looks: int = 0

    def add(self, pid: int, ppid: int = 1, **more: object) -> None:
        """One more process, in a group and a session of its own unless told otherwise."""
        fields: dict[str, object] = {
            "pgid": pid,
            "session": pid,
            "start_ticks": 1000 + pid,
            "name": f"p{pid}",
        }
        self.seen[pid] = Seen(pid, ppid, **{**fields, **more})  # type: ignore[arg-type]

    def take(self) -> dict[int, Seen]:
        self.looks += 1
        return dict(self.seen)

    def children(self) -> list[int]:
        return [pid for pid, seen in self.seen.items() if seen.ppid == self.own_pid]

    def start_ticks(self, pid: int) -> int:
        return self.seen[pid].start_ticks if pid in self.seen else 0

    def is_alive(self, pid: int, start_ticks: int) -> bool:
        return pid in self.seen and self.seen[pid].start_ticks == start_ticks

    def runs(self, pid: int, executable: str) -> bool:
        return self.executables.get(pid) == executable

    def read_pid(self, path: str) -> int:
        return self.pidfiles.get(path, 0)


@dataclass
class FakeQuestion:
    """`answers` tells the asker; `cancelled` shows that nobody waits any more."""

    request: ProbeRequest
    on_answer: Callable[[Answer], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True

    def answers(self, ok: bool, text: str = "", seconds: float = 0.003) -> None:
        assert not self.cancelled
        self.on_answer(Answer(ok, text, seconds))


@dataclass
class FakeProber:
    """`asked` in order; `says` is a notification of a process."""

    asked: list[FakeQuestion] = field(default_factory=list)
    listening: int = 0
    error: OSError | None = None
    on_notice: Callable[[Sender, dict[str, str]], None] = lambda sender, message: None

    def ask(self, request: ProbeRequest, on_answer: Callable[[Answer], None]) -> FakeQuestion:
        question = FakeQuestion(request, on_answer)
        self.asked.append(question)
        return question

    def listen(self) -> str:
        if self.error is not None:
            raise self.error
        self.listening += 1
        return "@/run/notify"

    def hear(self, on_notice: Callable[[Sender, dict[str, str]], None]) -> None:
        self.on_notice = on_notice

    def says(
        self, pid: int, *, uid: int = 0, spawn_id: str = "", ancestors: tuple[int, ...] = (), **message: str
    ) -> None:
        self.on_notice(Sender(pid, uid, spawn_id, ancestors), message)


@dataclass
class FakeSampler:
    """`usages`: what each tree uses, by key. Answers at once unless it is `slow`; then `answers` does."""

    usages: dict[str, Usage] = field(default_factory=dict)
    asked: list[list[TreeRequest]] = field(default_factory=list)
    slow: bool = False
    pending: Callable[[Mapping[str, Usage]], None] | None = None

    def take(
        self, trees: Sequence[TreeRequest], on_taken: Callable[[Mapping[str, Usage]], None]
    ) -> FakeTimer:
        self.asked.append(list(trees))
        self.pending = on_taken
        if not self.slow:
            self.answers()
        return FakeTimer(lambda: None)

    def machine(self) -> MachineUsage | None:
        return MachineUsage(0, 0, 0.5, 0.4, 0.3, 1 << 30, 4 << 30, 0, 0)

    def answers(self) -> None:
        assert self.pending is not None
        on_taken, self.pending = self.pending, None
        on_taken({tree.key: self.usages[tree.key] for tree in self.asked[-1] if tree.key in self.usages})


def usage(at: float, **fields: float | None) -> Usage:
    """A reading of a small tree at monotonic time `at`, which began at 0."""
    return Usage(at, at, **{"cpu_seconds": 0.0, "rss_bytes": 1 << 20, "threads": 1, "processes": 1, **fields})  # type: ignore[arg-type]


@dataclass
class FakeLog:
    lines: list[str] = field(default_factory=list)

    def critical(self, message: str) -> None:
        self.lines.append(f"CRIT {message}")

    def error(self, message: str) -> None:
        self.lines.append(f"ERRO {message}")

    def warn(self, message: str) -> None:
        self.lines.append(f"WARN {message}")

    def info(self, message: str) -> None:
        self.lines.append(f"INFO {message}")

    def debug(self, message: str) -> None:
        self.lines.append(f"DEBG {message}")

    def trace(self, message: str) -> None:
        self.lines.append(f"TRAC {message}")

    def blather(self, message: str) -> None:
        self.lines.append(f"BLAT {message}")


def program(name: str, **changes: object) -> ProcessConfig:
    """One process; its command is its name."""
    return ProcessConfig(name, **{"command": name, **changes})  # type: ignore[arg-type]


def group(*processes: ProcessConfig, name: str = "", priority: int = 999, **changes: object) -> GroupConfig:
    """A group, named after its first process unless told otherwise."""
    return GroupConfig(name or processes[0].name, priority, processes, **changes)  # type: ignore[arg-type]


def listener(name: str, *events: str, **changes: object) -> GroupConfig:
    """A pool with one listener that is RUNNING as soon as it is spawned."""
    process = program(name, kind=GroupKind.EVENTLISTENER, start_seconds=0)
    return group(process, kind=GroupKind.EVENTLISTENER, events=events, priority=-1, **changes)


class World:
    """An engine on fake ports, and the verbs a test speaks in."""

    def __init__(
        self,
        *groups: GroupConfig,
        handler: ResultHandler = default_result_handler,
        settings: Settings | None = None,
        stops: FakeStops | None = None,
        alarms: bool = False,
        schedules: FakeScheduleStore | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.children = FakeChildren()
        self.logs = FakeLogs()
        self.sockets = FakeSockets()
        self.log = FakeLog()
        self.journal = FakeJournal()
        self.table = FakeTable()
        self.history = FakeHistory()
        self.prober = FakeProber()
        self.sampler = FakeSampler()
        self.schedules = schedules or FakeScheduleStore()
        self.ports = Ports(
            self.clock,
            self.children,
            self.logs,
            self.sockets,
            self.log,
            self.journal,
            self.table,
            self.history,
            self.prober,
            open_sampler=lambda: self.sampler,
            open_schedules=lambda: self.schedules,
        )
        self.alerts = FakeAlerts()
        settings = settings or Settings()
        if alarms:
            self.ports.alerts = self.alerts
            settings.alarms = Alarms(self.ports, {})
        self.engine = Engine(self.ports, settings, lambda spec: handler, stops)
        for config in groups:
            self.engine.add_group(config)

    def boot(self) -> "World":
        self.clock.advance()
        return self

    def state(self, name: str) -> str:
        return self._process(name).state.name

    def child(self, name: str) -> FakeChild:
        """The latest child of that process."""
        return [child for child in self.children.spawned if child.request.name == name][-1]

    def exits(self, name: str, wait_status: int = 0) -> None:
        """Its child ends; `wait_status` as the kernel gives it (`256` is exit status 1, `9` is SIGKILL)."""
        self.engine.child_died(self.child(name).pid, wait_status)

    def _process(self, name: str):  # type: ignore[no-untyped-def]
        group_name, _, process_name = name.partition(":")
        return self.engine.groups[group_name].processes[process_name or group_name]
