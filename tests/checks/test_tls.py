"""Certificates of a real server: trusted, not trusted, and about to expire."""

import asyncio
import ssl
from pathlib import Path

import pytest

from support.answers import server
from support.tls import server_context
from vigild.checks.hosts import HostCheck
from vigild.checks.reading import Reading

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    return server_context(tmp_path)


def ask(context: ssl.SSLContext, answer: bytes = OK, host: str = "127.0.0.1", **settings: object) -> Reading:
    async def play() -> Reading:
        async with server(answer, tls=context) as (port, _):
            usual = {"scheme": "http", "host": host, "port": port, "target": "/", "tls": True}
            return await HostCheck({**usual, **settings}, 10.0).read()

    return asyncio.run(play())


def test_a_certificate_that_nobody_signed_fails_and_its_end_is_known(context: ssl.SSLContext) -> None:
    reading = ask(context)
    assert reading.error == "the certificate cannot be verified: self-signed certificate"
    assert reading.values["certificate_valid"] is False
    assert 1.9 < reading.values["certificate_days"] <= 2.0  # type: ignore[operator]


def test_without_verification_the_answer_counts(context: ssl.SSLContext) -> None:
    reading = ask(context, tls_verify=False)
    assert (reading.error, reading.values["status"]) == ("", 200)
    assert "certificate_valid" not in reading.values
    assert 1.9 < reading.values["certificate_days"] <= 2.0  # type: ignore[operator]


def test_a_certificate_that_is_trusted(context: ssl.SSLContext, tmp_path: Path) -> None:
    reading = ask(context, tls_ca=str(tmp_path / "cert.pem"), host="localhost")
    assert (
        "certificate cannot be verified" in reading.error
    )  # it is for 127.0.0.1, and that by its common name only


def test_a_wrong_answer_comes_with_what_is_known_of_the_certificate(context: ssl.SSLContext) -> None:
    reading = ask(context, b"HTTP/1.1 500 No\r\n\r\n", tls_verify=False)
    assert reading.error == "HTTP status 500"
    assert reading.values["certificate_days"]


def test_who_speaks_no_tls_is_an_error() -> None:
    async def play() -> None:
        async with server(OK) as (port, _):
            settings = {"scheme": "tcp", "host": "127.0.0.1", "port": port, "tls": True}
            with pytest.raises(OSError):
                await HostCheck(settings, 5.0).read()

    asyncio.run(play())
