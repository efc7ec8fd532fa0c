import socket
import ssl
import threading

import pytest

from vigild.host.peers import cut_socket, has_news, has_nothing_yet, words_of


def test_what_has_come_is_news_and_so_is_an_end() -> None:
    one, other = socket.socketpair()
    assert not has_news(one)
    other.sendall(b"x")
    assert has_news(one)
    one.recv(1)
    assert not has_news(one)
    other.close()
    assert has_news(one)
    one.close()
    assert has_news(one)


def test_who_waits_for_the_other_end_is_woken() -> None:
    one, other = socket.socketpair()
    with one, other:
        threading.Timer(0.05, cut_socket, (one,)).start()
        assert b"" == one.recv(1)
    cut_socket(one)
    cut_socket(None)


def test_nothing_yet() -> None:
    assert has_nothing_yet(BlockingIOError())
    assert has_nothing_yet(ssl.SSLWantReadError())
    assert not has_nothing_yet(ConnectionResetError())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (OSError("just so"), "just so"),
        (ValueError("SECRET"), "it does not speak HTTP as it should (ValueError)"),
    ],
)
def test_words(error: Exception, expected: str) -> None:
    assert expected == words_of(error)
