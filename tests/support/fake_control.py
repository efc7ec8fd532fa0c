"""A `Control` in memory: a few processes, logs in a directory, and a record of what was asked of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vigild.core.access import Caller, current_caller
from vigild.core.errors import Fault, VigilError
from vigild.core.forwards import ForwardCounts, ForwardInfo
from vigild.core.history import HistoryQuery
from vigild.core.names import make_namespec, split_namespec

SUCCESS = {"status": 80, "description": "OK"}


@dataclass
class FakeProcess:
    group: str
    name: str
    running: bool = True
    log: Path | None = None


@dataclass
class FakeControl:
    """Satisfies `Control` with itself as every noun; names of methods do not clash but for `reload`-like ones."""

    directory: Path
    fakes: list[FakeProcess] = field(default_factory=list)
    orders: list[tuple[object, ...]] = field(default_factory=list)
    going_down: bool = False
    broken: Exception | None = None
    gate: asyncio.Event | None = None  # `start` and `stop` with wait=True wait for it

    def __post_init__(self) -> None:
        self.daemon = FakeDaemon(self)
        self.config = FakeConfig(self)
        self.processes = FakeProcesses(self)
        self.logs = FakeLogs(self)
        self.history = FakeHistory()
        self.samples = FakeSamples(self)
        self.alerts = FakeAlerts(self)
        self.forwards = FakeForwards(self)
        self.access = FakeAccess(self)
        self.monitors = FakeMonitors(self)

    def add(self, group: str, name: str | None = None, *, log: bytes | None = None) -> FakeProcess:
        process = FakeProcess(group, name or group)
        if log is not None:
            process.log = self.directory / f"{process.group}-{process.name}.log"
            process.log.write_bytes(log)
        self.fakes.append(process)
        return process

    def find(self, namespec: str) -> FakeProcess:
        for process in self.fakes:
            if (process.group, process.name) == split_namespec(namespec):
                return process
        raise VigilError(Fault.BAD_NAME, namespec)

    def members(self, group: str) -> list[FakeProcess]:
        found = [p for p in self.fakes if p.group == group]
        if not found:
            raise VigilError(Fault.BAD_NAME, group)
        return found


class _Noun:
    def __init__(self, control: FakeControl) -> None:
        self.control = control

    def note(self, *order: object) -> None:
        self.control.orders.append(order)
        if self.control.broken is not None:
            raise self.control.broken


class FakeDaemon(_Noun):
    log = b""

    def identification(self) -> str:
        return "supervisor"

    def state(self) -> tuple[int, str]:
        return 1, "RUNNING"

    def pid(self) -> int:
        return 4711

    def read_log(self, offset: int, length: int) -> bytes:
        self.note("read_log", offset, length)
        return self.log

    def log_path(self) -> str | None:
        path = self.control.directory / "main.log"
        return str(path) if path.exists() else None

    async def upgrade(self) -> None:
        self.note("upgrade")

    def facts(self) -> dict[str, object]:
        return {"version": "0.1.0", "generation": 0, "survives": True}

    def clear_log(self) -> None:
        self.note("clear_log")

    def shutdown(self) -> None:
        self.note("shutdown")

    def restart(self) -> None:
        self.note("restart")

    def require_running(self) -> None:
        if self.control.going_down:
            raise VigilError(Fault.SHUTDOWN_STATE)


class FakeConfig(_Noun):
    def reload(self) -> tuple[list[str], list[str], list[str]]:
        self.note("reload")
        return ["new"], ["other"], []

    def add_group(self, name: str) -> None:
        self.note("add_group", name)

    def remove_group(self, name: str) -> None:
        self.note("remove_group", name)

    def all_config_info(self) -> list[dict[str, object]]:
        return [{"name": "cat", "autostart": True, "exitcodes": [0, 2], "stdout_logfile_maxbytes": 4 * 2**30}]


class FakeProcesses(_Noun):
    def info(self, name: str) -> dict[str, str | int]:
        process = self.control.find(name)
        return {"name": process.name, "group": process.group, "state": 20, "statename": "RUNNING"}

    def all_info(self) -> list[dict[str, str | int]]:
        return [self.info(make_namespec(p.group, p.name)) for p in self.control.fakes]

    def facts(self, name: str) -> dict[str, object]:
        return {**self.info(name), "wanted": "up"}

    def set_schedule(self, name: str, is_enabled: bool) -> None:
        self.note("set_schedule", name, is_enabled)

    def all_facts(self) -> list[dict[str, object]]:
        return [self.facts(make_namespec(p.group, p.name)) for p in self.control.fakes]

    async def _switch(self, name: str, running: bool, wait: bool) -> bool:
        process = self.control.find(name)
        if process.running is running:
            raise VigilError(Fault.ALREADY_STARTED if running else Fault.NOT_RUNNING, name)
        if wait and self.control.gate is not None:
            await self.control.gate.wait()
        process.running = running
        return True

    async def start(self, name: str, wait: bool = True) -> "bool | list[dict[str, str | int]]":
        self.note("start", name, wait)
        return await self._switch(name, True, wait)

    async def start_group(self, name: str, wait: bool = True) -> list[dict[str, str | int]]:
        self.note("start_group", name, wait)
        return [{"name": p.name, "group": p.group, **SUCCESS} for p in self.control.members(name)]

    async def start_all(self, wait: bool = True) -> list[dict[str, str | int]]:
        self.note("start_all", wait)
        return []

    async def stop(self, name: str, wait: bool = True) -> "bool | list[dict[str, str | int]]":
        self.note("stop", name, wait)
        return await self._switch(name, False, wait)

    async def stop_group(self, name: str, wait: bool = True) -> list[dict[str, str | int]]:
        self.note("stop_group", name, wait)
        return []

    async def stop_all(self, wait: bool = True) -> list[dict[str, str | int]]:
        self.note("stop_all", wait)
        return []

    def signal(self, name: str, signal: str) -> "bool | list[dict[str, str | int]]":
        self.note("signal", name, signal)
        return True

    def signal_group(self, name: str, signal: str) -> list[dict[str, str | int]]:
        self.note("signal_group", name, signal)
        return []

    def signal_all(self, signal: str) -> list[dict[str, str | int]]:
        self.note("signal_all", signal)
        return []

    def send_stdin(self, name: str, data: bytes) -> None:
        self.note("send_stdin", name, data)

    def send_remote_event(self, type_: str, data: str) -> None:
        self.note("send_remote_event", type_, data)


class FakeLogs(_Noun):
    content = b""

    def read(self, name: str, offset: int, length: int, channel: str) -> bytes:
        self.note("read", name, offset, length, channel)
        return self.content

    def tail(self, name: str, offset: int, length: int, channel: str) -> tuple[bytes, int, bool]:
        self.note("tail", name, offset, length, channel)
        return self.content, 7, True

    def path(self, name: str, channel: str) -> str | None:
        log = self.control.find(name).log
        return str(log) if log is not None and channel == "stdout" and log.exists() else None

    def clear(self, name: str) -> None:
        self.note("clear", name)

    def clear_all(self) -> list[dict[str, str | int]]:
        self.note("clear_all")
        return []


class FakeAlerts(_Noun):
    def list(self) -> list[dict[str, object]]:
        return [{"name": "ops", "waiting": 0}]

    async def test(self, name: str) -> str:
        self.note("test_alert", name)
        return "delivered"


class FakeForwards(_Noun):
    def status(self) -> list[ForwardInfo]:
        counts = ForwardCounts(sent_lines=7, sent_bytes=5 << 30, sent_batches=2, unsent_bytes=3)
        shown = "loki+http://loki:3100"
        return [
            ForwardInfo("central", shown, ("*",), ("stdout", "stderr"), 2, True, "", 1, 40, counts, 0.0, "")
        ]

    async def test(self, name: str) -> tuple[bool, str]:
        self.note("test_forward", name)
        return name == "central", "delivered" if name == "central" else "connection refused"


class FakeSamples(_Noun):
    def latest(self, name: str) -> dict[str, object]:
        return {}

    def latest_of_daemon(self) -> dict[str, object]:
        return {}

    def latest_of_machine(self) -> dict[str, object]:
        return {"load1": 0.5}

    def watch(self, interval_seconds: float, for_seconds: float) -> dict[str, object]:
        self.note("watch", interval_seconds, for_seconds)
        return {"interval_seconds": interval_seconds, "daemon": {}}

    async def read(
        self, name: str, since: float = 0.0, until: float = 0.0, points: int = 300
    ) -> list[dict[str, object]]:
        self.note("read_samples", name, since, until, points)
        return [{"at": 60, "cpu_percent": 1.5}]


class FakeMonitors(_Noun):
    def all(self) -> list[dict[str, object]]:
        return [{"name": "disk", "state": "passed"}, {"name": "web", "state": "failed"}]

    def one(self, name: str) -> dict[str, object]:
        for found in self.all():
            if found["name"] == name:
                return found
        raise VigilError(Fault.BAD_NAME, name)

    def look(self, name: str) -> None:
        self.note("look", name)

    def set_enabled(self, name: str, is_enabled: bool) -> None:
        self.note("set_enabled", name, is_enabled)


class FakeHistory:
    """`orders`, `logins`, `users`: what was noted; `queries`: what was asked; `facts` is the answer."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, str, list[str], str, str]] = []
        self.logins: list[tuple[str, str, str, int]] = []
        self.users: list[dict[str, list[str]]] = []
        self.queries: list[HistoryQuery] = []
        self.facts: list[dict[str, object]] = []

    def note_order(self, method: str, name: str, arguments: list[str], result: str) -> None:
        self.orders.append((method, name, arguments, result, current_caller.get().words))

    def note_login(self, what: str, caller: Caller, count: int = 0) -> None:
        self.logins.append((what, caller.words, caller.via, count))

    def note_users(self, changes: dict[str, list[str]]) -> None:
        self.users.append(changes)

    async def read(self, query: HistoryQuery) -> list[dict[str, object]]:
        self.queries.append(query)
        return self.facts


class FakeAccess(_Noun):
    """Notes what is ordered; `known`: who comes with which token."""

    def __init__(self, control: FakeControl) -> None:
        super().__init__(control)
        self.known: dict[str, Caller] = {}

    def tokens(self) -> list[dict[str, object]]:
        return [{"id": "a1"}]

    def create_token(
        self, name: str, role: str, programs: Sequence[str] = (), seconds: float = 0.0
    ) -> dict[str, object]:
        self.note("create_token", name, role, tuple(programs), seconds)
        return {"id": "a1", "token": "vigil_a1_x"}

    def revoke_token(self, id_: str) -> None:
        self.note("revoke_token", id_)

    def bearer(self, presented: str, address: str) -> Caller | None:
        return self.known.get(presented)
