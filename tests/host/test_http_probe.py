"""HTTP questions to a real server."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from support.answers import server
from vigild.core.probe import Probe, Scheme
from vigild.engine.ports import ProbeRequest
from vigild.host.http_probe import MAX_BODY_BYTES, ask_http

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nall ok\n"


def request(port: int, *, tls: bool = False, **more: object) -> ProbeRequest:
    probe = Probe(Scheme.HTTP, "http://…", "/health?a=b", "localhost", port, tls)
    return ProbeRequest(probe, 5.0, **more)  # type: ignore[arg-type]


def ask(answer: bytes, **more: object) -> tuple[bool, str]:
    async def play() -> tuple[bool, str]:
        async with server(answer) as (port, _):
            return await ask_http(request(port, **more), "127.0.0.1")

    return asyncio.run(play())


def test_it_asks_as_a_client_does() -> None:
    async def play() -> None:
        async with server(OK) as (port, asked):
            assert await ask_http(request(port), "127.0.0.1") == (True, "HTTP 200")
            line, *headers = asked[0].decode().split("\r\n")
            assert line == "GET /health?a=b HTTP/1.1"
            assert f"Host: localhost:{port}" in headers
            assert "Connection: close" in headers

    asyncio.run(play())


@pytest.mark.parametrize(
    ("answer", "more", "outcome"),
    [
        (OK, {"expect_body": "^all ok"}, (True, "HTTP 200")),
        (OK, {"expect_body": "sick"}, (False, "HTTP 200, but nothing in the body matches 'sick'")),
        (b"HTTP/1.1 503 No\r\n\r\n", {}, (False, "HTTP 503")),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", {}, (True, "HTTP 302")),
        (b"HTTP/1.0 204 No\r\n\r\n", {"expect_status": ((200, 200),)}, (False, "HTTP 204")),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, {}, (True, "HTTP 200")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nal\r\n4\r\nl ok\r\n0\r\n\r\n",
            {"expect_body": "all ok"},
            (True, "HTTP 200"),
        ),
        (
            b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * MAX_BODY_BYTES + b"needle",
            {"expect_body": "needle"},
            (False, "HTTP 200, but nothing in the body matches 'needle'"),
        ),
    ],
)
def test_what_will_do(answer: bytes, more: dict[str, object], outcome: tuple[bool, str]) -> None:
    assert ask(answer, **more) == outcome


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"]
)
def test_what_is_no_answer_is_an_error(answer: bytes) -> None:
    import h11

    with pytest.raises((h11.RemoteProtocolError, OSError)):
        ask(answer, expect_body="x")


def test_a_certificate_that_nobody_signed_is_no_matter(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=x",
            "-days",
            "1",
            "-out",
            certificate,
            "-keyout",
            key,
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def play() -> None:
        async with server(OK, tls=context) as (port, _):
            assert await ask_http(request(port, tls=True), "127.0.0.1") == (True, "HTTP 200")

    asyncio.run(play())
