"""How many may come, and how it ends."""

import asyncio
import errno
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support.http_site import GET, Client, echo, site
from support.until import DEADLINE_SECONDS
from vigild.fronts.serving import Gate, Limits, Request, Response, open_server


def test_over_tcp(short_tmp: Path) -> None:
    seen: list[str] = []

    async def handler(request: Request) -> Response:
        seen.append(request.peer)
        return Response()

    async def run() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            server = open_server(sock, handler, gate=Gate(), log=lambda *_: None)
            reader, writer = await asyncio.open_connection(*sock.getsockname())
            assert (await Client(reader, writer).ask(GET)).status == 200
            assert seen == ["{}:{}".format(*writer.get_extra_info("sockname"))]
            writer.transport.abort()
            await server.drain(1)

    asyncio.run(run())


def test_a_waiting_connection_makes_room(short_tmp: Path) -> None:
    async def run() -> None:
        async with (
            site(short_tmp, echo, limits=Limits(connections=2)) as there,
            there.client() as first,
            there.client() as second,
            there.client() as third,
        ):
            assert (await second.ask(GET)).status == 200
            assert (await third.ask(GET)).status == 200
            assert await first.rest() == b""
            assert (await second.ask(GET)).status == 200
            assert there.server.counters.connections_evicted == 1

    asyncio.run(run())


def test_when_all_are_busy_a_new_one_is_told_so(short_tmp: Path) -> None:
    async def run() -> None:
        gate = asyncio.Event()

        async def handler(request: Request) -> Response:
            await gate.wait()
            return Response()

        async with site(short_tmp, handler, limits=Limits(connections=1)) as there, there.client() as first:
            await first.send(GET)
            await there.until("requests")
            async with there.client() as second:
                answer = await second.answer()
                assert (answer.status, answer.headers["retry-after"]) == (503, "1")
                assert answer.body.endswith(b"in a while\n")
                assert await second.rest() == b""
            assert there.server.counters.connections_refused == 1
            gate.set()
            assert (await first.answer()).status == 200

    asyncio.run(run())


def test_close_lets_answers_in_the_making_out_and_ends_the_rest(short_tmp: Path) -> None:
    async def run() -> None:
        gate = asyncio.Event()

        async def handler(request: Request) -> Response:
            if request.path == "/wait":
                await gate.wait()
            return Response()

        async with (
            site(short_tmp, handler) as there,
            there.client() as idle,
            there.client() as busy,
            there.client() as new,
        ):
            assert (await idle.ask(GET)).status == 200
            await busy.send(GET.replace(b"/ ", b"/wait "))
            await there.until("requests", 2)
            await there.until_connections(3)
            there.server.close()
            there.server.close()  # again is nothing
            assert await idle.rest() == b""
            assert await new.rest() == b""
            gate.set()
            answer = await busy.answer()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert await busy.rest() == b""

    asyncio.run(run())


def test_drain_waits_for_answers_then_cuts(short_tmp: Path) -> None:
    async def run() -> None:
        async def never(request: Request) -> Response:
            await asyncio.Event().wait()
            raise AssertionError

        async with site(short_tmp, never) as there, there.client() as client:
            await client.send(GET)
            await there.until("requests")
            await there.server.drain(0.01)
            await there.until_connections(0)
            assert await client.rest() == b""

    asyncio.run(run())


def test_drain_ends_streams_at_once_and_completely(short_tmp: Path) -> None:
    async def run() -> None:
        async def pieces():  # type: ignore[no-untyped-def]
            yield b"first"
            await asyncio.Event().wait()

        async def handler(request: Request) -> Response:
            return Response(body=pieces())

        async with site(short_tmp, handler) as there, there.client() as client:
            await client.send(GET)
            await client.head()
            assert await client.chunk() == b"first"
            await there.server.drain(60)
            assert await client.chunk() == b""
            assert await client.rest() == b""

    asyncio.run(run())


def test_the_listening_socket_is_left_open(short_tmp: Path) -> None:
    async def run() -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(short_tmp / "s"))
            sock.listen()
            for _ in range(2):
                server = open_server(sock, echo, gate=Gate(), log=lambda *_: None)
                reader, writer = await asyncio.open_unix_connection(str(short_tmp / "s"))
                assert (await Client(reader, writer).ask(GET)).status == 200
                writer.transport.abort()
                await server.drain(1)
            assert sock.fileno() >= 0

    asyncio.run(run())


class _PoorSocket(socket.socket):
    """Has no descriptor left, twice."""

    failures = 2

    def accept(self):  # type: ignore[no-untyped-def]
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_out_of_descriptors_is_a_pause_and_a_log_line(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigild.fronts.serving.server._PAUSE_SECONDS", 0.01)
    log: list[str] = []

    async def run() -> None:
        with _PoorSocket(socket.AF_UNIX) as sock:
            sock.bind(str(short_tmp / "s"))
            sock.listen()
            server = open_server(
                sock, echo, gate=Gate(), log=lambda level, text: log.append(f"{level} {text}")
            )
            reader, writer = await asyncio.open_unix_connection(str(short_tmp / "s"))
            assert (await Client(reader, writer).ask(GET)).status == 200
            writer.transport.abort()
            await server.drain(1)

    asyncio.run(run())
    assert [line for line in log if line.startswith("error")] == [
        "error cannot accept a connection: Too many open files; trying again in a moment"
    ] * 2


def test_what_the_daemon_must_not_import_is_not_imported(short_tmp: Path) -> None:
    import subprocess

    code = (
        "import sys; sys.modules['ssl'] = None\n"
        "import vigild.fronts.router, vigild.fronts.serving\n"
        "bad = [m for m in ('hashlib', '_hashlib', 'hmac', 'http', 'email', 'xmlrpc', 'tempfile', 'urllib.request', "
        "'sqlite3', 'psutil') if m in sys.modules]\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- the moment before an exec: `hold`, `settle`, and on in the next image ---


def test_while_held_nobody_is_accepted_and_nobody_is_refused(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as kept:
            assert (await kept.ask(GET)).status == 200
            there.server.hold()
            there.server.hold()  # again is nothing
            await kept.send(GET)
            async with there.client() as new:
                await new.send(GET)
                await there.server.settle(5)
                assert there.server.counters.connections == 1
                assert there.server.counters.requests == 1
                there.server.resume()
                assert (await new.answer()).status == 200
                assert (await kept.answer()).status == 200
            there.server.resume()

    asyncio.run(run())


def test_settling_waits_for_answers_and_begins_no_other_request(short_tmp: Path) -> None:
    async def run() -> None:
        gate = asyncio.Event()
        begun: list[str] = []

        async def handler(request: Request) -> Response:
            begun.append(request.path)
            await gate.wait()
            return Response()

        async with site(short_tmp, handler) as there, there.client() as busy:
            await busy.send(GET + GET.replace(b"/ ", b"/next "))
            await there.until("requests")
            there.server.hold()
            settled = asyncio.create_task(there.server.settle(60))
            await asyncio.sleep(0)
            assert not settled.done()
            gate.set()
            await settled
            assert (await busy.answer()).status == 200
            assert begun == ["/"]
            (described,) = there.server.open_connections()
            assert described.early == GET.replace(b"/ ", b"/next ")
            assert described.used
            there.server.resume()
            assert (await busy.answer()).status == 200

    asyncio.run(run())


def test_what_takes_longer_is_answered_503_and_streams_end(short_tmp: Path) -> None:
    async def run() -> None:
        async def pieces():  # type: ignore[no-untyped-def]
            yield b"first"
            await asyncio.Event().wait()

        async def handler(request: Request) -> Response:
            if request.path == "/stream":
                return Response(body=pieces())
            await asyncio.Event().wait()
            raise AssertionError

        async with (
            site(short_tmp, handler) as there,
            there.client() as waiting,
            there.client() as following,
        ):
            await waiting.send(GET)
            await following.send(GET.replace(b"/ ", b"/stream "))
            await there.until("requests", 2)
            await following.head()
            assert await following.chunk() == b"first"
            there.server.hold()
            await there.server.settle(0.05)
            answer = await waiting.answer()
            assert (answer.status, answer.headers["retry-after"]) == (503, "1")
            assert b"what was ordered goes on" in answer.body
            assert await following.chunk() == b""
            assert len(there.server.open_connections()) == 1
            assert there.server.counters.handler_errors == 0
            there.server.resume()
            await waiting.send(GET)
            await there.until("requests", 3)

    asyncio.run(run())


def test_the_next_image_goes_on_with_a_connection_in_the_middle_of_a_request(short_tmp: Path) -> None:
    (short_tmp / "old").mkdir()
    (short_tmp / "new").mkdir()

    async def run() -> None:
        async with (
            site(short_tmp / "old", echo) as old,
            site(short_tmp / "new", echo) as new,
            old.client() as client,
            old.client() as fresh,
        ):
            assert (await client.ask(GET)).status == 200
            await client.send(b"GET /half HT")
            await fresh.send(b"G")
            await old.until_connections(2)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while [c.early for c in old.server.open_connections()].count(b"") != 0:
                    await asyncio.sleep(0.005)
            old.server.hold()
            await old.server.settle(5)
            for connection in old.server.open_connections():
                new.server.adopt(replace(connection, fd=os.dup(connection.fd)))
            await new.until_connections(2)
            await client.send(b"TP/1.1\r\nHost: x\r\n\r\n")
            await fresh.send(GET[1:])
            assert (await client.answer()).body == b"GET /half  \n"
            assert (await fresh.answer()).body == b"GET /  \n"
            assert old.server.counters.requests == 1
            old.server.resume()

    asyncio.run(run())


def test_a_client_that_has_gone_is_not_handed_over(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            assert (await client.ask(GET)).status == 200
            client.writer.close()
            await there.until_connections(0)
            there.server.hold()
            await there.server.settle(1)
            assert there.server.open_connections() == []
            there.server.resume()

    asyncio.run(run())
