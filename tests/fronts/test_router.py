"""Which path is answered by what."""

import asyncio
import xmlrpc.client
from pathlib import Path

from support.fake_control import FakeControl
from support.http_site import site
from vigild.fronts.router import make_app

VERSION = xmlrpc.client.dumps((), "supervisor.getAPIVersion").encode()


def test_paths(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, make_app(FakeControl(short_tmp), {})) as there, there.client() as client:
            for path in ("/RPC2", "/RPC2/", "/RPC2x?y"):
                answer = await client.ask(
                    f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(VERSION)}\r\n\r\n".encode()
                    + VERSION
                )
                assert (answer.status, b"3.0" in answer.body) == (200, True)
            for line, status in (
                ("GET /", 200),
                ("GET /nope", 404),
                ("GET /rpc2", 404),
                ("DELETE /", 400),
                ("GET /RPC2", 400),
            ):
                assert (await client.ask(f"{line} HTTP/1.1\r\nHost: x\r\n\r\n".encode())).status == status
            await client.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await client.answer(has_body=False)).status == 200

    asyncio.run(run())
