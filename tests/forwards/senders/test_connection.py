import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.ports import free_port
from support.tls import server_context
from support.until import DEADLINE_SECONDS, until
from vigild.core.forwarding import DELIVERED, Verdict
from vigild.forwards.senders import connection
from vigild.forwards.senders.connection import Stream, is_over, unacknowledged
from vigild.wire.forward_urls import TlsFiles


@contextmanager
def listener(port: int = 0) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(DEADLINE_SECONDS)
        yield server


def accept(server: socket.socket) -> socket.socket:
    client, _ = server.accept()
    client.settimeout(DEADLINE_SECONDS)
    return client


@contextmanager
def stream_to(server: socket.socket, tls: TlsFiles | None = None) -> Iterator[Stream]:
    made = Stream("127.0.0.1", server.getsockname()[1], tls)
    yield made
    made.close()


def test_a_connection_is_kept() -> None:
    with listener() as server, stream_to(server) as stream:
        assert DELIVERED == stream.send([b"1 a", b"1 b"])
        assert DELIVERED == stream.send([b"1 c"])
        with accept(server) as client:
            assert b"1 a1 b1 c" == client.recv(100)
            client.sendall(b"chatter")  # is not taken for an end
            until(lambda: connection.has_news(stream._socket))  # type: ignore[arg-type]
            assert DELIVERED == stream.send([b"1 d"])
            assert b"1 d" == client.recv(100)


def test_a_peer_that_closed_is_noticed_before_anything_is_written() -> None:
    with listener() as server, stream_to(server) as stream:
        assert DELIVERED == stream.send([b"1 a"])
        accept(server).close()
        until(lambda: connection.has_news(stream._socket))  # type: ignore[arg-type]
        assert DELIVERED == stream.send([b"1 b"])
        with accept(server) as client:
            assert b"1 b" == client.recv(100)


def test_nobody_listens() -> None:
    stream = Stream("127.0.0.1", free_port())
    outcome = stream.send([b"1 a"])
    assert (Verdict.LATER, 0) == (outcome.verdict, outcome.taken_lines)
    assert f"{stream.shown}: Connection refused" == outcome.text


def test_after_a_failure_only_what_did_not_arrive_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver takes a part and stops reading; its kernel acknowledges no more than its window."""
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.3)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(DEADLINE_SECONDS)
        frames = [b"%07d" % number for number in range(1_000_000)]
        with stream_to(server) as stream:
            outcome = stream.send(frames)
            with accept(server) as client:
                arrived = b""
                while data := client.recv(1 << 20):
                    arrived += data
        assert (Verdict.LATER, True) == (outcome.verdict, "took nothing in" in outcome.text)
        assert 0 < outcome.taken_lines < len(frames)
        # What was on the way when the connection ended may arrive beyond what is known: it comes twice, and is not lost.
        assert outcome.taken_lines <= len(arrived) // 7


def test_what_only_our_own_kernel_has_taken_has_not_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALL_SECONDS", 0.3)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(DEADLINE_SECONDS)
        frames = [b"%07d" % number for number in range(30_000)]  # fits what is written without waiting
        with stream_to(server) as stream:
            outcome = stream.send(frames)
            with accept(server) as client:
                arrived = client.recv(10_000)
    assert Verdict.LATER is outcome.verdict
    assert len(arrived) // 7 // 2 < outcome.taken_lines < len(frames)


def test_a_receiver_that_ends_the_connection_at_once() -> None:
    with listener() as server:

        def reset() -> None:
            client = accept(server)
            client.recv(10)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()

        thread = threading.Thread(target=reset)
        thread.start()
        with stream_to(server) as stream:
            outcome = stream.send([b"x" * 1_000_000] * 20)
        thread.join()
    assert Verdict.LATER is outcome.verdict
    assert outcome.taken_lines < 20


def test_tls(tmp_path: Path) -> None:
    context = server_context(tmp_path)
    heard: list[bytes] = []

    def serve(server: socket.socket) -> None:
        for _ in range(2):
            try:
                with context.wrap_socket(accept(server), server_side=True) as client:
                    while data := client.recv(100):
                        heard.append(data)
                    client.unwrap()
            except OSError:
                heard.append(b"refused")

    with listener() as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        with stream_to(server, TlsFiles(str(tmp_path / "cert.pem"))) as stream:
            assert DELIVERED == stream.send([b"1 a"])
            until(lambda: heard)
            assert DELIVERED == stream.send([b"1 b"])
            until(lambda: len(heard) == 2)
        with stream_to(server, TlsFiles()) as stream:
            outcome = stream.send([b"1 secret"])
        thread.join()
    assert [b"1 a", b"1 b", b"refused"] == heard
    assert "certificate is not trusted" in outcome.text


def test_a_file_of_authorities_that_is_none(tmp_path: Path) -> None:
    outcome = Stream("127.0.0.1", 1, TlsFiles(str(tmp_path / "none.pem"))).send([b"1 a"])
    assert (Verdict.LATER, "ca_file none.pem: No such file or directory") == (outcome.verdict, outcome.text)


def test_who_speaks_no_tls_is_left() -> None:
    with listener() as server:

        def answer() -> None:
            with accept(server) as client:
                client.recv(1000)
                client.sendall(b"what? " * 10)

        thread = threading.Thread(target=answer)
        thread.start()
        with stream_to(server, TlsFiles()) as stream:
            outcome = stream.send([b"1 a"])
        thread.join()
    assert (Verdict.LATER, True) == (outcome.verdict, "TLS failed" in outcome.text)


def test_a_stream_on_this_machine(short_tmp: Path) -> None:
    path = str(short_tmp / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        server.settimeout(DEADLINE_SECONDS)
        stream = Stream("", 0, path=path)
        assert DELIVERED == stream.send([b"a\n"])
        with accept(server) as client:
            assert b"a\n" == client.recv(100)
        stream.close()
    assert "Connection refused" in Stream("", 0, path=path).send([b"a\n"]).text


def test_what_cannot_be_asked_counts_as_arrived_and_as_over() -> None:
    one, other = socket.socketpair()
    other.close()
    assert is_over(one)
    one.close()
    assert 0 == unacknowledged(one)


def test_an_endless_chatter_is_no_end() -> None:
    one, other = socket.socketpair()
    with one, other:
        other.sendall(b"x" * 100)
        assert not is_over(one)
