"""Reaping takes all that have ended, however few signals came."""

import asyncio
import os
from pathlib import Path

import pytest

from support.until import until
from vigild.host import reaper as reaper_module
from vigild.host.reaper import Reaper


def test_one_call_reaps_all_and_none_is_no_error() -> None:
    told: dict[int, int] = {}
    reaper = Reaper(told.__setitem__)
    pids = [os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {code}"], {}) for code in (0, 3)]

    def both_ended() -> bool:
        return all(b") Z " in Path(f"/proc/{pid}/stat").read_bytes() for pid in pids)

    until(both_ended)

    async def reap() -> None:
        reaper.reap()
        while reaper._goes_on:
            await asyncio.sleep(0)

    asyncio.run(reap())
    assert {pid: os.waitstatus_to_exitcode(status) for pid, status in told.items()} == {
        pids[0]: 0,
        pids[1]: 3,
    }
    asyncio.run(reap())
    assert len(told) == 2


def test_a_defect_in_what_follows_from_one_exit_leaves_no_other_unreaped() -> None:
    told: list[int] = []
    defects: list[str] = []

    def on_exit(pid: int, status: int) -> None:
        told.append(pid)
        raise ValueError("a defect")

    async def play() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: defects.append(str(context["exception"])))
        pids = [os.posix_spawn("/bin/true", ["true"], {}) for _ in range(2)]
        reaper = Reaper(on_exit)
        while len(told) < 2:
            reaper.reap()
            await asyncio.sleep(0)
        assert sorted(told) == sorted(pids)

    asyncio.run(play())
    assert defects == ["a defect"] * 2


def test_a_crowd_of_exits_leaves_the_loop_time_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper_module, "TURN_SECONDS", 0.0)
    story: list[str] = []

    async def play() -> None:
        pids = [os.posix_spawn("/bin/true", ["true"], {}) for _ in range(2)]
        until(lambda: all(b") Z " in Path(f"/proc/{pid}/stat").read_bytes() for pid in pids))
        reaper = Reaper(lambda pid, status: story.append("exit"))
        reaper.reap()
        reaper.reap()
        assert story == ["exit"], "one a turn, however many signals come"
        await asyncio.sleep(0)
        story.append("another")
        while story.count("exit") < 2:
            await asyncio.sleep(0)

    asyncio.run(play())
    assert story == ["exit", "exit", "another"]
