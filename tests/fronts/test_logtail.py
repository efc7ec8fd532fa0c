"""Logs that are followed: what is there, what is added, what becomes of them."""

import asyncio
import os
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from support.http_site import Client, site
from vigild.fronts.logtail import POLL_SECONDS
from vigild.fronts.router import make_app


def get(path: str, method: str = "GET", version: str = "1.1") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n\r\n".encode()


async def read(client: Client, size: int) -> bytes:
    """The next `size` bytes of a stream."""
    data = b""
    while len(data) < size:
        data += await client.chunk()
    return data


def test_the_last_1024_bytes_then_what_is_added(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    log = control.add("web", log=b"x" * 5000 + b"end\n").log
    assert log is not None

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there, there.client() as client:
            await client.send(get("/logtail/web"))
            head = await client.head()
            assert head.status == 200
            assert head.headers["content-type"] == "text/plain;charset=utf-8"
            assert head.headers["x-accel-buffering"] == "no"
            assert head.headers["last-modified"].endswith("GMT")
            assert head.headers["transfer-encoding"] == "chunked"
            assert await read(client, 1024) == b"x" * 1020 + b"end\n"
            for text in (b"one\n", b"\xff\x00two", b"y" * 200_000):
                with log.open("ab") as file:
                    file.write(text)
                assert await read(client, len(text)) == text

    asyncio.run(run())


def test_headers_come_at_once_when_the_log_is_empty(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.add("web", log=b"")

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there, there.client() as client:
            await client.send(get("/logtail/web"))
            assert (await client.head()).status == 200

    asyncio.run(run())


def test_a_client_of_http_1_0_gets_plain_bytes(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.add("web", log=b"text\n")

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there, there.client() as client:
            await client.send(get("/logtail/web", version="1.0"))
            assert "transfer-encoding" not in (await client.head()).headers
            assert await client.reader.readexactly(5) == b"text\n"

    asyncio.run(run())


def test_a_rotated_log_is_read_to_its_end_and_the_new_one_followed(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    log = control.add("web", log=b"old\n").log
    assert log is not None

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there, there.client() as client:
            await client.send(get("/logtail/web"))
            await client.head()
            assert await read(client, 4) == b"old\n"
            with log.open("ab") as file:
                file.write(b"last\n")
            log.rename(short_tmp / "web.1")
            looked = asyncio.get_running_loop().time() + POLL_SECONDS * 1.5
            while asyncio.get_running_loop().time() < looked:  # there is no file of that name now
                await asyncio.sleep(0.01)
            log.write_bytes(b"new\n")
            assert await read(client, 9) == b"last\nnew\n"

    asyncio.run(run())


def test_a_log_that_is_emptied_is_said_to_be_and_followed_on(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    log = control.add("web", log=b"old text\n").log
    assert log is not None

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there, there.client() as client:
            await client.send(get("/logtail/web/stdout"))
            await client.head()
            assert await read(client, 9) == b"old text\n"
            os.truncate(log, 0)
            assert await client.chunk() == b"==> File truncated <==\n"
            with log.open("ab") as file:
                file.write(b"new\n")
            assert await read(client, 4) == b"new\n"

    asyncio.run(run())


def test_the_main_log(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there:
            async with there.client() as client:
                assert (await client.ask(get("/mainlogtail"))).status == 404
                (short_tmp / "main.log").write_bytes(b"started\n")
                await client.send(get("/mainlogtail?x"))
                head = await client.head()
                assert (head.status, "x-accel-buffering" in head.headers) == (200, False)
                assert await client.chunk() == b"started\n"
            await there.until_connections(0)  # nobody looks at the file any more

    asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/logtail/nosuch", 404),
        ("/logtail/web/nosuch", 404),
        ("/logtail/web/stderr", 404),
        ("/logtail/web/stdout/", 404),
        ("/logtail/web/stdin", 404),
        ("/logtail/silent", 404),
        ("/logtail/gone", 404),
        ("/logtail/device", 404),
        ("/logtail", 404),
        ("/logtail/", 404),
        ("/logtail/..%2f..%2fetc%2fpasswd", 404),
    ],
)
def test_logs_that_are_not(short_tmp: Path, path: str, status: int) -> None:
    control = FakeControl(short_tmp)
    control.add("web", log=b"")
    control.add("silent")
    gone = control.add("gone", log=b"").log
    assert gone is not None
    gone.unlink()
    control.add("device").log = Path("/dev/null")

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there, there.client() as client:
            assert (await client.ask(get(path))).status == status
            assert [text for level, text in there.log if level == "error"] == []

    asyncio.run(run())


def test_only_get_follows(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.add("web", log=b"")

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there, there.client() as client:
            for path in ("/logtail/web", "/mainlogtail"):
                await client.send(get(path, "HEAD"))
                assert (await client.answer(has_body=False)).status == 400

    asyncio.run(run())


def test_a_name_may_be_escaped(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.add("group", "web", log=b"text\n")

    async def run() -> None:
        async with site(short_tmp, make_app(control, {})) as there, there.client() as client:
            await client.send(get("/logtail/group%3Aweb"))
            assert (await client.head()).status == 200

    asyncio.run(run())
