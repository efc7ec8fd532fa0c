"""What a daemon believes of the journal it finds."""

from pathlib import Path

import pytest

from support.fakes import FakeLog
from vigild.daemon import inheritance
from vigild.daemon.inheritance import find_inheritance
from vigild.host.journal import open_journal
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir


def leave(path: Path, boot: bytes, torn: bytes = b"") -> None:
    journal = open_journal(str(path), {}, FakeLog())
    journal.put("head", "boot", boot)
    journal.put("process", "web", b"1")
    journal.close()
    with (path / "journal").open("ab") as file:
        file.write(torn)


def set_boot(monkeypatch: pytest.MonkeyPatch, boot: str, first_process: int) -> None:
    monkeypatch.setattr(inheritance, "boot_id", lambda: boot)
    monkeypatch.setattr(inheritance, "start_ticks", {1: first_process}.get)


def test_the_entries_of_this_boot_are_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_boot(monkeypatch, "now", 7)
    leave(tmp_path, b"now 7", b"+proc")
    log = FakeLog()
    found = find_inheritance(RuntimeDir(str(tmp_path), -1), log)  # type: ignore[arg-type]
    assert {"web": b"1"} == found.entries["process"] == found.journal.entries["process"]
    assert any("the last 5 bytes" in line for line in log.lines)
    found.journal.put("process", "web", b"2")
    assert {"web": b"1"} == found.entries["process"], "what was found stays what it was"
    found.journal.close()


@pytest.mark.parametrize("old", [b"then 7", b"now 6"], ids=["machine", "container"])
def test_those_of_another_boot_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bytes) -> None:
    set_boot(monkeypatch, "now", 7)
    leave(tmp_path, old)
    found = find_inheritance(RuntimeDir(str(tmp_path), -1), FakeLog())  # type: ignore[arg-type]
    assert {} == found.entries
    assert {"head": {"boot": b"now 7"}} == found.journal.entries
    found.journal.close()


def test_what_is_handed_over_is_of_this_boot_whatever_the_version_before_called_it(tmp_path: Path) -> None:
    entries = {"head": {"boot": b"in other words"}, "process": {"web": b"1"}}
    found = find_inheritance(RuntimeDir(str(tmp_path), -1), FakeLog(), entries)  # type: ignore[arg-type]
    assert {"web": b"1"} == found.entries["process"]
    found.journal.close()


def test_without_a_directory_there_is_nothing(tmp_path: Path) -> None:
    found = find_inheritance(NoRuntimeDir("read-only"), FakeLog())  # type: ignore[arg-type]
    assert {} == found.entries


def test_a_journal_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    log = FakeLog()
    found = find_inheritance(RuntimeDir(str(tmp_path), -1), log)  # type: ignore[arg-type]
    assert {} == found.entries
    assert any("cannot read the journal" in line for line in log.lines)
