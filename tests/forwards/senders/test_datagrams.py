import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.ports import free_port
from support.until import DEADLINE_SECONDS, until
from vigild.core.forwarding import DELIVERED, Verdict
from vigild.forwards.senders import datagrams
from vigild.forwards.senders.datagrams import Datagrams

large: list[bytes] = []


def keep(_: socket.socket, message: bytes) -> None:
    large.append(message)


@contextmanager
def receiver(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(path))
        sock.settimeout(DEADLINE_SECONDS)
        yield sock


@contextmanager
def datagrams_to(address: str | tuple[str, int]) -> Iterator[Datagrams]:
    made = Datagrams(address, keep)
    yield made
    made.close()


def test_a_datagram_for_each_message(short_tmp: Path) -> None:
    with receiver(short_tmp / "s") as sock, datagrams_to(str(short_tmp / "s")) as way:
        assert DELIVERED == way.send([b"a", b"bc"])
        assert [b"a", b"bc"] == [sock.recv(100), sock.recv(100)]


def test_of_several_addresses_each_has_its_turn() -> None:
    """`localhost` is often IPv6 first, and the receiver knows IPv4 alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(DEADLINE_SECONDS)
        with datagrams_to(("localhost", sock.getsockname()[1])) as way:
            until(lambda: DELIVERED == way.send([b"a", b"b"]))
        assert b"a" == sock.recv(100)


def test_nobody_listens(short_tmp: Path) -> None:
    with datagrams_to(str(short_tmp / "s")) as way:
        outcome = way.send([b"a"])
    assert (Verdict.LATER, 0, f"{short_tmp}/s: No such file or directory") == (
        outcome.verdict,
        outcome.taken_lines,
        outcome.text,
    )


def test_with_udp_the_message_before_the_error_comes_again() -> None:
    with datagrams_to(("127.0.0.1", free_port())) as way:
        outcome = way.send([b"a", b"b", b"c"])
    assert Verdict.LATER is outcome.verdict
    assert 0 == outcome.taken_lines
    assert "Connection refused" in outcome.text


def test_a_receiver_that_was_started_anew_is_found_again(short_tmp: Path) -> None:
    path = short_tmp / "s"
    with datagrams_to(str(path)) as way:
        with receiver(path):
            assert DELIVERED == way.send([b"a"])
        path.unlink()
        with receiver(path) as sock:
            assert DELIVERED == way.send([b"b", b"c"])
            assert [b"b", b"c"] == [sock.recv(10), sock.recv(10)]


def test_a_full_socket_is_waited_for_and_then_left(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "STALL_SECONDS", 0.2)
    with receiver(short_tmp / "s") as sock, datagrams_to(str(short_tmp / "s")) as way:
        messages = [b"%d" % number for number in range(10_000)]
        outcome = way.send(messages)
        assert (Verdict.LATER, True) == (outcome.verdict, "takes nothing in" in outcome.text)
        assert 0 < outcome.taken_lines < len(messages)
        sock.setblocking(False)
        arrived = []
        while True:
            try:
                arrived.append(sock.recv(100))
            except BlockingIOError:
                break
    assert messages[: outcome.taken_lines] == arrived  # no more, no less


def test_what_is_too_long_goes_its_own_way(short_tmp: Path) -> None:
    large.clear()
    with receiver(short_tmp / "s") as sock, datagrams_to(str(short_tmp / "s")) as way:
        size = way.connected().getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) + 1
        assert DELIVERED == way.send([b"a", b"x" * size, b"b"])
        assert [b"a", b"b"] == [sock.recv(100), sock.recv(100)]
    assert [size] == [len(message) for message in large]


def test_a_socket_of_another_kind_is_told(short_tmp: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(short_tmp / "s"))
        server.listen()
        with datagrams_to(str(short_tmp / "s")) as way, pytest.raises(OSError) as caught:
            way.connected()
    assert errno.EPROTOTYPE == caught.value.errno
    assert os.strerror(errno.EPROTOTYPE) in str(caught.value)
