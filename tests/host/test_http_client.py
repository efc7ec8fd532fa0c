import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.receivers import HttpReceiver, Reply
from support.tls import server_context
from support.until import DEADLINE_SECONDS
from vigild.host.http_client import MAX_ANSWER_BYTES, Answer, HttpClient, Request, exchange
from vigild.host.peers import RequestError

SECONDS = DEADLINE_SECONDS


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_what_is_sent_arrives() -> None:
    with HttpReceiver(Reply(201, {"X-Y": "z"}, "done")) as receiver:
        answer = exchange(Request(f"{receiver.base}/a b/钉?x=é&y=%20", b"body", {"A": "b"}, "PUT"), SECONDS)
    assert (201, "z", "done") == (answer.status, answer.headers["x-y"], answer.text)
    arrived = receiver.requests[0]
    assert ("PUT", "/a%20b/%E9%92%89?x=%C3%A9&y=%20") == (arrived.method, arrived.target)
    assert (b"body", "b") == (arrived.body, arrived.headers["a"])


def test_a_receiver_that_never_answers_is_left() -> None:
    with HttpReceiver(Reply(silent=True)) as receiver:
        begin = time.monotonic()
        with pytest.raises(RequestError, match=r"127.0.0.1 did not answer within 0 s"):
            exchange(Request(receiver.base), 0.2)
        assert time.monotonic() - begin < SECONDS / 2


def test_a_receiver_that_answers_endlessly_is_left_too() -> None:
    with HttpReceiver(Reply(endless=True)) as receiver, pytest.raises(RequestError, match="did not answer"):
        exchange(Request(receiver.base), 0.3)


def test_of_a_long_answer_the_beginning_is_read() -> None:
    with HttpReceiver(Reply(body=b"x" * (MAX_ANSWER_BYTES + 9))) as receiver:
        assert MAX_ANSWER_BYTES == len(exchange(Request(receiver.base), SECONDS).body)


def test_a_redirect_is_not_followed() -> None:
    with HttpReceiver() as other, HttpReceiver(Reply(302, {"Location": other.base})) as receiver:
        answer = exchange(Request(receiver.base, b"secret"), SECONDS)
    assert 302 == answer.status
    assert [] == other.requests


def test_who_does_not_listen_is_named() -> None:
    with HttpReceiver() as receiver:
        base = receiver.base
    with pytest.raises(RequestError, match=r"127.0.0.1: Connection refused"):
        exchange(Request(f"{base}/SECRETPATH"), SECONDS)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with HttpReceiver(context=server_context(tmp_path)) as receiver:
        with pytest.raises(RequestError, match="certificate is not trusted"):
            exchange(Request(receiver.base), SECONDS)
        trusted = Request(receiver.base, ca_file=str(tmp_path / "cert.pem"))
        assert 200 == exchange(trusted, SECONDS).status
    assert 1 == len(receiver.requests)


def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path) -> None:
    with (
        HttpReceiver(context=server_context(tmp_path, "DNS:other.example")) as receiver,
        pytest.raises(RequestError, match="certificate is not trusted"),
    ):
        exchange(Request(receiver.base, ca_file=str(tmp_path / "cert.pem")), SECONDS)
    assert [] == receiver.requests


def test_a_file_of_authorities_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"ca_file none.pem: No such file"):
        exchange(Request("https://127.0.0.1:1", ca_file=str(tmp_path / "none.pem")), SECONDS)
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(RequestError, match=r"ca_file bad.pem: "):
        exchange(Request("https://127.0.0.1:1", ca_file=str(tmp_path / "bad.pem")), SECONDS)


def test_plain_http_where_tls_is_expected() -> None:
    with HttpReceiver() as receiver, pytest.raises(RequestError, match="TLS failed"):
        exchange(Request(receiver.base.replace("http:", "https:")), SECONDS)


def test_the_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpReceiver() as proxy:
        monkeypatch.setenv("http_proxy", proxy.base.replace("://", "://me:p%40ss@"))
        exchange(Request("http://receiver.example/x?y=1", b"b"), SECONDS)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with HttpReceiver() as receiver:
            exchange(Request(receiver.base), SECONDS)
    assert ["http://receiver.example:80/x?y=1"] == [request.target for request in proxy.requests]
    assert "Basic bWU6cEBzcw==" == proxy.requests[0].headers["proxy-authorization"]
    assert "proxy-authorization" not in receiver.requests[0].headers
    assert 1 == len(receiver.requests)


@contextmanager
def tunnel() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that knows CONNECT alone, for one connection; its address and the heads of requests."""
    heads: list[bytes] = []

    def pipe(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            heads.append(head)
            host, _, port = head.split()[1].decode().partition(":")
            with socket.create_connection((host, int(port)), SECONDS) as server:
                client.sendall(b"HTTP/1.1 200 go on\r\n\r\n")
                back = threading.Thread(target=pipe, args=(server, client))
                back.start()
                pipe(client, server)
                back.join(SECONDS)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", heads
        thread.join(SECONDS)


def test_https_goes_through_a_proxy_that_cannot_look_into_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with HttpReceiver(context=server_context(tmp_path)) as receiver, tunnel() as (address, heads):
        monkeypatch.setenv("https_proxy", f"http://me:p%40ss@{address}")
        request = Request(f"{receiver.base}/SECRET", b"b", {"X": "y"}, ca_file=str(tmp_path / "cert.pem"))
        assert 200 == exchange(request, SECONDS).status
    assert "/SECRET" == receiver.requests[0].target
    assert heads[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==" in heads[0]
    assert b"SECRET" not in heads[0]
    assert "proxy-authorization" not in receiver.requests[0].headers


def test_a_proxy_that_makes_no_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpReceiver(Reply(403)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.base)
        with pytest.raises(RequestError, match=r"receiver.example: Tunnel connection failed: 501"):
            exchange(Request("https://receiver.example/SECRET"), SECONDS)
    assert [] == proxy.requests  # the receiver that plays the proxy does not know CONNECT


def test_other_proxies_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://user:PASSWORD@h:1")
    with pytest.raises(RequestError, match="https_proxy") as caught:
        exchange(Request("https://receiver.example/"), SECONDS)
    assert "PASSWORD" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("30", 30, 30),
        ("9999999", 86400, 86400),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2065 07:28:00 GMT", 86400, 86400),
        ("soon", 0, 0),
        ("", 0, 0),
    ],
)
def test_how_long_we_were_asked_to_wait(text: str, least: float, most: float) -> None:
    assert least <= Answer(429, {"retry-after": text}, b"").retry_after_seconds <= most


def test_feishu_says_when_its_limit_ends_in_a_header_of_its_own() -> None:
    assert 52 == Answer(429, {"x-ogw-ratelimit-reset": "52"}, b"").retry_after_seconds


def test_no_request_shows_where_it_goes() -> None:
    shown = repr(Request("https://h/SECRET", b"BODY", {"A": "KEY"}))
    assert not any(secret in shown for secret in ("SECRET", "BODY", "KEY"))


def test_what_is_verified_cannot_be_switched_off(tmp_path: Path) -> None:
    from vigild.host.http_client import tls_context

    context = tls_context("")
    assert (True, ssl.CERT_REQUIRED) == (context.check_hostname, context.verify_mode)


def test_a_connection_is_kept_from_one_request_to_the_next() -> None:
    with HttpReceiver(Reply(200, {}, "ok"), keeps=True) as receiver:
        client = HttpClient()
        assert ["ok", "ok"] == [client.exchange(Request(receiver.base, b"x"), SECONDS).text for _ in range(2)]
        assert 1 == receiver.connections
        client.close()
        assert "ok" == client.exchange(Request(receiver.base, b"x"), SECONDS).text
        assert 2 == receiver.connections
        client.close()


def test_a_kept_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    with HttpReceiver(Reply(200, {}, "ok"), keeps=True) as receiver:
        client = HttpClient()
        client.exchange(Request(receiver.base, b"x"), SECONDS)
        receiver.cut()
        assert "ok" == client.exchange(Request(receiver.base, b"y"), SECONDS).text
        assert [b"x", b"y"] == [request.body for request in receiver.requests]
        client.close()


def test_a_connection_that_ends_instead_of_an_answer_is_tried_once_more() -> None:
    """The other end closed it while our request was on its way."""
    requests = []

    def request_of(client: socket.socket) -> None:
        data = b""
        while not data.endswith(b"\r\n\r\nx"):
            data += client.recv(65536)
        requests.append(data)

    def serve(server: socket.socket) -> None:
        client, _ = server.accept()
        with client:
            request_of(client)
            client.sendall(b"HTTP/1.1 204 ok\r\n\r\n")
            request_of(client)
        client, _ = server.accept()
        with client:
            request_of(client)
            client.sendall(b"HTTP/1.1 204 ok\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SECONDS)
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        client = HttpClient()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert [204, 204] == [client.exchange(Request(url, b"x"), SECONDS).status for _ in range(2)]
        client.close()
        thread.join(SECONDS)
    assert 3 == len(requests)


def test_what_is_left_of_a_long_answer_is_not_taken_for_the_next_one() -> None:
    with HttpReceiver(Reply(200, {}, b"x" * (MAX_ANSWER_BYTES + 9)), keeps=True) as receiver:
        client = HttpClient()
        for _ in range(2):
            assert MAX_ANSWER_BYTES == len(client.exchange(Request(receiver.base, b"x"), SECONDS).body)
        assert 2 == receiver.connections
        client.close()


def test_a_certificate_of_our_own(tmp_path: Path) -> None:
    context = server_context(tmp_path)
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    context.load_verify_locations(cert)
    context.verify_mode = ssl.CERT_REQUIRED
    with HttpReceiver(context=context) as receiver:
        with pytest.raises(RequestError):
            exchange(Request(receiver.base, ca_file=cert), SECONDS)
        known = Request(receiver.base, ca_file=cert, cert_file=cert, key_file=key)
        assert 200 == exchange(known, SECONDS).status
    for cert_file, words in (("none.pem", "No such file"), ("cert.pem", "of no use")):
        request = Request(
            "https://127.0.0.1:1",
            cert_file=str(tmp_path / cert_file),
            key_file=cert if "cert" in cert_file else "",
        )
        with pytest.raises(RequestError, match=f"certificate {cert_file}: .*{words}"):
            exchange(request, SECONDS)
