"""Calls over real sockets: results, faults, credentials, and every way a connection can fail."""

import errno
import socket
import threading
import time
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.fake_daemon import FakeDaemon
from support.until import DEADLINE_SECONDS
from vigild.client.errors import FaultError, HttpError, UnauthorizedError, UnreachableError
from vigild.client.rpc import RpcClient
from vigild.client.supervisor import Supervisor


def refuse() -> None:
    raise xmlrpc.client.Fault(10, "BAD_NAME: x")


METHODS = {
    "supervisor.echo": lambda *values: list(values),
    "supervisor.refuse": refuse,
    "supervisor.raw": lambda: b"<nonsense/>",
    "supervisor.getVersion": lambda: "3.0",
    "supervisor.getAllProcessInfo": lambda: [{"name": "a", "pid": 1}],
}


@pytest.fixture(params=["unix", "tcp"])
def daemon(request: pytest.FixtureRequest, short_tmp: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(short_tmp / "s" if request.param == "unix" else None, METHODS) as daemon:
        yield daemon


@contextmanager
def server_that_says(answer: bytes) -> Iterator[str]:
    """One connection is taken, what it asks is read, `answer` is sent, and that is all."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()


def test_results_and_faults(daemon: FakeDaemon) -> None:
    with RpcClient(daemon.url) as client:
        assert client.call("supervisor.echo", 1, "ü", True, [{"a": "<"}]) == [1, "ü", True, [{"a": "<"}]]
        assert client.call("supervisor.getVersion") == "3.0"
        assert client.call("supervisor.getAllProcessInfo") == [{"name": "a", "pid": 1}]
        with pytest.raises(FaultError) as fault:
            client.call("supervisor.refuse")
        assert (fault.value.code, fault.value.text) == (10, "BAD_NAME: x")
        assert str(fault.value) == "<Fault 10: 'BAD_NAME: x'>"


def test_one_connection_serves_many_calls(daemon: FakeDaemon) -> None:
    with RpcClient(daemon.url) as client:
        for _ in range(5):
            client.call("supervisor.getVersion")
    assert daemon.connections == 1


def test_a_time_limit_makes_no_call_wait(daemon: FakeDaemon) -> None:
    with RpcClient(daemon.url, timeout_seconds=DEADLINE_SECONDS) as client:
        begun = time.monotonic()
        for _ in range(3):
            client.call("supervisor.getVersion")
        assert time.monotonic() - begun < DEADLINE_SECONDS
    assert daemon.connections == 1


def test_connection_that_the_daemon_closed_is_replaced_and_the_call_made_once(daemon: FakeDaemon) -> None:
    with RpcClient(daemon.url) as client:
        client.call("supervisor.getVersion")
        daemon.hang_up()
        assert client.call("supervisor.echo", "once") == ["once"]
    assert daemon.named("supervisor.echo") == [("once",)]
    assert daemon.connections == 2


def test_what_is_no_answer_to_a_call(daemon: FakeDaemon) -> None:
    with RpcClient(daemon.url) as client, pytest.raises(HttpError, match="no XML-RPC response"):
        client.call("supervisor.raw")


def test_credentials(short_tmp: Path) -> None:
    with FakeDaemon(short_tmp / "s", METHODS, credentials="üser:pass:word") as daemon:
        with RpcClient(daemon.url, "üser", "pass:word") as client:
            assert client.call("supervisor.getVersion") == "3.0"
        for name, password in (("üser", "wrong"), (None, None), ("üser", None)):
            with RpcClient(daemon.url, name, password) as client, pytest.raises(UnauthorizedError) as refusal:
                client.call("supervisor.getVersion")
            assert refusal.value.status == 401


def test_nobody_there(short_tmp: Path) -> None:
    with pytest.raises(UnreachableError) as missing:
        RpcClient(f"unix://{short_tmp}/none").call("supervisor.getVersion")
    assert missing.value.errno == errno.ENOENT
    assert str(short_tmp) in str(missing.value)
    unused = socket.create_server(("127.0.0.1", 0))
    port = unused.getsockname()[1]
    unused.close()
    with pytest.raises(UnreachableError) as refused:
        RpcClient(f"http://127.0.0.1:{port}").call("supervisor.getVersion")
    assert refused.value.errno == errno.ECONNREFUSED


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 3 + b"".join(b"H%d: y\r\n" % i for i in range(300)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
    ],
)
def test_what_is_not_http_is_said_to_be_so(answer: bytes) -> None:
    with server_that_says(answer) as url, RpcClient(url) as client, pytest.raises(HttpError) as error:
        client.call("supervisor.getVersion")
    assert error.value.status == 0


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_answer_that_breaks_off(answer: bytes) -> None:
    with server_that_says(answer) as url, RpcClient(url) as client, pytest.raises(UnreachableError) as error:
        client.call("supervisor.getVersion")
    assert error.value.errno in (0, errno.ECONNRESET)


def test_other_ways_to_frame_an_answer() -> None:
    body = xmlrpc.client.dumps(("x",), methodresponse=True).encode()
    chunks = b"%x;note\r\n%b\r\n%x\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (
        10,
        body[:10],
        len(body) - 10,
        body[10:],
    )
    for answer in (
        b"HTTP/1.0 200 OK\r\n\r\n" + body,
        b"HTTP/1.1 200\r\ntransfer-encoding: CHUNKED\r\n\r\n" + chunks,
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body),
    ):
        with server_that_says(answer) as url, RpcClient(url) as client:
            assert client.call("supervisor.getSupervisorVersion") == "x"


def test_server_error_is_told_with_its_status() -> None:
    with (
        server_that_says(b"HTTP/1.1 500 Oh no\r\nContent-Length: 3\r\n\r\nabc") as url,
        RpcClient(url) as client,
    ):
        with pytest.raises(HttpError) as error:
            client.call("supervisor.getVersion")
        assert (error.value.status, error.value.reason) == (500, "Oh no")


def test_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = RpcClient(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.05)
        with client, pytest.raises(UnreachableError, match="timed out"):
            client.call("supervisor.getVersion")


def test_streams_come_piece_by_piece(short_tmp: Path) -> None:
    streams = {"/logtail/a%20b:%C3%BC/stdout": [b"one\n", b"two\n"], "/mainlogtail": [b"main"]}
    with FakeDaemon(short_tmp / "s", METHODS, streams) as daemon, Supervisor.at(daemon.url) as supervisor:
        pieces: list[bytes] = []
        with pytest.raises(UnreachableError):
            pieces.extend(iter_into(supervisor.follow_process_log("a b:ü", "stdout"), pieces))
        assert pieces == [b"one\n", b"two\n"]
        assert next(iter(supervisor.follow_log())) == b"main"
        with pytest.raises(HttpError) as missing:
            next(supervisor.follow_process_log("none", "stderr"))
        assert missing.value.status == 404


def iter_into(source: Iterator[bytes], pieces: list[bytes]) -> list[bytes]:
    for piece in source:
        pieces.append(piece)
    return []


def test_a_child_finds_its_daemon(short_tmp: Path) -> None:
    with FakeDaemon(short_tmp / "s", METHODS, credentials="u:p") as daemon:
        environ = {
            "SUPERVISOR_SERVER_URL": daemon.url,
            "SUPERVISOR_USERNAME": "u",
            "SUPERVISOR_PASSWORD": "p",
        }
        with Supervisor.from_environment(environ) as supervisor:
            assert supervisor.api_version() == "3.0"
    with pytest.raises(KeyError):
        Supervisor.from_environment({})
