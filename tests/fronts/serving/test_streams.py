"""Answers that come in pieces, and handlers that fail."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.http_site import GET, site
from vigild.fronts.serving import Limits, Request, Response

SHORT = 0.05  # seconds; for limits that are to be reached


def test_a_handler_that_raises_is_a_500_and_a_log_line(short_tmp: Path) -> None:
    async def handler(request: Request) -> Response:
        if request.path == "/fail":
            raise RuntimeError("the defect")
        return Response()

    async def run() -> None:
        async with site(short_tmp, handler) as there, there.client() as client:
            answer = await client.ask(GET.replace(b"/ ", b"/fail "))
            assert (answer.status, b"defect" in answer.body) == (500, False)
            assert (await client.ask(GET)).status == 200
            assert [True] == ["the defect" in text for level, text in there.log if level == "error"]
            assert there.server.counters.handler_errors == 1

    asyncio.run(run())


async def _count(closed: list[str], pieces: int = 3) -> AsyncIterator[bytes]:
    try:
        for n in range(pieces):
            yield b"%d" % n
    finally:
        closed.append("closed")


def test_a_stream(short_tmp: Path) -> None:
    closed: list[str] = []

    async def handler(request: Request) -> Response:
        return Response(body=_count(closed))

    async def run() -> None:
        async with site(short_tmp, handler) as there:
            async with there.client() as client:
                await client.send(GET * 2)
                for _ in range(2):
                    answer = await client.head()
                    assert answer.headers["transfer-encoding"] == "chunked"
                    assert [await client.chunk() for _ in range(4)] == [b"0", b"1", b"2", b""]
                await client.send(GET.replace(b"GET", b"HEAD"))
                assert (await client.head()).status == 200
                assert (await client.ask(GET)).body == b"012"
            async with there.client() as client:
                answer = await client.ask(b"GET / HTTP/1.0\r\n\r\n")
                assert (answer.headers.get("transfer-encoding"), answer.body) == (None, b"012")

    asyncio.run(run())
    assert closed == ["closed"] * len(closed)
    assert len(closed) >= 4  # a HEAD's stream is never begun


def endless(started: asyncio.Event, closed: asyncio.Event) -> AsyncIterator[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            started.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    return pieces()


def test_the_first_piece_of_a_stream_comes_at_once_and_its_end_with_the_client(short_tmp: Path) -> None:
    async def run() -> None:
        started, closed = asyncio.Event(), asyncio.Event()

        async def handler(request: Request) -> Response:
            return Response(body=endless(started, closed))

        async with site(short_tmp, handler) as there:
            async with there.client() as client:
                await client.send(GET)
                assert (await client.head()).status == 200
                assert await client.chunk() == b"first"
                await started.wait()
            await closed.wait()
            await there.until_connections(0)

    asyncio.run(run())


def test_a_stream_ends_when_its_reader_closes_only_his_half(short_tmp: Path) -> None:
    async def run() -> None:
        started, closed = asyncio.Event(), asyncio.Event()

        async def handler(request: Request) -> Response:
            return Response(body=endless(started, closed))

        async with site(short_tmp, handler) as there, there.client() as client:
            await client.send(GET)
            await started.wait()
            client.writer.write_eof()
            assert (await client.answer()).body == b"first"
            await closed.wait()

    asyncio.run(run())


def test_a_stream_to_a_stalled_reader_waits_and_is_cut(short_tmp: Path) -> None:
    made = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal made
        while True:
            made += 1
            yield b"x" * 64_000

    async def handler(request: Request) -> Response:
        return Response(body=pieces())

    async def run() -> None:
        async with (
            site(short_tmp, handler, limits=Limits(stall_seconds=SHORT)) as there,
            there.client() as client,
        ):
            client.pause()
            await client.send(GET)
            await there.until("stalled_readers")
            assert made < 50

    asyncio.run(run())


def test_a_stream_that_fails_does_not_look_complete(short_tmp: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"some"
        raise RuntimeError("the defect")

    async def handler(request: Request) -> Response:
        return Response(body=pieces())

    async def run() -> None:
        async with site(short_tmp, handler) as there, there.client() as client:
            await client.send(GET)
            await there.until("handler_errors")
            assert not (await client.rest()).endswith(b"0\r\n\r\n")
            assert any("the defect" in text for _, text in there.log)

    asyncio.run(run())


class _Pieces:
    """A stream that is no generator: nobody but the server closes it."""

    closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        raise AssertionError("nobody is there to read it")

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("is_reset", [False, True])
def test_a_client_that_went_before_the_answer_leaves_nothing(short_tmp: Path, is_reset: bool) -> None:
    async def run() -> None:
        gate, asked, pieces = asyncio.Event(), asyncio.Event(), _Pieces()

        async def handler(request: Request) -> Response:
            if request.path == "/first":
                return Response()
            asked.set()
            await gate.wait()
            return Response(body=pieces)

        async with site(short_tmp, handler) as there:
            async with there.client() as client:
                if is_reset:  # who closes with something unread resets the connection
                    client.pause()
                    await client.send(GET.replace(b"/ ", b"/first "))
                await client.send(GET)
                await asked.wait()
            for _ in range(20):
                await asyncio.sleep(0)  # the loop sees the client go
            assert there.server.connections == 1  # its answer is still in the making
            gate.set()
            await there.until_connections(0)
        assert pieces.closed

    asyncio.run(run())
