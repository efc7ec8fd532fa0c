"""The `ProcessTable` port on real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.until import until
from vigild.engine.ports import SPAWN_MARK
from vigild.host.process_table import ProcTable

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's /proc")


def test_a_child_is_seen_with_its_mark_until_it_is_dead() -> None:
    table = ProcTable()
    child = subprocess.Popen(["sleep", "1000"], env={**os.environ, SPAWN_MARK: "t-1"}, start_new_session=True)
    try:
        until(lambda: table.take()[child.pid].spawn_id == "t-1", what="the exec")
        seen = table.take()[child.pid]
        assert (seen.ppid, seen.pgid, seen.session) == (table.own_pid, child.pid, child.pid)
        assert child.pid in table.children()
        assert table.start_ticks(child.pid) == seen.start_ticks
        assert table.is_alive(child.pid, seen.start_ticks)
        assert table.runs(table.own_pid, sys.executable)
        assert not table.runs(child.pid, sys.executable)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert child.pid not in table.take()  # a zombie does not live
    finally:
        child.kill()
        child.wait()
    assert table.start_ticks(child.pid) == 0
    assert not table.runs(child.pid, sys.executable)


@pytest.mark.parametrize(
    ("text", "pid"),
    [("123\n", 123), (" 123 456\n", 123), ("", 0), ("\n", 0), ("x\n", 0), ("-5\n", 0), ("1" * 30, 0)],
)
def test_a_pidfile(tmp_path: Path, text: str, pid: int) -> None:
    path = tmp_path / "pid"
    path.write_text(text)
    assert ProcTable().read_pid(str(path)) == pid


def test_what_is_no_pidfile_names_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "none", tmp_path / "fifo", tmp_path):
        assert ProcTable().read_pid(str(path)) == 0
