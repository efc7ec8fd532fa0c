"""The outbox: what is kept, over deaths and versions."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from alerts.build import edge
from vigild.alerts import outbox as outbox_module
from vigild.alerts import queries
from vigild.alerts.outbox import AlertRow, Outbox
from vigild.core.alerting import Trouble
from vigild.core.delivering import Parcel
from vigild.core.digest import Digest, Telling


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "alerts.db")


def schema(db: sqlite3.Connection) -> set[tuple[str, str]]:
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(name, "".join(sql.split())) for name, sql in rows if not name.startswith("sqlite_")}


def test_all_migrations_together_are_the_schema(path: str) -> None:
    Outbox(path).close()
    with sqlite3.connect(":memory:") as expected, sqlite3.connect(path) as migrated:
        expected.executescript(queries.SCHEMA)
        assert schema(expected) == schema(migrated)
    expected.close()
    migrated.close()


def test_it_comes_back_as_it_was(path: str) -> None:
    outbox = Outbox(path)
    trouble = Trouble(edge("w\udcff"), 1.0, 2.0, lines={"stderr": ("x",)})
    digest = Digest("ops", "id", 1.0, (Telling(edge(), 1.0),))
    with outbox:
        outbox.put_alert("ops", AlertRow((1.0, 2.0), 3, 4, 5))
        outbox.put_troubles("ops", {trouble.edge.key: trouble, "gone": None})
        one, two = outbox.add_receiver("ops", "a"), outbox.add_receiver("ops", "b")
        one.error, one.failing_since, one.refused = "e", 7.0, "r"
        outbox.put_receiver(one)
        parcels = outbox.add_digest(digest, [one.number, two.number])
    outbox.close()

    outbox = Outbox(path)
    assert {"ops": AlertRow((1.0, 2.0), 3, 4, 5)} == outbox.alerts()
    assert {"ops": {trouble.edge.key: trouble}} == outbox.troubles()
    assert [one, two] == outbox.receivers()
    assert {one.number: [parcels[one.number]], two.number: [parcels[two.number]]} == outbox.parcels()
    assert digest == outbox.digest(parcels[one.number].digest)
    with outbox:
        outbox.put_troubles("ops", {trouble.edge.key: None})
        outbox.drop_parcel(parcels[one.number])
    assert digest == outbox.digest(parcels[two.number].digest), "another receiver waits for it"
    with outbox:
        outbox.drop_parcel(parcels[two.number])
        outbox.drop_alert("ops")
    assert ({}, {}, {}, None) == (
        outbox.alerts(),
        outbox.troubles(),
        outbox.parcels(),
        outbox.digest(parcels[two.number].digest),
    )
    assert outbox.bytes_used > 0
    outbox.close()


def test_a_receiver_that_goes_leaves_what_waits_to_its_heir_or_to_nobody(path: str) -> None:
    outbox = Outbox(path)
    with outbox:
        one, two = outbox.add_receiver("ops", "a"), outbox.add_receiver("ops", "b")
        parcel = outbox.add_digest(Digest("ops", "id", 1.0, ()), [one.number])[one.number]
        outbox.drop_receiver(one.number, two.number)
    assert {two.number: [parcel]} == outbox.parcels()
    with outbox:
        outbox.drop_receiver(two.number, None)
    assert ({}, [], None) == (outbox.parcels(), outbox.receivers(), outbox.digest(parcel.digest))
    outbox.close()


def _fail_midway(outbox: Outbox) -> None:
    outbox.put_alert("ops", AlertRow(delivered=2))
    raise TypeError


def test_what_is_not_finished_is_not_kept(path: str) -> None:
    outbox = Outbox(path)
    with outbox:
        outbox.put_alert("ops", AlertRow(delivered=1))
    with pytest.raises(TypeError), outbox:
        _fail_midway(outbox)
    assert {"ops": AlertRow(delivered=1)} == outbox.alerts()
    outbox.close()


def test_numbers_of_edges_are_remembered_for_a_while(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "KEPT_NUMBERS", 3)
    outbox = Outbox(path)
    with outbox:
        assert [True] * 4 == [outbox.see(number) for number in (10, 9, 8, 7)]
        assert [True, False, False] == [outbox.see(number) for number in (10, 8, 7)]
    outbox.close()


def test_only_its_owner_reads_it(path: str) -> None:
    outbox = Outbox(path)
    assert 0o700 == stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode)
    for name in os.listdir(os.path.dirname(path)):
        assert 0o600 == stat.S_IMODE(os.stat(os.path.join(os.path.dirname(path), name)).st_mode)
    outbox.close()


@pytest.mark.parametrize("version", [None, 99])
def test_a_damaged_or_newer_file_is_set_aside(path: str, version: int | None) -> None:
    os.makedirs(os.path.dirname(path))
    if version is None:
        Path(path).write_bytes(b"no database at all" * 100)
        Path(f"{path}-wal").touch()
    else:
        db = sqlite3.connect(path)
        db.execute(f"PRAGMA user_version = {version}")
        db.close()
    outbox = Outbox(path)
    assert f"{path}.unreadable" == outbox.set_aside
    assert os.path.exists(outbox.set_aside)
    assert {} == outbox.alerts()
    outbox.close()


def test_a_place_where_nothing_can_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        Outbox(str(tmp_path / "file" / "alerts.db"))


def test_what_cannot_be_read_any_more_is_left_out(path: str) -> None:
    outbox = Outbox(path)
    outbox.close()
    db = sqlite3.connect(path)
    with db:
        db.execute("INSERT INTO trouble VALUES ('ops', X'00', X'00')")
        db.execute("INSERT INTO digest VALUES (1, X'00')")
    db.close()
    outbox = Outbox(path)
    assert ({}, None, None) == (outbox.troubles(), outbox.digest(1), outbox.digest(2))
    outbox.close()


def test_a_parcel_is_known_by_its_number() -> None:
    assert Parcel(1, 2) != Parcel(2, 2)
