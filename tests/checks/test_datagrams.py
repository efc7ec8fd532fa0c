"""UDP, with real sockets on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from vigild.checks.datagrams import ask

SECONDS = 30.0  # no test waits that long


class Server(asyncio.DatagramProtocol):
    """Answers each datagram by the next of `answers` (b"": not at all), the last for ever."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append(data)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer:
            self.transport.sendto(answer, addr)


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[tuple[Server, int]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: Server(*answers), ("127.0.0.1", 0))
    try:
        yield server, transport.get_extra_info("sockname")[1]
    finally:
        transport.abort()


def test_an_answer_that_will_do() -> None:
    async def play() -> None:
        async with serving(b"pong 1\n") as (server, port):
            took = await ask("127.0.0.1", port, b"ping\n", "^pong [0-9]", SECONDS)
            assert took is not None
            assert 0 < took < SECONDS
            assert server.heard[0] == b"ping\n"

    asyncio.run(play())


def test_any_answer_is_one_where_none_is_expected() -> None:
    async def play() -> None:
        async with serving(b"what?") as (_, port):
            assert await ask("127.0.0.1", port, b"", "", SECONDS) is not None

    asyncio.run(play())


def test_where_nothing_listens_it_is_refused() -> None:
    async def play(expected: str) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            port = gone.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await ask("127.0.0.1", port, b"x", expected, SECONDS)

    asyncio.run(play(""))
    asyncio.run(play("pong"))


def test_silence_is_no_failure_where_no_answer_is_expected() -> None:
    async def play() -> None:
        async with serving(b"") as (server, port):
            assert await ask("127.0.0.1", port, b"log this", "", 0.09) is None
            assert server.heard[0] == b"log this"

    asyncio.run(play())


def test_silence_and_wrong_answers_are_failures_where_one_is() -> None:
    async def play() -> None:
        async with serving(b"") as (_, port):
            with pytest.raises(TimeoutError, match=r"no answer from 127\.0\.0\.1 within 0\.09 s"):
                await ask("127.0.0.1", port, b"x", "pong", 0.09)
        async with serving(b"sick") as (_, port):
            with pytest.raises(TimeoutError, match=r"no answer from 127\.0\.0\.1 matches 'pong': sick"):
                await ask("127.0.0.1", port, b"x", "pong", 1.5)

    asyncio.run(play())


def test_a_datagram_that_is_lost_is_sent_again() -> None:
    async def play() -> None:
        async with serving(b"", b"pong") as (server, port):
            assert await ask("127.0.0.1", port, b"x", "pong", 3.0) is not None
            assert server.heard[:2] == [b"x", b"x"]

    asyncio.run(play())
