"""TLS: certificates, those of clients, and what happens when their files change."""

import asyncio
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.http_site import GET, Client
from support.tls import server_context
from vigild.core.access import Role
from vigild.fronts.serving import Gate, Request, Response, Server, open_server, text_response
from vigild.fronts.serving.gate import Rules, User
from vigild.fronts.serving.tls import Certificates, names_in


async def who(request: Request) -> Response:
    return text_response(200, f"{request.caller.words} {request.caller.via} {request.is_secure}")


class Door:
    """A directory with a certificate, and a log of what was said of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        server_context(directory)
        self.cert, self.key = str(directory / "cert.pem"), str(directory / "key.pem")
        self.log: list[str] = []

    def certificates(self, *, client_ca: bool = False, required: bool = False) -> Certificates:
        ca = self.cert if client_ca else None
        return Certificates(
            self.cert, self.key, ca, require_client=required, log=lambda level, text: self.log.append(text)
        )

    def client(self, *, with_certificate: bool = False) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.cert)
        context.check_hostname = False
        if with_certificate:
            context.load_cert_chain(self.cert, self.key)
        return context


@asynccontextmanager
async def served(certificates: Certificates, gate: Gate) -> AsyncIterator[tuple[Server, tuple[str, int]]]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        server = open_server(sock, who, gate=gate, tls=certificates, log=lambda *_: None)
        try:
            yield server, sock.getsockname()
        finally:
            await server.drain(1.0)


async def ask(address: tuple[str, int], context: ssl.SSLContext, *, times: int = 1) -> bytes:
    reader, writer = await asyncio.open_connection(*address, ssl=context)
    try:
        for _ in range(times):
            answer = await Client(reader, writer).ask(GET)
        return answer.body
    finally:
        writer.transport.abort()


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_requests_over_tls(door: Door) -> None:
    async def run() -> bytes:
        async with served(door.certificates(), Gate()) as (_, address):
            return await ask(address, door.client(), times=3)

    assert asyncio.run(run()) == b"127.0.0.1 nobody True\n"
    assert door.log == []


def test_old_tls_and_no_tls_are_refused(door: Door) -> None:
    async def run() -> None:
        async with served(door.certificates(), Gate()) as (server, address):
            old = door.client()
            with pytest.warns(DeprecationWarning, match="TLSv1_1"):
                old.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await ask(address, old)
            reader, writer = await asyncio.open_connection(*address)
            writer.write(GET)
            assert not (await reader.read()).startswith(b"HTTP")
            writer.close()
            assert server.counters.requests == 0

    asyncio.run(run())


def test_a_client_is_the_user_that_its_certificate_names(door: Door) -> None:
    async def run() -> list[bytes]:
        users = {"127.0.0.1": User(Role.VIEWER)}
        gate = Gate(Rules(users, takes_certificates=True))
        async with served(door.certificates(client_ca=True), gate) as (_, address):
            known = await ask(address, door.client(with_certificate=True))
            unknown = await ask(address, door.client())
            gate.rules = Rules({"eve": User(Role.ADMIN)}, takes_certificates=True)
            other = await ask(address, door.client(with_certificate=True))
            return [known, unknown, other]

    known, *others = asyncio.run(run())
    assert known == b"127.0.0.1@127.0.0.1 certificate True\n"
    assert [b"401" in answer for answer in others] == [True, True]


def test_a_required_certificate_is_required(door: Door) -> None:
    async def run() -> None:
        async with served(door.certificates(client_ca=True, required=True), Gate()) as (server, address):
            assert b"True" in await ask(address, door.client(with_certificate=True))
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await ask(address, door.client())
            assert server.counters.requests == 1

    asyncio.run(run())


def test_a_renewed_certificate_serves_the_next_connection(door: Door, tmp_path: Path) -> None:
    async def run() -> None:
        certificates = door.certificates()
        async with served(certificates, Gate()) as (_, address):
            old = door.client()
            assert await ask(address, old)
            server_context(tmp_path)
            with pytest.raises(ssl.SSLError):
                await ask(address, old)
            assert await ask(address, door.client())
            before = certificates.context()
            Path(door.cert).write_text("half written")
            assert certificates.context() is before

    asyncio.run(run())
    assert "have changed and are read again" in door.log[0]
    assert door.log[1].endswith("those before go on")


def test_without_a_certificate_nobody_enters_until_there_is_one(door: Door) -> None:
    async def run() -> None:
        os.rename(door.key, door.key + ".away")
        certificates = door.certificates()
        async with served(certificates, Gate()) as (_, address):
            assert certificates.context() is None
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await ask(address, door.client())
            os.rename(door.key + ".away", door.key)
            assert await ask(address, door.client())

    asyncio.run(run())
    assert "nobody can enter" in door.log[0]


def test_a_key_with_a_passphrase_is_not_asked_for(door: Door) -> None:
    command = f"openssl rsa -aes256 -passout pass:secret -in {door.key} -out {door.key}.locked"
    subprocess.run(command.split(), check=True, capture_output=True)
    door.key += ".locked"
    assert door.certificates().context() is None
    assert "passphrase" in door.log[0]


def test_a_connection_is_not_handed_to_the_next_image(door: Door) -> None:
    async def run() -> None:
        async with served(door.certificates(), Gate()) as (server, address):
            reader, writer = await asyncio.open_connection(*address, ssl=door.client())
            assert (await Client(reader, writer).ask(GET)).status == 200
            server.hold()
            await server.settle(1.0)
            assert server.open_connections() == []
            assert await reader.read() == b""  # in good order, so that the client connects anew
            writer.close()

    asyncio.run(run())


def test_names_of_a_certificate() -> None:
    subject = ((("commonName", "ann"),), (("organizationName", "x"),))
    assert names_in({"subject": subject, "subjectAltName": (("email", "a@b"),)}) == ("ann", "a@b")
    assert names_in(None) == ()
