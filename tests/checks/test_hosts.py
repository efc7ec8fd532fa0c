import asyncio
import socket
import threading
from pathlib import Path

import pytest

from support.answers import server
from vigild.checks.hosts import HostCheck, unescaped
from vigild.checks.reading import Reading

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nall ok\n"


def ask(answer: bytes | None, **settings: object) -> tuple[Reading, list[bytes]]:
    async def play() -> tuple[Reading, list[bytes]]:
        async with server(answer) as (port, asked):
            usual = {"scheme": "http", "host": "localhost", "port": port, "target": "/x?y"}
            return await HostCheck({**usual, **settings}, 5.0).read(), asked

    return asyncio.run(play())


def test_an_answer_that_will_do() -> None:
    reading, asked = ask(OK, expect_body="^all", headers={"host": "example.org", "X-A": "b"}, method="POST")
    assert reading.error == ""
    assert reading.values["status"] == 200
    assert reading.values["body"] == "all ok"
    assert reading.values["address"] == "127.0.0.1"
    assert 0 < reading.values["response_time"] < 5  # type: ignore[operator]
    line, *headers = asked[0].decode().split("\r\n")
    assert line == "POST /x?y HTTP/1.1"
    assert "host: example.org" in [header.lower() for header in headers]
    assert "X-A: b" in headers


@pytest.mark.parametrize(
    ("answer", "settings", "error"),
    [
        (OK, {"expect_body": "sick"}, "nothing in the body matches 'sick'"),
        (OK, {"expect_status": [[201, 299]]}, "HTTP status 200"),
        (b"HTTP/1.1 503 No\r\n\r\n", {}, "HTTP status 503"),
        (b"HTTP/1.1 302 Found\r\n\r\n", {}, ""),
        (b"HTTP/1.1 100 C\r\n\r\n" + OK, {"expect_body": "ok"}, ""),
        (
            b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 70_000 + b"needle",
            {"expect_body": "needle"},
            "nothing in the body matches 'needle'",
        ),
    ],
)
def test_answers_are_judged(answer: bytes, settings: dict[str, object], error: str) -> None:
    assert error == ask(answer, **settings)[0].error


def test_a_wrong_status_is_told_with_its_values() -> None:
    assert ask(b"HTTP/1.1 500 No\r\n\r\n")[0].values["status"] == 500


def test_nobody_listens() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        check = HostCheck({"scheme": "tcp", "host": "127.0.0.1", "port": held.getsockname()[1]}, 5.0)
        with pytest.raises(ConnectionRefusedError):
            asyncio.run(check.read())


def test_a_server_that_is_silent_is_not_waited_for_longer_than_it_has() -> None:
    async def play() -> None:
        async with server(None) as (port, _):
            check = HostCheck({"scheme": "http", "host": "127.0.0.1", "port": port, "target": "/"}, 0.2)
            with pytest.raises(TimeoutError, match=r"no answer from 127\.0\.0\.1 within 1 s"):
                await check.read()

    asyncio.run(play())


def test_a_conversation() -> None:
    async def play() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"+PONG\r\n" if await reader.readline() == b"PING\r\n" else b"-ERR\r\n")
            writer.close()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            usual = {"scheme": "tcp", "host": "127.0.0.1", "port": port, "expect": r"^\+PONG"}
            assert (await HostCheck({**usual, "send": r"PING\r\n"}, 5.0).read()).error == ""
            reading = await HostCheck({**usual, "send": r"PONG\r\n"}, 5.0).read()
            assert reading.error == r"the answer does not match '^\\+PONG': -ERR"

    asyncio.run(play())


def test_a_unix_socket(short_tmp: Path) -> None:
    async def play() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        listening = await asyncio.start_unix_server(serve, short_tmp / "s")
        async with listening:
            check = HostCheck({"scheme": "unix", "target": str(short_tmp / "s")}, 5.0)
            assert (await check.read()).error == ""
            for _ in range(5):
                await asyncio.sleep(0)
        with pytest.raises(OSError):
            await HostCheck({"scheme": "unix", "target": str(short_tmp / "no")}, 5.0).read()

    asyncio.run(play())


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(socket.gaierror):
        asyncio.run(HostCheck({"scheme": "tcp", "host": "nosuch.invalid", "port": 1}, 5.0).read())


def test_escapes() -> None:
    assert unescaped(r"a\r\n\t\\\0\x41\q") == b"a\r\n\t\\\0A\\q"


def udp(port: int, **settings: object) -> Reading:
    usual = {"scheme": "udp", "host": "localhost", "port": port, "send": r"ping\n", "expect": "pong"}
    return asyncio.run(HostCheck({**usual, **settings}, 30.0).read())


def test_udp_is_asked_and_answers() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))

        def serve() -> None:
            said, whom = held.recvfrom(100)
            held.sendto(b"pong" if said == b"ping\n" else b"no", whom)

        answering = threading.Thread(target=serve)
        answering.start()
        reading = udp(held.getsockname()[1])
        answering.join()
    assert (reading.error, reading.values["address"]) == ("", "127.0.0.1")
    assert 0 < reading.values["response_time"] < 30  # type: ignore[operator]


def test_udp_that_is_silent_has_no_response_time_and_one_that_is_refused_fails() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        assert udp(port, expect="").values == {"address": "127.0.0.1"}
    with pytest.raises(ConnectionRefusedError):
        udp(port)
