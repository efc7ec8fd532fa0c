"""Hearing how a process ended that is not our child."""

import asyncio
import os
import subprocess
import sys

import pytest

from support.until import DEADLINE_SECONDS, until
from vigild.host import pidfd, procfs
from vigild.host.pidfd import ExitWatch, open_watches, reaped_status, zombie_status


def start_stranger(code: str) -> tuple[subprocess.Popen[str], int, int]:
    """A grandchild that runs `code` once its parent's stdin closes; the parent reaps it only at its own end."""
    script = (
        "import os, sys\n"
        "r, w = os.pipe()\n"
        "pid = os.fork()\n"
        f"if not pid:\n    os.close(w); os.read(r, 1); {code}\n"
        "print(pid, flush=True)\n"
        "sys.stdin.readline()\n"
        "os.close(w)\n"
        "sys.stdin.readline()\n"
        "os.waitpid(pid, 0)\n"
        "print('reaped', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    return parent, pid, procfs.start_ticks(pid) or 0


def tell(parent: subprocess.Popen[str]) -> None:
    assert parent.stdin is not None
    parent.stdin.write("\n")
    parent.stdin.flush()


def heard_of(parent: subprocess.Popen[str], pid: int, ticks: int) -> tuple[int, int | None]:
    async def hear() -> tuple[int, int | None]:
        loop = asyncio.get_running_loop()
        told: asyncio.Future[tuple[int, int | None]] = loop.create_future()
        ExitWatch(loop, pid, ticks, lambda pid, status: told.set_result((pid, status)))
        await asyncio.sleep(0)
        tell(parent)
        return await asyncio.wait_for(told, DEADLINE_SECONDS)

    try:
        return asyncio.run(hear())
    finally:
        parent.communicate("\n\n")


@pytest.mark.parametrize(
    ("code", "status"), [("os._exit(7)", 7 << 8), ("os._exit(0)", 0), ("os.kill(os.getpid(), 9)", 9)]
)
def test_a_zombie_tells_how_it_ended(code: str, status: int) -> None:
    parent, pid, ticks = start_stranger(code)
    assert (pid, status) == heard_of(parent, pid, ticks)


def test_without_pidfds_it_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pidfd, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(pidfd, "_open_pidfd", lambda pid: -1)
    parent, pid, ticks = start_stranger("os._exit(3)")
    assert (pid, 3 << 8) == heard_of(parent, pid, ticks)


def test_where_nobody_tells_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pidfd, "ASK_FOR_SECONDS", 0.0)
    monkeypatch.setattr(pidfd, "zombie_status", lambda pid, ticks: None)
    monkeypatch.setattr(pidfd, "reaped_status", lambda fd: None)
    parent, pid, ticks = start_stranger("os._exit(3)")
    assert (pid, None) == heard_of(parent, pid, ticks)


def test_a_zero_that_we_may_not_see_is_not_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    parent, pid, ticks = start_stranger("os._exit(0)")
    assert zombie_status(pid, ticks) is None, "it lives"
    tell(parent)
    until(lambda: not procfs.is_alive(pid, ticks))
    assert 0 == zombie_status(pid, ticks)
    assert zombie_status(pid, ticks + 1) is None, "another process"
    monkeypatch.setattr(pidfd, "_may_trace", lambda pid: False)
    assert zombie_status(pid, ticks) is None
    parent.communicate("\n\n")
    assert zombie_status(pid, ticks) is None


def test_the_kernel_remembers_a_reaped_one_for_who_holds_a_pidfd() -> None:
    parent, pid, ticks = start_stranger("os._exit(7)")
    fd = os.pidfd_open(pid)
    assert reaped_status(fd) is None
    tell(parent)
    tell(parent)
    assert parent.stdout is not None
    assert "reaped\n" == parent.stdout.readline()
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    assert reaped_status(fd) == (7 << 8 if release >= (6, 15) else None)
    assert procfs.start_ticks(pid) != ticks
    os.close(fd)
    parent.communicate("\n")


def test_one_may_stop_listening() -> None:
    async def stop_listening() -> None:
        watch = ExitWatch(asyncio.get_running_loop(), os.getpid(), 0, lambda pid, status: None)
        watch.close()
        watch.close()

    asyncio.run(stop_listening())


def test_where_descriptors_are_scarce_the_rest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigild.host.pidfd.POLL_SECONDS", 0.01)
    monkeypatch.setattr("vigild.host.pidfd.SPARE_DESCRIPTORS", 0)
    monkeypatch.setattr("vigild.host.pidfd._free_descriptors", lambda: 1)
    children = [subprocess.Popen(["sleep", "100"]) for _ in range(3)]

    async def watch_them() -> None:
        ended: list[int] = []
        all_ended = asyncio.get_running_loop().create_future()

        def on_exit(pid: int, status: int | None) -> None:
            ended.append(pid)
            if len(ended) == len(children):
                all_ended.set_result(None)

        known = [(child.pid, procfs.start_ticks(child.pid) or 0) for child in children]
        watches, polled = open_watches(asyncio.get_running_loop(), known, on_exit)
        assert polled == 2
        assert [watch._pidfd >= 0 for watch in watches] == [True, False, False]
        for child in children:
            child.kill()
            child.wait()
        await asyncio.wait_for(all_ended, DEADLINE_SECONDS)
        assert sorted(ended) == sorted(child.pid for child in children)

    asyncio.run(watch_them())


def test_nothing_to_watch_costs_nothing() -> None:
    loop = asyncio.new_event_loop()
    assert open_watches(loop, [], lambda pid, status: None) == ([], 0)
    loop.close()
