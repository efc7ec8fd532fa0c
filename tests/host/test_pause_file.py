"""The file of paused monitors on a real disk."""

from pathlib import Path

from support.fakes import FakeLog
from vigild.host.pause_file import PauseFile
from vigild.host.state_file import pause_path


def a_file(folder: Path, log: FakeLog | None = None) -> PauseFile:
    return PauseFile(str(folder / "state"), "/etc/x.conf", "id", log or FakeLog())


def test_what_was_saved_last_is_there_for_the_next(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    assert file.load() == {}
    file.save({"disk": False})
    file.save({"disk": False, "off": True})
    file.close()
    assert a_file(tmp_path).load() == {"disk": False, "off": True}
    assert Path(file.path).stat().st_mode & 0o777 == 0o600
    assert file.path == pause_path(str(tmp_path / "state"), "/etc/x.conf", "id")


def test_what_is_no_pause_is_passed_over(tmp_path: Path) -> None:
    file = a_file(tmp_path)
    Path(file.path).parent.mkdir()
    Path(file.path).write_text('{"vigil": 1, "monitors": {"a": 1, "b": {}, "c": {"enabled": false}}}')
    assert file.load() == {"c": False}


def test_a_file_of_no_use_is_set_aside_and_said(tmp_path: Path) -> None:
    log = FakeLog()
    file = a_file(tmp_path, log)
    Path(file.path).parent.mkdir()
    Path(file.path).write_text("[]")
    assert file.load() == {}
    assert Path(file.path + ".unreadable").exists()
    assert log.lines[0].endswith("also those that somebody had paused")


def test_a_disk_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    log = FakeLog()
    (tmp_path / "state").write_text("a file where the directory should be")
    file = a_file(tmp_path, log)
    file.save({})
    file.close()
    assert "will not know which monitors were paused" in log.lines[0]
