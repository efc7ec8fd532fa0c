"""What is found of the children of a dead daemon, with real processes."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.until import until
from vigild.engine.ports import Remains
from vigild.host import procfs
from vigild.host.remains import find_remains


class Orphan:
    """A process that is not our child: its parent has gone. Leads its own process group, as a child of ours does."""

    def __init__(self, spawn_id: str, script: str = "exec sleep 100") -> None:
        start = f"import subprocess as s; print(s.Popen(['sh', '-c', {script!r}], process_group=0, stdout=-3, stderr=-3).pid)"
        environment = {**os.environ, "VIGIL_SPAWN_ID": spawn_id}
        done = subprocess.run(
            [sys.executable, "-c", start], env=environment, capture_output=True, text=True, check=True
        )
        self.pid = int(done.stdout)
        until(lambda: procfs.command_of(self.pid).startswith("sleep"))
        self.ticks = procfs.start_ticks(self.pid) or 0

    def kill(self) -> None:
        if procfs.start_ticks(self.pid) == self.ticks:
            os.kill(self.pid, signal.SIGKILL)
        until(lambda: not procfs.is_alive(self.pid, self.ticks))


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[Orphan]:
    process = Orphan(f"id-{os.getpid()}-{tmp_path.name}")
    yield process
    process.kill()


def test_pid_and_start_time_make_it_the_same_process(orphan: Orphan) -> None:
    assert Remains(orphan.pid, orphan.ticks) == find_remains(orphan.pid, orphan.ticks, "", None)
    assert Remains() == find_remains(orphan.pid, orphan.ticks + 1, "", None)
    orphan.kill()
    assert 0 == find_remains(orphan.pid, orphan.ticks, "", None).pid


def test_what_cannot_be_looked_at_is_not_taken_for_dead(orphan: Orphan) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))  # as when all descriptors are in use
    try:
        found = find_remains(orphan.pid, orphan.ticks, "", None)
        lives = procfs.is_alive(orphan.pid, orphan.ticks)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (Remains(orphan.pid, orphan.ticks), True) == (found, lives)


def test_what_was_always_hidden_is_there_and_what_is_hidden_now_is_another(
    orphan: Orphan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procfs, "stat_of", lambda pid: None)  # as with hidepid, for processes of others
    assert Remains(orphan.pid, 0) == find_remains(orphan.pid, 0, "", None)
    assert Remains() == find_remains(orphan.pid, orphan.ticks, "", None)
    assert (True, False) == (procfs.is_alive(orphan.pid, 0), procfs.is_alive(orphan.pid, orphan.ticks))


def test_a_child_of_our_own_is_known_as_one() -> None:
    child = subprocess.Popen(["sleep", "100"])
    ticks = procfs.start_ticks(child.pid) or 0
    assert Remains(child.pid, ticks, is_ours=True) == find_remains(child.pid, ticks, "", None)
    child.kill()
    until(lambda: not procfs.is_alive(child.pid, ticks))
    assert child.pid == find_remains(child.pid, ticks, "", None).pid, "it is still to be reaped"
    child.wait()


def test_a_spawn_is_found_by_its_mark(tmp_path: Path) -> None:
    orphan = Orphan(f"mark-{tmp_path.name}-{os.getpid()}")
    found = find_remains(0, 0, f"mark-{tmp_path.name}-{os.getpid()}", None)
    assert Remains(orphan.pid, orphan.ticks) == found
    orphan.kill()
    assert Remains() == find_remains(0, 0, f"mark-{tmp_path.name}-{os.getpid()}", None)


def test_a_spawn_that_lost_its_mark_is_found_by_its_streams(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "web-5-7.out")
    (tmp_path / "journal").touch()
    orphan = Orphan("another", f"exec env -i PATH=$PATH sleep 100 <>{tmp_path}/web-5-7.out")
    assert Remains(orphan.pid, orphan.ticks) == find_remains(0, 0, "5-7", str(tmp_path))
    assert Remains() == find_remains(0, 0, "5-8", str(tmp_path))
    orphan.kill()
