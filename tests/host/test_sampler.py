"""Reading trees of real processes."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from support.until import until
from vigild.core.samples import TreeRequest, Usage
from vigild.engine.ports import SPAWN_MARK
from vigild.host import procfs
from vigild.host.sampler import ProcSampler, pss_and_swap

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")

WAIT = "import sys; print('up', flush=True); sys.stdin.read()"
BUSY = f"while sum(__import__('os').times()[:2]) < 0.2: pass\n{WAIT}"


@contextmanager
def running(script: str, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A Python that has said something, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-Sc", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        **more,  # type: ignore[call-overload]
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def tree(process: subprocess.Popen[bytes], spawn_id: str = "none") -> TreeRequest:
    return TreeRequest("it", spawn_id, ((process.pid, procfs.start_ticks(process.pid) or 0),))


Take = Callable[..., Mapping[str, Usage]]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture
def take(loop: asyncio.AbstractEventLoop) -> Iterator[Take]:
    """One pass of the same sampler each time; the reading of PSS is over at the end."""
    sampler = ProcSampler(loop)

    def take(*trees: TreeRequest) -> Mapping[str, Usage]:
        taken: asyncio.Future[Mapping[str, Usage]] = loop.create_future()
        sampler.take(trees, taken.set_result)
        return loop.run_until_complete(taken)

    yield take
    sampler.close()


def test_a_process_is_read(take: Take) -> None:
    with running(BUSY) as process:
        usage = take(tree(process))["it"]
        assert 0.15 <= usage.cpu_seconds < 60
        assert 0 < usage.age_seconds < 600
        assert usage.rss_bytes > 1 << 20
        assert (1, 1) == (usage.threads, usage.processes)
        assert usage.open_files == len(os.listdir(f"/proc/{process.pid}/fd"))
        assert usage.read_bytes is not None
        assert usage.write_bytes is not None


def test_descendants_count_and_so_does_the_time_of_those_that_ended(take: Take) -> None:
    script = f"""
import subprocess, sys
subprocess.run([sys.executable, "-Sc", "while sum(__import__('os').times()[:2]) < 0.2: pass"])
child = subprocess.Popen([sys.executable, "-Sc", {WAIT!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
{WAIT}
child.stdin.close()
child.wait()
"""
    with running(script) as process:
        usage = take(tree(process))["it"]
        assert usage.processes == 2
        assert usage.cpu_seconds >= 0.2


def test_an_orphan_is_known_by_its_mark_or_its_session(take: Take) -> None:
    """Its parent has ended, and it leads a session of its own."""
    script = f"""
import os, subprocess, sys
out, inn = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        os.write(inn, b"!")
        sys.stdin.read()
    os._exit(0)
os.wait()
os.read(out, 1)
{WAIT}
"""
    environment = {**os.environ, SPAWN_MARK: "spawn-of-the-test"}
    with running(script, env=environment) as process:
        marked = take(tree(process, "spawn-of-the-test"))
        assert 2 == marked["it"].processes
        unmarked = take(tree(process, "another"))
        assert 1 == unmarked["it"].processes
    script = script.replace("os.setsid()", "pass")
    with running(script) as process:
        assert 2 == take(tree(process))["it"].processes  # of its session


def test_the_daemon_alone_is_without_what_it_runs(take: Take) -> None:
    with running(WAIT) as process:
        own = TreeRequest("", "", ((os.getpid(), 0),), alone=True)
        usages = take(own, tree(process))
        assert (1, 1) == (usages[""].processes, usages["it"].processes)
        assert {"it"} == set(take(tree(process)))


def test_a_pid_that_is_another_process_by_now_is_not_read(take: Take) -> None:
    with running(WAIT) as process:
        ((pid, ticks),) = tree(process).anchors
        assert {} == take(TreeRequest("it", "none", ((pid, ticks + 1),)))


def test_one_that_waits_to_be_reaped_uses_nothing(take: Take) -> None:
    process = subprocess.Popen(["/bin/true"])
    request = tree(process)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert {} == take(request)
    process.wait()


def test_pss_is_read_beside_and_is_part_of_a_later_pass(take: Take) -> None:
    with running(WAIT) as process:
        assert take(tree(process))["it"].pss_bytes is None
        until(lambda: take(tree(process))["it"].pss_bytes is not None)
        usage = take(tree(process))["it"]
        assert usage.pss_bytes is not None
        assert 0 < usage.pss_bytes <= usage.rss_bytes + (1 << 20)
        assert usage.swap_bytes is not None


def test_what_may_not_be_read_is_not_known() -> None:
    assert (None, None) == pss_and_swap([0, 2])


def test_a_pass_can_be_taken_back(loop: asyncio.AbstractEventLoop) -> None:
    heard: list[Mapping[str, Usage]] = []
    sampler = ProcSampler(loop)
    sampler.take([], heard.append).cancel()
    done: asyncio.Future[Mapping[str, Usage]] = loop.create_future()
    sampler.take([], done.set_result)
    loop.run_until_complete(done)
    assert [] == heard


def test_the_loop_is_free_between_slices(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each slice ends when its time is over, whatever there is to read."""
    monkeypatch.setattr("vigild.host.sampler.SLICE_SECONDS", 0.0)
    monkeypatch.setattr("vigild.host.sampler.STEP", 1)
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        if not done.done():
            loop.call_soon(turn)

    done: asyncio.Future[Mapping[str, Usage]] = loop.create_future()
    with running(WAIT) as process:
        sampler = ProcSampler(loop)
        sampler.take([tree(process)], done.set_result)
        loop.call_soon(turn)
        usages = loop.run_until_complete(done)
        sampler.close()
    assert {"it"} == set(usages)
    assert turns > len([name for name in os.listdir("/proc") if name.isdecimal()]) // 2


def test_files_and_storage_of_many_are_read_in_turns(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigild.host.sampler.LARGE", 1)
    script = "import os\nwhile input('') == 'open': os.open('/', 0); print('done', flush=True)"
    with running(f"print('up', flush=True)\n{script}") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        readings = [take(tree(process))["it"]]
        process.stdin.write(b"open\n")
        process.stdin.flush()
        process.stdout.readline()
        readings += [take(tree(process))["it"] for _ in range(3)]
        files = [usage.open_files or 0 for usage in readings]
        assert files[-1] == files[0] + 1  # its turn has come
        assert 2 == len({usage.io_at for usage in readings})
        assert [usage.at for usage in readings] == sorted({usage.at for usage in readings})
        process.stdin.write(b"end\n")
        process.stdin.flush()
