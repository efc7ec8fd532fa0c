"""The file that outlasts a reboot: written whole or not at all, and never in the loop's way."""

import os
import stat
import threading
from pathlib import Path

import pytest

from support.fakes import FakeLog
from support.until import DEADLINE_SECONDS
from vigild.core.stop_marks import Cause, StopMark
from vigild.host import state_file
from vigild.host.state_file import StopFile, default_state_dir

MARKS = {"web": StopMark(Cause.HAND, 1_700_000_000.0)}


def stop_file(directory: Path, log: FakeLog | None = None, identifier: str = "supervisor") -> StopFile:
    return StopFile(str(directory), "/etc/supervisord.conf", identifier, log or FakeLog())


def test_what_is_saved_is_there_for_the_next_daemon(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "state"
    first = stop_file(directory)
    assert first.load() == {}
    assert not directory.exists(), "nothing is made before there is something to remember"
    first.save(MARKS)
    first.close()
    assert stop_file(directory).load() == MARKS
    assert stop_file(directory, identifier="other").load() == {}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(os.stat(first.path).st_mode) == 0o600
    assert os.listdir(directory) == [os.path.basename(first.path)]
    first.discard()
    first.discard()
    assert os.listdir(directory) == []


def test_a_stalled_disk_holds_up_nobody_and_the_newest_state_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled, goes_on = threading.Event(), threading.Event()
    writes: list[int] = []
    replace = state_file._replace

    def slow(path: str, data: bytes) -> None:
        stalled.set()
        assert goes_on.wait(DEADLINE_SECONDS)
        writes.append(len(data))
        replace(path, data)

    monkeypatch.setattr(state_file, "_replace", slow)
    log = FakeLog()
    file = stop_file(tmp_path, log)
    file.save({})
    assert stalled.wait(DEADLINE_SECONDS)
    for number in range(100):
        file.save({f"p{number}": MARKS["web"]})
    monkeypatch.setattr(state_file, "CLOSE_SECONDS", 0.01)
    file.close()
    assert any("does not answer" in line for line in log.lines)
    goes_on.set()
    monkeypatch.setattr(state_file, "CLOSE_SECONDS", 20)
    file.close()
    assert list(file.load()) == ["p99"]
    assert len(writes) == 2


@pytest.mark.parametrize("data", [b"{", b"[]"])
def test_a_file_that_is_of_no_use_is_set_aside_and_said(tmp_path: Path, data: bytes) -> None:
    log = FakeLog()
    file = stop_file(tmp_path, log)
    Path(file.path).write_bytes(data)
    assert file.load() == {}
    assert Path(file.path + ".unreadable").read_bytes() == data
    assert not os.path.exists(file.path)
    assert log.lines[0].startswith(f"CRIT cannot use {file.path}: ")
    assert "all programs start as configured" in log.lines[0]
    assert file.load() == {}
    assert len(log.lines) == 1


def test_what_cannot_even_be_set_aside_is_said_too(tmp_path: Path) -> None:
    log = FakeLog()
    file = stop_file(tmp_path, log)
    os.mkdir(file.path)
    (tmp_path / (os.path.basename(file.path) + ".unreadable")).write_text("in the way")
    assert file.load() == {}
    assert "Is a directory; and cannot be set aside" in log.lines[0]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    log = FakeLog()
    (tmp_path / "file").write_text("")
    file = stop_file(tmp_path / "file", log)
    file.save(MARKS)
    file.close()
    assert len(log.lines) == 1
    assert "Not a directory; what an operator stopped will start again" in log.lines[0]


def test_what_cannot_be_written_for_long_is_said_once(tmp_path: Path) -> None:
    log = FakeLog()
    blocked = tmp_path / "blocked"
    file = stop_file(blocked, log)

    def save() -> None:
        file.save(MARKS)
        file.close()

    for _ in range(2):
        blocked.write_text("")
        save()
        save()
        blocked.unlink()
        save()
        os.unlink(file.path)
        blocked.rmdir()
    assert len(log.lines) == 2


def test_where_state_is_kept(tmp_path: Path) -> None:
    assert default_state_dir({"XDG_STATE_HOME": "/x"}, 0) == "/var/lib/vigil"
    assert default_state_dir({"XDG_STATE_HOME": "/x"}, 1000) == "/x/vigil"
    assert default_state_dir({"XDG_STATE_HOME": "x", "HOME": str(tmp_path)}, 1000) == (
        f"{tmp_path}/.local/state/vigil"
    )
    # Of a unit with StateDirectory= systemd says where.
    assert default_state_dir({"STATE_DIRECTORY": "/s/a:/s/b", "XDG_STATE_HOME": "/x"}, 0) == "/s/a"
    assert default_state_dir({"STATE_DIRECTORY": "relative"}, 0) == "/var/lib/vigil"
    # A user that is nobody has the home that the environment says, or none.
    assert default_state_dir({"HOME": "/not there"}, 4_000_000_000) == "/not there/.local/state/vigil"
    assert default_state_dir({}, 4_000_000_000) == "/.local/state/vigil"
    assert default_state_dir({"HOME": "/not there"}, os.geteuid() or 1).endswith("/.local/state/vigil")
