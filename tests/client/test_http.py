"""The connection itself: what it sends, and how it is let go of."""

import socket
import threading
from collections.abc import Iterator

import pytest

from support.until import DEADLINE_SECONDS
from vigild.client import http
from vigild.client.address import parse_address
from vigild.client.errors import HttpError, UnreachableError


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEADLINE_SECONDS)
        yield server


def connection_to(peer: socket.socket, **options: str) -> http.Connection:
    return http.Connection(parse_address(f"http://127.0.0.1:{peer.getsockname()[1]}"), **options)


def answer(peer: socket.socket, text: bytes, seen: list[bytes]) -> threading.Thread:
    def serve() -> None:
        connection, _ = peer.accept()
        with connection:
            connection.settimeout(DEADLINE_SECONDS)
            while b"BODY" not in (seen[-1] if seen else b""):
                seen.append((seen[-1] if seen else b"") + connection.recv(65536))
            connection.sendall(text)
            connection.recv(1)  # until the client hangs up

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_request_is_plain_http(peer: socket.socket) -> None:
    seen: list[bytes] = []
    thread = answer(peer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", seen)
    connection = connection_to(peer, username="me", password="secret")
    assert connection.post("/RPC2", b"BODY") == b"ok"
    connection.close()
    thread.join()
    head, _, body = seen[-1].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /RPC2 HTTP/1.1"
    assert f"Host: 127.0.0.1:{peer.getsockname()[1]}" in lines
    assert "Authorization: Basic bWU6c2VjcmV0" in lines
    assert "Content-Length: 4" in lines
    assert body == b"BODY"


def test_a_kept_connection_is_used_again_without_waiting_for_its_timeout() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(http_timeout := 1000.0)
        assert not http._is_stale(ours), "or this test would take a thousand seconds"
        assert ours.gettimeout() == http_timeout
        theirs.close()
        assert http._is_stale(ours)


def test_answer_past_the_limit_is_refused(peer: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY_BYTES", 10)
    thread = answer(peer, b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b"x" * 11, [])
    with pytest.raises(HttpError, match="more than 10 bytes"):
        connection_to(peer).post("/", b"BODY")
    thread.join()


def test_interrupt_wakes_a_reader(peer: socket.socket) -> None:
    connection = connection_to(peer)
    seen: list[object] = []

    def follow() -> None:
        try:
            for piece in connection.stream("/log"):
                seen.append(piece)
        except UnreachableError as error:
            seen.append(error)

    reader = threading.Thread(target=follow)
    reader.start()
    with peer.accept()[0] as server:
        server.recv(65536)
        connection.interrupt()
        reader.join(DEADLINE_SECONDS)
        assert not reader.is_alive()
    assert isinstance(seen[0], UnreachableError)
    connection.interrupt()  # nothing is open any more, and that is fine
