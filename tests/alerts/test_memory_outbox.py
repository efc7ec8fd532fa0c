"""The outbox while its file cannot be written."""

import os
import sqlite3
from pathlib import Path

import pytest

from alerts.build import edge
from vigild.alerts import memory_outbox
from vigild.alerts.loop import open_outbox
from vigild.alerts.memory_outbox import MemoryOutbox, open_file
from vigild.alerts.outbox import Outbox
from vigild.core.alerting import Trouble

BEFORE, MEANWHILE = Trouble(edge("before"), 1.0, 1.0), Trouble(edge("meanwhile"), 2.0, 2.0)


def put(outbox: Outbox, trouble: Trouble) -> None:
    with outbox:
        outbox.put_troubles("ops", {trouble.edge.key: trouble})


def names(outbox: Outbox) -> set[str]:
    return {trouble.edge.name for trouble in outbox.troubles().get("ops", {}).values()}


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "alerts.db")


def test_a_directory_that_cannot_be_made_is_no_reason_for_silence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    path, said = str(tmp_path / "state" / "alerts.db"), list[str]()
    outbox = open_outbox(path, said.append)
    assert "cannot be written" in outbox.in_memory_because
    assert "cannot be written" in said[0]
    put(outbox, MEANWHILE)
    assert names(outbox) == {"meanwhile"}
    assert outbox.back_on_disk() is None, "it still cannot be written"
    (tmp_path / "state").unlink()
    back = outbox.back_on_disk()
    assert back is not None
    back.close()
    again = Outbox(path)
    assert names(again) == {"meanwhile"}
    again.close()


def test_what_the_file_held_comes_along_and_goes_back(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox(path)
    put(outbox, BEFORE)
    outbox.close()
    monkeypatch.setattr(memory_outbox, "MIN_FREE_BYTES", 1 << 62)  # the disk is full
    spare = open_outbox(path, lambda text: None)
    assert "bytes are free" in spare.in_memory_because
    assert names(spare) == {"before"}
    put(spare, MEANWHILE)
    assert spare.back_on_disk() is None
    monkeypatch.setattr(memory_outbox, "MIN_FREE_BYTES", 0)
    back = spare.back_on_disk()
    assert back is not None
    assert names(back) == {"before", "meanwhile"}
    put(back, BEFORE)
    back.close()


def test_it_is_read_with_the_log_that_a_killed_deliverer_left(path: str) -> None:
    outbox = Outbox(path)
    put(outbox, BEFORE)
    assert os.stat(f"{path}-wal").st_size
    spare = MemoryOutbox(path, "why")
    assert names(spare) == {"before"}
    spare.close()
    outbox.close()


def test_a_file_that_cannot_be_read_is_not_written_over(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_bytes(b"no database, but not ours to lose" * 200)
    spare = MemoryOutbox(path, "why")
    put(spare, MEANWHILE)
    assert names(spare) == {"meanwhile"}
    assert spare.back_on_disk() is None
    spare.close()
    assert Path(path).read_bytes().startswith(b"no database")


def test_a_file_that_cannot_be_filled_is_left(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spare = MemoryOutbox(path, "why")
    put(spare, MEANWHILE)

    def full(self: Outbox, db: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Outbox, "fill_from", full)
    assert spare.back_on_disk() is None
    assert names(spare) == {"meanwhile"}
    monkeypatch.undo()
    back = spare.back_on_disk()
    assert back is not None
    back.close()


def test_the_file_is_taken_where_it_can_be(path: str) -> None:
    outbox = open_file(path)
    assert not outbox.in_memory_because
    assert outbox.back_on_disk() is None
    outbox.close()
