"""HTTP as clients speak it, well and badly, quickly and slowly."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.http_site import GET, echo, site
from vigild.fronts.serving import Limits, Request, Response, text_response
from vigild.fronts.serving.guard import DEFAULT_HEADERS

SHORT = 0.05  # seconds; for limits that are to be reached
BRIEF_LINGER = Limits(linger_seconds=SHORT)


def post(body: bytes, *, path: bytes = b"/p", headers: bytes = b"") -> bytes:
    return b"POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s" % (path, headers, len(body), body)


# ---- requests that are well ----


def test_a_golden_response(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            await client.send(GET)
            head = await client.reader.readuntil(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            assert lines[:2] == ["HTTP/1.1 200 OK", "Server: Vigil"]
            assert lines[2].startswith("Date: ")
            assert lines[2].endswith(" GMT")
            assert lines[3] == "Content-Type: text/plain; charset=utf-8"
            assert lines[4:-3] == [f"{name}: {value}" for name, value in DEFAULT_HEADERS]
            assert lines[-3:] == ["Content-Length: 8", "", ""]

    asyncio.run(run())


def test_the_request_as_the_handler_sees_it(short_tmp: Path) -> None:
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return Response()

    async def run() -> None:
        async with site(short_tmp, handler) as there, there.client() as client:
            answer = await client.ask(post(b"abc", path=b"/a%20b%C3%A9%zz?q=1?", headers=b"X-Odd: \xe9\r\n"))
            assert (answer.status, answer.body) == (200, b"")

    asyncio.run(run())
    (request,) = seen
    assert (request.method, request.target, request.path) == ("POST", "/a%20b%C3%A9%zz?q=1?", "/a bé%zz")
    assert (request.query, request.body, request.caller.via, request.peer) == (
        "q=1?",
        b"abc",
        "peer",
        f"unix:uid={os.getuid()}",
    )
    assert request.header("x-odd") == "é"
    assert request.header("nope") is None


def test_a_connection_is_used_again(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            for body in (b"1", b"2", b"3"):
                assert (await client.ask(post(body))).body.endswith(body + b"\n")
            assert (there.server.counters.connections, there.server.counters.requests) == (1, 3)

    asyncio.run(run())


def test_pipelined_requests_are_answered_one_after_the_other(short_tmp: Path) -> None:
    at_once = 0

    async def handler(request: Request) -> Response:
        nonlocal at_once
        at_once += 1
        assert at_once == 1
        await asyncio.sleep(0)
        at_once -= 1
        return text_response(200, request.body.decode())

    async def run() -> None:
        async with site(short_tmp, handler) as there, there.client() as client:
            await client.send(b"".join(post(b"%d" % n) for n in range(50)))
            assert [b"%d\n" % n for n in range(50)] == [(await client.answer()).body for _ in range(50)]

    asyncio.run(run())


def test_a_client_that_never_stops_sending_meets_back_pressure(short_tmp: Path) -> None:
    gate = asyncio.Event()

    async def handler(request: Request) -> Response:
        await gate.wait()
        return Response()

    async def run() -> None:
        async with (
            site(short_tmp, handler, limits=Limits(pipelined_bytes=4096)) as there,
            there.client() as client,
        ):
            client.writer.transport.set_write_buffer_limits(0)
            client.writer.write(post(b"x" * 1000) * 5000)
            await there.until("requests")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SHORT):
                    await client.writer.drain()
            gate.set()
            for _ in range(5000):
                assert (await client.answer()).status == 200

    asyncio.run(run())


def test_a_body_in_chunks_and_in_dribs(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            await client.send(b"2\r\nde\r\n0\r\n\r\n")
            assert (await client.answer()).body.endswith(b"abcde\n")
            for byte in post(b"slow"):
                await client.send(bytes([byte]))
                await asyncio.sleep(0)
            assert (await client.answer()).body.endswith(b"slow\n")

    asyncio.run(run())


def test_head_has_the_length_and_no_body(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            await client.send(GET.replace(b"GET", b"HEAD"))
            answer = await client.answer(has_body=False)
            assert (answer.status, answer.headers["content-length"]) == (200, "9")
            assert (await client.ask(GET)).body == b"GET /  \n"

    asyncio.run(run())


def test_expect_100_continue(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            await client.send(
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            )
            assert (await client.head()).status == 100
            assert (await client.ask(b"ok")).body.endswith(b"ok\n")

    asyncio.run(run())


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
)
def test_who_asks_for_one_answer_gets_one(short_tmp: Path, head: bytes) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            answer = await client.ask(head)
            assert answer.headers["connection"] == "close"
            assert await client.rest() == b""

    asyncio.run(run())


def test_who_closes_his_half_still_gets_the_answer(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            await client.send(post(b"bye"))
            client.writer.write_eof()
            assert (await client.answer()).body.endswith(b"bye\n")
            assert await client.rest() == b""

    asyncio.run(run())


# ---- requests that are not ----


@pytest.mark.parametrize(
    "raw",
    [
        b"NONSENSE\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n",  # and then its end
    ],
)
def test_malformed_requests_are_told_so_in_words(short_tmp: Path, raw: bytes) -> None:
    async def run() -> None:
        async with site(short_tmp, echo, limits=BRIEF_LINGER) as there, there.client() as client:
            await client.send(raw)
            if raw.endswith(b"x\r\n"):
                client.writer.write_eof()
            answer = await client.answer()
            assert (answer.status, answer.headers["connection"]) == (400, "close")
            assert b"<p>the request cannot be read: " in answer.body
            assert b"bytearray" not in answer.body
            assert await client.rest() == b""
            assert there.server.counters.malformed == 1

    asyncio.run(run())


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=60), max_size=4))
def test_any_bytes_get_an_answer_or_an_end(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    import shutil
    import tempfile

    async def run(directory: Path) -> None:
        async with site(directory, echo, limits=BRIEF_LINGER) as there:
            async with there.client() as client:
                for piece in pieces:
                    await client.send(piece)
                client.writer.write_eof()
                await client.rest()
            async with there.client() as client:
                assert (await client.ask(GET)).status == 200
            assert [text for level, text in there.log if level == "error"] == []

    directory = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        asyncio.run(run(directory))
    finally:
        shutil.rmtree(directory)


def test_headers_past_the_limit(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo, limits=replace(BRIEF_LINGER, header_bytes=1000)) as there:
            async with there.client() as client:
                await client.send(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000)
                assert (await client.answer()).status == 431
            assert there.server.counters.headers_too_large == 1

    asyncio.run(run())


def test_a_body_past_the_limit_is_refused_before_it_is_sent(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo, limits=replace(BRIEF_LINGER, body_bytes=10)) as there:
            async with there.client() as client:
                assert (await client.ask(post(b"0123456789"))).status == 200
                await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n")
                assert (await client.answer()).status == 413
            async with there.client() as client:
                await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                await client.send(b"6\r\nabcdef\r\n" * 2)
                answer = await client.answer()
                assert (answer.status, b"larger than 10 bytes" in answer.body) == (413, True)
            assert there.server.counters.bodies_too_large == 2

    asyncio.run(run())


def test_a_refusal_arrives_although_the_client_is_still_sending(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo, limits=Limits(body_bytes=10)) as there, there.client() as client:
            client.writer.write(post(b"x" * 4_000_000))
            assert (await client.answer()).status == 413
            await client.writer.drain()
            client.writer.write_eof()
            assert await client.rest() == b""

    asyncio.run(run())


# ---- clients that are slow ----


def test_a_slow_loris_is_cut(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo, limits=replace(BRIEF_LINGER, header_seconds=SHORT)) as there:
            async with there.client() as client, there.client() as silent:
                await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
                assert (await client.answer()).status == 408
                assert await client.rest() == b""
                await silent.rest()
            assert there.server.counters.header_timeouts == 2 - there.server.counters.idle_timeouts

    asyncio.run(run())


def test_a_second_request_may_not_dawdle_either(short_tmp: Path) -> None:
    async def run() -> None:
        async with (
            site(short_tmp, echo, limits=replace(BRIEF_LINGER, header_seconds=SHORT)) as there,
            there.client() as client,
        ):
            assert (await client.ask(GET)).status == 200
            late = asyncio.get_running_loop().time() + SHORT * 2
            while asyncio.get_running_loop().time() < late:  # idling is allowed
                await asyncio.sleep(0.01)
            await client.send(b"GET /")
            assert (await client.answer()).status == 408

    asyncio.run(run())


def test_a_body_that_does_not_come(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo, limits=replace(BRIEF_LINGER, body_idle_seconds=SHORT)) as there:
            async with there.client() as client:
                await client.send(post(b"abc")[:-1])
                assert (await client.answer()).status == 408
            assert there.server.counters.body_timeouts == 1

    asyncio.run(run())


def test_a_body_that_comes_in_drops_has_an_end_too(short_tmp: Path) -> None:
    async def run() -> None:
        async with (
            site(short_tmp, echo, limits=replace(BRIEF_LINGER, body_seconds=SHORT)) as there,
            there.client() as client,
        ):
            await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
            while there.server.counters.body_timeouts == 0:
                await client.send(b"x")
                await asyncio.sleep(0.001)
            assert (await client.answer()).status == 408

    asyncio.run(run())


def test_an_idle_connection_is_closed(short_tmp: Path) -> None:
    async def run() -> None:
        async with (
            site(short_tmp, echo, limits=Limits(idle_seconds=SHORT)) as there,
            there.client() as client,
        ):
            assert (await client.ask(GET)).status == 200
            assert await client.rest() == b""
            assert there.server.counters.idle_timeouts == 1

    asyncio.run(run())


def test_a_stalled_reader_is_cut(short_tmp: Path) -> None:
    async def handler(request: Request) -> Response:
        return Response(body=b"x" * 4_000_000)

    async def run() -> None:
        async with (
            site(short_tmp, handler, limits=Limits(stall_seconds=SHORT)) as there,
            there.client() as client,
        ):
            await client.send(GET)
            await there.until("stalled_readers")
            await there.until_connections(0)
            assert len(await client.rest()) < 4_000_000

    asyncio.run(run())


def test_who_takes_almost_all_of_an_answer_cannot_hold_the_connection_for_ever(short_tmp: Path) -> None:
    async def handler(request: Request) -> Response:
        return Response(headers=(("Connection", "close"),), body=b"x" * int(request.query))

    async def run() -> None:
        # One of these sizes leaves less in our buffer than makes writing pause, whatever the kernel takes.
        async with site(short_tmp, handler, limits=Limits(stall_seconds=SHORT)) as there:
            for n, size in enumerate(range(100_000, 500_000, 30_000), 1):
                async with there.client() as client:
                    client.pause()
                    await client.send(GET.replace(b"/ ", b"/?%d " % size))
                    await there.until("requests", n)
                    await there.until_connections(0)

    asyncio.run(run())


# ---- ends of other kinds ----


def test_a_defect_of_ours_ends_the_connection_and_is_logged(short_tmp: Path) -> None:
    async def handler(request: Request) -> Response:
        return Response(headers=(("bad header", "\n"),))

    async def run() -> None:
        async with site(short_tmp, handler) as there, there.client() as client:
            await client.send(GET)
            assert await client.rest() == b""
            assert ["ended by a defect" in text for level, text in there.log if level == "error"] == [True]

    asyncio.run(run())


def test_a_refused_client_that_sends_on_and_on_is_cut(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigild.fronts.serving.connection._MAX_LINGER_BYTES", 100_000)

    async def run() -> None:
        async with (
            site(short_tmp, echo, limits=Limits(body_bytes=10, linger_seconds=60)) as there,
            there.client() as client,
        ):
            client.writer.write(post(b"x" * 4_000_000))
            await client.rest()
            await there.until_connections(0)

    asyncio.run(run())


def test_a_refused_client_sees_the_end_before_the_patience_is_over(short_tmp: Path) -> None:
    async def run() -> None:
        async with (
            site(short_tmp, echo, limits=Limits(linger_seconds=3600)) as there,
            there.client() as client,
        ):
            await client.send(b"NONSENSE\r\n\r\n")
            assert (await client.answer()).status == 400
            assert await client.rest() == b""
            assert there.server.connections == 1  # which still listens, for an hour

    asyncio.run(run())


def test_a_refused_client_that_stays_is_cut(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo, limits=BRIEF_LINGER) as there, there.client() as client:
            await client.send(b"NONSENSE\r\n\r\n")
            await there.until("malformed")
            await there.until_connections(0)

    asyncio.run(run())


def test_a_client_that_only_connects_and_goes(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there:
            async with there.client():
                await there.until("connections")
            await there.until_connections(0)
            assert there.server.counters.malformed == 0

    asyncio.run(run())


def test_a_client_that_goes_while_its_body_is_read(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there:
            async with there.client() as client:
                await client.send(post(b"abc")[:-1])
                await there.until("requests")
            await there.until_connections(0)

    asyncio.run(run())


def test_a_reader_that_is_slow_but_reads_gets_everything(short_tmp: Path) -> None:
    async def handler(request: Request) -> Response:
        return Response(body=b"x" * 3_000_000)

    async def run() -> None:
        async with (
            site(short_tmp, handler, limits=Limits(stall_seconds=0.5)) as there,
            there.client() as client,
        ):
            await client.send(GET)
            size = int((await client.head()).headers["content-length"])
            while size:
                size -= len(await client.reader.read(min(size, 64_000)))
                await asyncio.sleep(0.012)
            assert there.server.counters.stalled_readers == 0

    asyncio.run(run())
