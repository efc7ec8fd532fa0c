"""A log as it grows."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

from support.until import DEADLINE_SECONDS
from vigild.fronts.api import following
from vigild.fronts.api.following import Follower, event
from vigild.fronts.api.logfiles import LogFile
from vigild.fronts.api.times import clock_time, signal_name


async def following_event(stream: AsyncIterator[bytes]) -> tuple[str, str, dict[str, object]]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        raw = await anext(stream)
    fields = dict(line.split(": ", 1) for line in raw.decode().strip().split("\n"))
    return fields.get("id", ""), fields["event"], json.loads(fields["data"])


def test_what_is_added_comes_and_rotation_is_told(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n")

    async def run() -> None:
        file = LogFile(str(path))
        key = file.key
        stream = Follower(file, 0)
        id_, kind, told = await following_event(stream)
        assert (f"{key}:4", "output", "one\n", 0) == (id_, kind, told["text"], told["offset"])
        with path.open("ab") as more:
            more.write("ä".encode()[:1])
            more.flush()
            more.write("ä".encode()[1:])
        assert "ä" == (await following_event(stream))[2]["text"]
        path.write_bytes(b"")
        assert ("reset", "truncated") == ((got := await following_event(stream))[1], got[2]["reason"])
        os.rename(path, tmp_path / "log.1")
        path.write_bytes(b"new\n")
        assert ("reset", "rotated") == ((got := await following_event(stream))[1], got[2]["reason"])
        assert "new\n" == (await following_event(stream))[2]["text"]
        await stream.aclose()

    asyncio.run(run())


def test_silence_has_a_heartbeat(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(following, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(following, "POLL_SECONDS", 0.05)
    path = tmp_path / "log"
    path.write_bytes(b"")

    async def run() -> None:
        stream = Follower(LogFile(str(path)), 0)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert following.HEARTBEAT == await anext(stream)
        await stream.aclose()

    asyncio.run(run())


def test_an_event_is_lines_of_text() -> None:
    assert b'id: 7\nevent: x\ndata: {"a":"b\\nc"}\n\n' == event("x", {"a": "b\nc"}, "7")
    assert event("x", 1).startswith(b"event: x\n")


def test_words_of_this_machine() -> None:
    assert ("SIGTERM", "signal 999") == (signal_name(15), signal_name(999))
    assert 19 == len(clock_time(0.0))
