"""Processes as /proc shows them, against real ones and against what psutil says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from support.until import until
from vigild.engine.ports import SPAWN_MARK
from vigild.host import procfs

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's /proc")


@contextmanager
def sleeper(*, env: dict[str, str] | None = None, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["sleep", "1000"], env={**os.environ, **(env or {})}, **more)  # type: ignore[call-overload]
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def test_stat_of_a_child() -> None:
    with sleeper(start_new_session=True) as child:
        stat = procfs.stat_of(child.pid)
        assert stat is not None
        assert (stat.pid, stat.ppid, stat.pgid, stat.session) == (
            child.pid,
            os.getpid(),
            child.pid,
            child.pid,
        )
        assert stat.name in ("sleep", "coreutils")
        assert not stat.is_zombie
        # psutil counts from the epoch; the difference of two processes is the same on both scales.
        own = procfs.start_ticks(os.getpid())
        assert own is not None
        seconds = (stat.start_ticks - own) / os.sysconf("SC_CLK_TCK")
        theirs = psutil.Process(child.pid).create_time() - psutil.Process().create_time()
        assert abs(seconds - theirs) < 0.05


def test_a_name_with_blanks_and_parentheses_does_not_shift_the_fields() -> None:
    line = b"42 (a) b (c) d) S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 999 1 2\n"
    assert procfs.parse_stat(line) == procfs.ProcessStat(42, "a) b (c) d", "S", 7, 8, 9, 123456)


@pytest.mark.parametrize("line", [b"", b"42", b"42 (x", b"42 (x) S 1 2"])
def test_half_a_line_is_none(line: bytes) -> None:
    assert procfs.parse_stat(line) is None


def test_alive_means_the_same_process_and_no_zombie() -> None:
    with sleeper() as child:
        ticks = procfs.start_ticks(child.pid)
        assert ticks is not None
        assert procfs.is_alive(child.pid, ticks)
        assert not procfs.is_alive(child.pid, ticks + 1)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        zombie = procfs.stat_of(child.pid)
        assert zombie is not None
        assert zombie.is_zombie
        assert not procfs.is_alive(child.pid, ticks)
    assert procfs.start_ticks(child.pid) is None
    assert procfs.command_of(child.pid) == ""


def test_boot_id_is_the_same_each_time() -> None:
    assert procfs.boot_id() == procfs.boot_id()
    assert len(procfs.boot_id()) == 36


def test_the_whole_table_holds_us_and_our_child() -> None:
    with sleeper() as child:
        table = procfs.all_processes()
        assert table[child.pid].ppid == os.getpid()
        assert table[os.getpid()].ppid == os.getppid()
        assert child.pid in procfs.children_of(os.getpid())
        assert procfs.children_of(child.pid) == []
        assert procfs.uid_of(child.pid) == os.geteuid()


def test_no_process_has_no_children() -> None:
    assert procfs.children_of(2**22 + 1) == []
    assert procfs.uid_of(2**22 + 1) is None


def test_a_spawn_id_is_found_in_descendants_too() -> None:
    script = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '1000']); print(p.pid, flush=True); p.wait()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, SPAWN_MARK: "abc-1"},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    try:
        until(lambda: procfs.spawn_id_of(grandchild) == "abc-1", what="the exec of the grandchild")
        assert procfs.find_by_marker("abc-1") == sorted([child.pid, grandchild])
        assert procfs.find_by_marker("abc") == []  # not by its beginning
    finally:
        os.kill(grandchild, 9)
        child.kill()
        child.wait()
        child.stdout.close()


def test_no_spawn_id_where_none_is_set_or_only_something_like_it() -> None:
    with sleeper(env={"X" + SPAWN_MARK: "abc-2"}) as child:
        until(lambda: procfs.command_of(child.pid) == "sleep 1000", what="the exec")
        assert procfs.spawn_id_of(child.pid) is None
        assert procfs.find_by_marker("abc-2") == []


def test_who_holds_a_fifo(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "fifo")
    os.mkfifo(path)
    assert procfs.fifo_holders(path) == []
    fd = os.open(path, os.O_RDWR)
    with sleeper(stdout=fd) as child:
        assert procfs.fifo_holders(path) == sorted([os.getpid(), child.pid])
        os.close(fd)
        assert procfs.fifo_holders(path) == [child.pid]
        os.unlink(path)
        assert procfs.fifo_holders(path) == [child.pid]  # what was unlinked is still held
    assert procfs.fifo_holders(path) == []
