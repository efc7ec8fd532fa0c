"""All child logs together."""

import os
import re
from pathlib import Path

from support.fakes import FakeJournal
from support.machine import ListLog
from vigild.engine.ports import StreamPlan
from vigild.host.logfiles import ChildLogs


def test_one_path_is_one_file_however_many_write_it(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "supervisor", ListLog())
    plan = StreamPlan("stdout", str(tmp_path / "log"), 10, 2)
    first, second = logs.open(plan), logs.open(plan)
    assert first is second
    assert first is not None
    logs.release(first)
    logs.close_unused(plan.logfile or "")
    first.write(b"still open\n")
    assert first.lost_bytes == 0
    logs.release(first)
    logs.close_unused(plan.logfile or "")
    assert logs.open(plan) is not first
    logs.close_all()


def test_no_file_and_dev_null_are_no_file(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "supervisor", ListLog())
    assert logs.open(StreamPlan("stdout", None)) is None
    assert logs.open(StreamPlan("stdout", "/dev/null")) is None


def test_auto_names_are_supervisors_private_and_new(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "supervisor", ListLog())
    paths = {logs.auto_name("web", "stdout") for _ in range(5)}
    assert len(paths) == 5
    for path in paths:
        assert re.fullmatch(r"web-stdout---supervisor-[a-z0-9_]{8}\.log", os.path.basename(path))
        assert os.stat(path).st_mode & 0o777 == 0o600


def test_auto_logs_of_earlier_runs_are_removed_and_nothing_else(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "super.visor", ListLog())
    old = Path(logs.auto_name("web", "stderr"))
    Path(f"{old}.3").touch()
    kept = ["web-stderr---superxvisor-12345678.log", "web.log", f"{old.name}.bak"]
    for name in kept:
        (tmp_path / name).touch()
    logs.remove_auto_logs()
    assert sorted(os.listdir(tmp_path)) == sorted(kept)


def test_a_log_directory_that_is_gone_is_said(tmp_path: Path) -> None:
    log = ListLog()
    ChildLogs(str(tmp_path / "gone"), "supervisor", log).remove_auto_logs()
    assert log.lines == [("warn", "Could not clear childlog dir")]


def test_clear_and_reopen(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "supervisor", ListLog())
    path = tmp_path / "log"
    file = logs.open(StreamPlan("stdout", str(path)))
    assert file is not None
    file.write(b"x")
    logs.clear(str(path))
    assert path.read_bytes() == b""
    path.unlink()
    logs.reopen_all()
    assert path.exists()
    logs.close_all()
    path.write_bytes(b"closed")
    logs.clear(str(path))
    assert path.read_bytes() == b""
    logs.clear(str(tmp_path / "never was"))
    logs.clear("/dev/null")


def test_a_new_start_follows_a_removed_file_and_takes_the_new_limits(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "supervisor", ListLog())
    path = tmp_path / "log"
    file = logs.open(StreamPlan("stdout", str(path)))
    assert file is not None
    logs.release(file)
    path.unlink()
    assert logs.open(StreamPlan("stdout", str(path), max_bytes=5, backups=1)) is file
    file.write(b"12345\n")
    logs.close_all()
    assert (tmp_path / "log.1").read_bytes() == b"12345\n"


def test_a_log_that_a_descendant_still_writes_is_closed_after_its_last_writer(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "x", ListLog())
    plan = StreamPlan("stdout", str(tmp_path / "log"))
    first = logs.open(plan)
    assert first is not None
    logs.close_unused(first.path)  # the program has left the configuration, its descendant has not
    assert logs.open(plan) is first, "wanted again"
    logs.release(first)
    logs.close_unused(first.path)
    logs.release(first)
    second = logs.open(plan)
    assert second is not None
    assert second is not first
    logs.close_all()


def test_what_a_slow_target_has_not_taken_is_handed_over(tmp_path: Path) -> None:
    fifo = str(tmp_path / "fifo")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    logs = ChildLogs(str(tmp_path), "test", ListLog())
    file = logs.open(StreamPlan("stdout", fifo))
    assert file is not None
    data = b"".join(b"%07d\n" % number for number in range(40_000))
    assert not file.write(data), "more than the pipe takes"
    taken = os.read(reader, 1000)
    entries = logs.hand_over()
    logs.close_all()
    while True:
        try:
            taken += os.read(reader, 1 << 20)
        except BlockingIOError:
            break
    journal = FakeJournal(entries)
    heir = ChildLogs(str(tmp_path), "test", ListLog())
    heir.inherit(journal)
    assert journal.entries["waiting"] == {}
    while len(taken) < len(data):
        taken += os.read(reader, 1 << 20)
        heir.hand_over()
    assert taken == data
    assert heir.hand_over() == {}
    heir.close_all()
    os.close(reader)
