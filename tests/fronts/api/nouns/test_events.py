"""Events over the JSON interface."""

import asyncio
from pathlib import Path

from support.api import Api
from support.fakes import group, program
from support.until import DEADLINE_SECONDS
from vigild.fronts.api.nouns import events


def test_a_stream_of_events(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web", start_seconds=0)))

    async def run() -> None:
        reply = await api.asked("GET", "/events?samples=1", headers={"last-event-id": "nonsense"})
        assert "text/event-stream; charset=utf-8" == reply.headers["Content-Type"]
        body = reply.response.body
        assert not isinstance(body, bytes)
        assert b"event: reset" in await anext(body)
        api.world.exits("web")
        api.world.clock.advance(0.1)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert b"event: process" in await anext(body)
        await body.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_a_reread_is_told(tmp_path: Path) -> None:
    api = Api(tmp_path, conf="[supervisord]\n[program:web]\ncommand=cat\n")

    async def run() -> None:
        body = (await api.asked("GET", "/events")).response.body
        assert not isinstance(body, bytes)
        await anext(body)
        api.path.write_text("[supervisord]\n[program:new]\ncommand=cat\n")
        await api.asked("POST", "/config/reload")
        api.world.clock.advance(0.1)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert b'event: config\ndata: {"added":["new"],"changed":[],"removed":["web"]}' in await anext(
                body
            )
        await body.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())
    assert 1 == len(events.ENDPOINTS)
