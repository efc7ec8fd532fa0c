"""A server as the daemon has it, in the test's own loop, for requests that mean harm."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

from support.fake_control import FakeControl
from support.http_site import Answer, site
from vigild.core.access import Caller, Role
from vigild.core.sessions import Sessions
from vigild.fronts.login import with_login
from vigild.fronts.router import make_app
from vigild.fronts.serving import Credentials, Gate, Request, Response
from vigild.fronts.serving.gate import Rules, User
from vigild.fronts.xmlrpc import MAIN_INTERFACE
from vigild.wire.xmlrpc import encode_call

STOP = encode_call("supervisor.stopProcess", ("cat", False))
SECRET = "Authorization: Basic YW5uOnNlY3JldA=="  # ann:secret
GUESS = "Authorization: Basic YW5uOndyb25n"  # ann:wrong


def asking() -> Rules:
    """What a TCP port asks for that knows one user, ann."""
    return Rules({"ann": User(Role.ADMIN, Credentials("ann", "secret"))}, cookie="vigil_session_1")


@dataclass
class _Relabelling:
    """A gate to which all come from a given address."""

    gate: Gate
    peer: str
    problem: str | None = None

    def behind_proxies(self, request: Request) -> Request:
        return self.gate.behind_proxies(replace(request, peer=self.peer))

    async def admit(self, request: Request) -> Caller | Response:
        return await self.gate.admit(request)

    def still_admits(self, request: Request) -> bool:
        return self.gate.still_admits(request)


@dataclass
class Door:
    """`ask` sends requests through `gate`, each over a connection of its own."""

    directory: Path
    log: list[str] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.control = FakeControl(self.directory)
        self.control.add("cat", log=b"meow\n")
        self.gate = Gate(asking(), sessions=Sessions(), clock=lambda: self.now)
        self.gate.log = lambda level, text: self.log.append(text)
        self.gate.note_login = self.control.history.note_login

    @property
    def orders(self) -> list[object]:
        """The names of what was ordered."""
        return [order[0] for order in self.control.orders]

    def ask(self, *requests: bytes, peer: str = "10.0.0.7:1") -> list[Answer]:
        """The answer to each."""
        app = with_login(make_app(self.control, {"supervisor": MAIN_INTERFACE}), self.gate)

        async def run() -> list[Answer]:
            answers = []
            (self.directory / "s").unlink(missing_ok=True)
            async with site(self.directory, app, gate=_Relabelling(self.gate, peer)) as there:
                for request in requests:
                    async with there.client() as client:
                        answers.append(await client.ask(request))
            return answers

        return asyncio.run(run())


def post(path: str, body: bytes = b"", *headers: str, method: str = "POST") -> bytes:
    """A request that acts."""
    lines = [f"{method} {path} HTTP/1.1", *headers, f"Content-Length: {len(body)}"]
    return _with_host(lines) + body


def get(path: str, *headers: str) -> bytes:
    """A request that looks."""
    return _with_host([f"GET {path} HTTP/1.1", *headers])


def _with_host(lines: list[str]) -> bytes:
    if not any(line.startswith("Host:") for line in lines):
        lines.append("Host: 127.0.0.1:9001")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
