"""Tokens and certificates of clients, and calls over TLS."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from support.tls import server_context
from support.until import DEADLINE_SECONDS
from vigild.client.errors import UnauthorizedError, UnreachableError
from vigild.client.supervisor import Supervisor
from vigild.client.trust import Trust, trust_from
from vigild.core.access import Caller, Role
from vigild.fronts.serving import Gate, open_server
from vigild.fronts.serving.gate import Rules, User
from vigild.fronts.serving.tls import Certificates
from vigild.fronts.xmlrpc import MAIN_INTERFACE, make_handler


def test_the_environment_comes_before_the_settings(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("vigil_a_b\n")
    settings = {"token_file": str(tmp_path / "token"), "ca_file": "/ca", "certfile": None, "keyfile": None}
    assert trust_from({}, settings) == Trust("vigil_a_b", "/ca")
    environ = {"VIGIL_TOKEN": "other", "VIGIL_CA_FILE": "/x", "VIGIL_CERTFILE": "/c", "VIGIL_KEYFILE": "/k"}
    assert trust_from(environ, settings) == Trust("other", "/x", "/c", "/k")
    assert trust_from({}) == Trust()
    assert "vigil_a_b" not in repr(trust_from({}, settings))


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"a\nb"])
def test_a_token_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(ValueError, match="token in"):
        trust_from({"VIGIL_TOKEN_FILE": str(tmp_path / "token")})


@contextmanager
def daemon(directory: Path) -> Iterator[str]:
    """A server with TLS, in a thread of its own; its URL. It lets in who has the token `right`."""
    server_context(directory)
    certificates = Certificates(
        str(directory / "cert.pem"),
        str(directory / "key.pem"),
        None,
        require_client=False,
        log=lambda *_: None,
    )
    known = Caller("token:ci", Role.VIEWER)
    gate = Gate(Rules({"ann": User(Role.VIEWER)}), lambda given, _: known if given == "right" else None)
    ready, done, where = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            handler = make_handler(FakeControl(directory), {"supervisor": MAIN_INTERFACE})
            server = open_server(sock, handler, gate=gate, tls=certificates, log=lambda *_: None)
            where.append(sock.getsockname()[1])
            ready.set()
            await done.wait()
            await server.drain(1.0)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(DEADLINE_SECONDS)
    try:
        yield f"https://127.0.0.1:{where[0]}"
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def test_calls_over_tls_with_a_token(tmp_path: Path) -> None:
    with daemon(tmp_path) as url:
        ca_file = str(tmp_path / "cert.pem")
        with Supervisor.at(url, "ann", "x", trust=Trust("right", ca_file)) as client:
            assert [client.rpc.call("supervisor.getPID") for _ in range(3)] == [4711] * 3
        with Supervisor.at(url, trust=Trust("wrong", ca_file)) as client, pytest.raises(UnauthorizedError):
            client.rpc.call("supervisor.getPID")
        strangers = pytest.raises(UnreachableError, match="certificate verify failed")
        with Supervisor.at(url, trust=Trust("right")) as client, strangers:
            client.rpc.call("supervisor.getPID")
        missing = Trust(ca_file=ca_file, certfile=str(tmp_path / "none"))
        with Supervisor.at(url, trust=missing) as client, pytest.raises(UnreachableError):
            client.rpc.call("supervisor.getPID")
