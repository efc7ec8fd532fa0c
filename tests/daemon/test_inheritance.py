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


def test_the_entries_of_this_boot_are_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inheritance, "boot_id", lambda: "now")
    leave(tmp_path, b"now", b"+proc")
    log = FakeLog()
    found = find_inheritance(RuntimeDir(str(tmp_path), -1), log)  # type: ignore[arg-type]
    assert {"web": b"1"} == found.entries["process"] == found.journal.entries["process"]
    assert any("the last 5 bytes" in line for line in log.lines)
    found.journal.put("process", "web", b"2")
    assert {"web": b"1"} == found.entries["process"], "what was found stays what it was"
    found.journal.close()


def test_those_of_another_boot_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inheritance, "boot_id", lambda: "now")
    leave(tmp_path, b"then")
    found = find_inheritance(RuntimeDir(str(tmp_path), -1), FakeLog())  # type: ignore[arg-type]
    assert {} == found.entries
    assert {"head": {"boot": b"now"}} == found.journal.entries
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
