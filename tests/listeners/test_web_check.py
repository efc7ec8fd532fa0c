"""One GET against servers that behave and servers that do not."""

import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.tls import server_context
from support.until import DEADLINE_SECONDS
from vigild.listeners import web_check
from vigild.listeners.web_check import Answer, Target, get, parse_url, patient_get


@contextmanager
def serving(
    *pieces: bytes,
    pieces_later: Iterable[bytes] = (),
    asked: list[bytes] | None = None,
    hold: threading.Event | None = None,
    context: ssl.SSLContext | None = None,
) -> Iterator[Target]:
    """Answers one connection with these bytes, then closes it (after `hold`, if there is one)."""
    scheme = "http" if context is None else "https"
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            if context is not None:
                try:
                    connection = context.wrap_socket(connection, server_side=True)
                except OSError:
                    connection.close()
                    return
            with connection:
                request = connection.recv(65536)
                if asked is not None:
                    asked.append(request)
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                    for piece in pieces_later:
                        connection.sendall(piece)
                except OSError:
                    return
                if hold is not None:
                    hold.wait(DEADLINE_SECONDS)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield parse_url(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/a/b?c=d#e")
        finally:
            if hold is not None:
                hold.set()
            thread.join()


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://host", Target(False, "host", 80, "host", "/")),
        ("HTTPS://host/x", Target(True, "host", 443, "host", "/x")),
        ("http://[::1]:8080?q", Target(False, "::1", 8080, "[::1]:8080", "/?q")),
        ("http://[::1]/", Target(False, "::1", 80, "[::1]", "/")),
    ],
)
def test_urls(url: str, target: Target) -> None:
    assert target == parse_url(url)


@pytest.mark.parametrize("url", ["host:80", "ftp://host/", "http://", "http://:80/", "http://host:port/"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError):
        parse_url(url)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hel", b"lo"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\nContent-Length: 5\n\nhello",),
    ],
)
def test_bodies(pieces: tuple[bytes, ...]) -> None:
    with serving(*pieces) as target:
        assert Answer(200, "OK", b"hello") == get(target, 20)


def test_the_request_and_an_answer_without_a_reason() -> None:
    asked: list[bytes] = []
    with serving(b"HTTP/1.1 204\r\n\r\n", asked=asked) as target:
        assert Answer(204) == get(target, 20)
    line, host, *rest = asked[0].decode().split("\r\n")
    assert ("GET /a/b?c=d HTTP/1.1", f"Host: 127.0.0.1:{target.port}") == (line, host)
    assert "User-Agent: httpok" in rest


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "Remote end closed connection without response"),
        (b"SSH-2.0-x\r\n", "SSH-2.0-x"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
            "IncompleteRead(5 bytes read, 4 more expected)",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "a chunk whose size is no number"),
    ],
)
def test_answers_that_are_none(answer: bytes, words: str) -> None:
    with serving(answer) as target:
        found = get(target, 20)
    assert found.status is None
    assert words in found.error


def test_the_deadline_counts_for_the_whole_answer() -> None:
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", hold=threading.Event()) as target:
        assert Answer(error="timed out") == get(target, 0.3)


def test_an_answer_that_drips_does_not_hold_it_up() -> None:
    stop = threading.Event()

    def drips() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
        for _ in range(500):
            if stop.wait(0.02):
                return
            yield b"x"

    with serving(pieces_later=drips()) as target:
        try:
            assert Answer(error="timed out") == get(target, 0.3)
        finally:
            stop.set()


def test_a_flood_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_check, "MAX_BODY_BYTES", 10)
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + b"x" * 99) as target:
        assert 10 == len(get(target, 20).body)


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        answer = get(parse_url(f"http://127.0.0.1:{probe.getsockname()[1]}/"), 20)
    assert (True, "[Errno 111] Connection refused") == (answer.refused, answer.error)


@pytest.mark.parametrize(("timeout", "tries"), [(10, 1), (11, 2), (30, 3), (0, 1)])
def test_while_nobody_listens_it_asks_again_as_often_as_fits(timeout: int, tries: int) -> None:
    asked: list[float] = []
    slept: list[float] = []

    def ask(seconds: float) -> Answer:
        asked.append(seconds)
        return Answer(error="no", refused=True)

    patient_get(ask, timeout, 10, slept.append)
    assert (tries, tries - 1) == (len(asked), len(slept))
    assert Answer(200) == patient_get(lambda _: Answer(200), timeout, 10, slept.append)
    assert tries - 1 == len(slept)


@pytest.mark.slow
def test_https_with_and_without_a_look_at_the_certificate(short_tmp: Path) -> None:
    context = server_context(short_tmp)
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", context=context) as target:
        assert Answer(200, "OK", b"hello") == get(target, 20)
    with serving(b"HTTP/1.1 200 OK\r\n\r\n", context=context) as target:
        assert "CERTIFICATE_VERIFY_FAILED" in get(target, 20, verify=True).error
