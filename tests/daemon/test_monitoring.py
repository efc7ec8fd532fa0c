"""When monitors are made, in one life of the daemon. What they do with a real daemon: tests/system/test_monitors.py."""

import asyncio
import os
from pathlib import Path

from support.fakes import World
from vigild.config.model import Config, DaemonConfig, MonitorConfig
from vigild.daemon.monitoring import Monitoring


def monitoring(loop: asyncio.AbstractEventLoop, world: World, pids: set[int], directory: str) -> Monitoring:
    return Monitoring(world.engine, loop, pids, {}, Config("/etc/x.conf", DaemonConfig(state_dir=directory)))


def test_nothing_is_made_where_nothing_is_monitored(tmp_path: Path) -> None:
    async def play() -> None:
        found = monitoring(asyncio.get_running_loop(), World(), set(), str(tmp_path))
        found.follow([])
        assert found.monitors is None
        assert not found.claim(1, 0)
        await found.close()

    asyncio.run(play())


def test_the_monitor_process_is_known_as_a_worker_until_it_is_reaped(tmp_path: Path) -> None:
    async def play() -> None:
        pids = set[int]()
        found = monitoring(asyncio.get_running_loop(), World(), pids, str(tmp_path))
        found.follow([MonitorConfig("m", "file", settings={"path": "/"}, rules=("if failed then alert",))])
        (pid,) = pids
        closing = asyncio.create_task(found.close())
        await asyncio.sleep(0)
        while (reaped := os.waitpid(pid, os.WNOHANG))[0] == 0:
            await asyncio.sleep(0)
        assert found.claim(*reaped)
        await closing
        assert pids == set()

    asyncio.run(play())
