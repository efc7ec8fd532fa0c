"""The JSON interface over a real engine on fake ports, asked without a socket."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.fakes import World
from vigild.config.diff import diff_groups
from vigild.config.load import Loaded, load
from vigild.config.model import Config, DaemonConfig, GroupConfig
from vigild.control.daemon import Configuration, Daemon, VigilControl
from vigild.core.access import Caller, Role, current_caller
from vigild.core.errors import Fault, VigilError
from vigild.core.history import Details, Fact, HistoryQuery
from vigild.fronts.api import ENDPOINTS, make_api
from vigild.fronts.serving.messages import Request, Response

ADMIN = Caller("ada", Role.ADMIN, "password", "10.0.0.7")
JSON = {"content-type": "application/json"}


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    response: Response

    @property
    def json(self):  # type: ignore[no-untyped-def]
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])


@dataclass
class Keeper:
    """The history: what was noted, and what it answers."""

    noted: list[Fact] = field(default_factory=list)
    found: list[Details] = field(default_factory=list)
    asked: list[HistoryQuery] = field(default_factory=list)

    def note(self, fact: Fact) -> None:
        self.noted.append(fact)

    async def read(self, query: HistoryQuery) -> list[Details]:
        self.asked.append(query)
        return [
            fact
            for fact in self.found
            if fact["id"] > query.after and (not query.kinds or fact["kind"] in query.kinds)  # type: ignore[operator]
        ]


class MainLog:
    def __init__(self, path: Path) -> None:
        self.path = path

    def file_path(self) -> str | None:
        return str(self.path)

    def clear(self) -> None:
        self.path.write_bytes(b"")


class Lifecycle:
    def __init__(self) -> None:
        self.orders: list[str] = []
        self.error: VigilError | None = None

    def _do(self, what: str) -> None:
        if self.error is not None:
            raise self.error
        self.orders.append(what)

    def shutdown(self) -> None:
        self._do("shutdown")

    def restart(self) -> None:
        self._do("restart")

    async def upgrade(self) -> None:
        self._do("upgrade")

    def vitals(self) -> dict[str, object]:
        return VITALS

    def facts(self) -> dict[str, object]:
        return {
            "version": "9",
            "python": "3.11",
            "pid": 4711,
            "generation": 2,
            "started": 1,
            "adopted": 0,
            "survives": True,
            "survival": "",
            "upgrade_error": "",
        }


VITALS = {
    "history_lost": 1,
    "history_waiting": 2,
    "output_lost_bytes": 3,
    "journal_failures": 4,
    "http": {"requests": 5, "connections": 6, "unauthorized": 7},
    "http_open": 8,
}


class Api:
    """`groups` run in a `World`; with `conf`, the configuration comes from that text and can be read anew."""

    def __init__(self, tmp: Path, *groups: GroupConfig, conf: str = "", history: bool = True) -> None:
        self.path = tmp / "s.conf"
        self.path.write_text(conf)
        if conf:
            loaded = self.load()
            assert loaded.config is not None, loaded.diagnostics
            model = loaded.config
        else:
            model = Config(str(self.path), DaemonConfig(), groups=groups)
        self.world = World(*model.groups).boot()
        self.keeper = Keeper()
        self.lifecycle = Lifecycle()
        self.main_log = tmp / "main.log"
        engine = self.world.engine
        self.control = VigilControl(
            engine,
            Daemon(engine, MainLog(self.main_log), self.lifecycle),
            Configuration(engine, model.groups, self._read, diff_groups),
            self.keeper if history else None,
            (model, self.load),
        )
        self._handle = make_api(self.control, ENDPOINTS)

    def load(self) -> Loaded:
        return load(str(self.path), environ={})

    def _read(self) -> tuple[GroupConfig, ...]:
        loaded = self.load()
        if loaded.config is None:
            raise VigilError(Fault.CANT_REREAD, "it has errors")
        return loaded.config.groups

    async def asked(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        who: Caller = ADMIN,
    ) -> Reply:
        """The answer of the endpoint at `target` below `/api/v1`."""
        given = JSON if headers is None and method != "GET" else headers or {}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, _, query = target.partition("?")
        request = Request(
            method,
            f"/api/v1{target}",
            f"/api/v1{path}",
            query,
            tuple(given.items()),
            data,
            "10.0.0.7:4711",
            who,
        )
        token = current_caller.set(who)
        try:
            response = await self._handle(request)
        finally:
            current_caller.reset(token)
        content = response.body if isinstance(response.body, bytes) else b""
        return Reply(response.status, dict(response.headers), content, response)

    def ask(self, method: str, target: str, body: object = None, **more: object) -> Reply:
        """The same, from outside a loop."""
        return asyncio.run(self.asked(method, target, body, **more))  # type: ignore[arg-type]
