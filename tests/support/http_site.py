"""A server of `fronts.serving` on a unix socket in the test's own loop, and a client that sends bytes as given."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.until import DEADLINE_SECONDS
from vigild.core.access import Role
from vigild.fronts.serving import (
    Credentials,
    Gate,
    Handler,
    Limits,
    Request,
    Response,
    Server,
    open_server,
    text_response,
)
from vigild.fronts.serving.gate import Gatekeeper, Rules, User

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Client:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def pause(self) -> None:
        """Take no more from the server than the kernel does."""
        transport = self.writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()

    async def head(self) -> Answer:
        """Status and headers of the next response."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            raw = await self.reader.readuntil(b"\r\n\r\n")
        status, *lines = raw.decode().strip().split("\r\n")
        headers = dict(map(_header, lines))
        return Answer(int(status.split()[1]), headers, b"")

    async def answer(self, *, has_body: bool = True) -> Answer:
        """The next response, with its body."""
        answer = await self.head()
        if has_body:
            if answer.headers.get("transfer-encoding") == "chunked":
                while piece := await self.chunk():
                    answer.body += piece
            elif "content-length" in answer.headers:
                answer.body = await self.reader.readexactly(int(answer.headers["content-length"]))
            elif answer.status != 100:
                answer.body = await self.rest()
        return answer

    async def chunk(self) -> bytes:
        """The next chunk of a streamed body; empty at its end."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            size = int(await self.reader.readline(), 16)
            return (await self.reader.readexactly(size + 2))[:-2]

    async def rest(self) -> bytes:
        """All that comes until the server ends the connection (orderly or not)."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def ask(self, data: bytes) -> Answer:
        await self.send(data)
        return await self.answer()


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value


@dataclass
class Site:
    path: str
    server: Server
    log: list[tuple[str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_unix_connection(self.path)
        try:
            yield Client(reader, writer)
        finally:
            writer.transport.abort()

    async def until(self, name: str, count: int = 1) -> None:
        """Wait for a counter."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while getattr(self.server.counters, name) < count:
                await asyncio.sleep(0.005)

    async def until_connections(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self.server.connections != count:
                await asyncio.sleep(0.005)


def rules_for(credentials: Credentials | None) -> Rules:
    """What a server asks for that has Supervisor's one name and password, or none."""
    return Rules() if credentials is None else Rules({credentials.username: User(Role.ADMIN, credentials)})


@asynccontextmanager
async def site(
    directory: Path,
    handler: Handler,
    *,
    credentials: Credentials | None = None,
    limits: Limits | None = None,
    gate: Gatekeeper | None = None,
) -> AsyncIterator[Site]:
    """Serve, then drain; nothing may be left."""
    path = str(directory / "s")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)
        sock.listen(64)
        log: list[tuple[str, str]] = []
        server = open_server(
            sock,
            handler,
            gate=gate or Gate(rules_for(credentials)),
            limits=limits,
            log=lambda level, text: log.append((level, text)),
        )
        try:
            yield Site(path, server, log)
        finally:
            await server.drain(1.0)
            await Site(path, server).until_connections(0)


async def echo(request: Request) -> Response:
    """Says what it was asked."""
    return text_response(
        200, f"{request.method} {request.path} {request.query} {request.body.decode('latin-1')}"
    )
