"""The store on real files: schema, reading, bounds, and files that are of no use."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from vigild.core.history import Fact, HistoryQuery, Kind, OutputEnd
from vigild.host.store import queries
from vigild.host.store.aside import set_aside
from vigild.host.store.migrations import MIGRATIONS
from vigild.host.store.store import Store, is_of_no_use
from vigild.host.store.versions import GET_VERSION, SET_VERSION

MB = 1 << 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(str(tmp_path / "state" / "h.db"), 50 * MB)
    yield made
    made.close()


def fact(number: int, name: str = "web", kind: Kind = Kind.STATE) -> Fact:
    return Fact(1000.0 + number, kind, name, {"n": number})


def numbers(store: Store, **query: object) -> list[object]:
    return [struct["details"]["n"] for struct in store.read(HistoryQuery(**query))]  # type: ignore[arg-type,index]


def schema_of(database: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    return [(name, " ".join((sql or "").split())) for name, sql in rows]


def test_all_migrations_come_to_the_schema() -> None:
    with closing(sqlite3.connect(":memory:")) as migrated, closing(sqlite3.connect(":memory:")) as made:
        for statements in MIGRATIONS:
            for statement in statements:
                migrated.execute(statement)
        made.executescript(queries.SCHEMA)
        assert schema_of(made) == schema_of(migrated)


def test_a_store_is_private_and_of_the_newest_version(store: Store, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()} == {0o600}
    with closing(sqlite3.connect(store.path)) as database:
        assert database.execute(GET_VERSION).fetchone() == (len(MIGRATIONS),)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_facts_come_back_oldest_first(store: Store) -> None:
    store.add([fact(number) for number in range(5)])
    (first, *_) = store.read(HistoryQuery())
    assert first == {"id": 1, "at": 1000.0, "kind": "state", "name": "web", "details": {"n": 0}}
    assert numbers(store) == [0, 1, 2, 3, 4]
    assert numbers(store, limit=2) == [3, 4]
    assert numbers(store, after=2, limit=2) == [2, 3]
    assert numbers(store, since=1001.0, until=1003.0) == [1, 2]


def test_by_name_group_and_kind(store: Store) -> None:
    names = ["web", "g:a", "g:b", "g", "g2:a", ""]
    store.add([fact(number, name) for number, name in enumerate(names)])
    store.add([fact(9, "web", Kind.EXIT)])
    assert numbers(store, name="web") == [0, 9]
    assert numbers(store, name="g:a") == [1]
    assert numbers(store, name="g:*") == [1, 2, 3]
    assert numbers(store, name="g:") == [1, 2, 3]
    assert numbers(store, name="web", kinds=("exit", "order")) == [9]
    assert numbers(store, name="nobody") == []


def test_who_has_to_do_with_some_programs_is_told_of_those(store: Store) -> None:
    names = ("web", "g:a", "g:b", "", "g:*")
    store.add([fact(number, name) for number, name in enumerate(names)])
    store.add([fact(5, "web", Kind.MONITOR), fact(6, "web", Kind.ORDER)])
    assert [0, 6] == numbers(store, programs=("web",))
    assert [1] == numbers(store, programs=("g:a",))
    assert [1, 2, 4] == numbers(store, programs=("g:*",))
    assert [6] == numbers(store, programs=("web",), limit=1)
    assert [0] == numbers(store, programs=("web",), limit=1, after=0)
    assert [6] == numbers(store, programs=("web",), kinds=("order",))
    assert [] == numbers(store, programs=("g:a",), name="web")
    assert [0, 1, 2, 3, 4, 5, 6] == numbers(store)


def test_names_are_looked_up_by_the_index(store: Store) -> None:
    parameters = {"name": "x", "after": -1, "since": 0, "until": 9e9, "kinds": "", "limit": 9}
    with closing(sqlite3.connect(store.path)) as database:
        plan = str(
            database.execute(
                f"EXPLAIN QUERY PLAN {queries.READ['name', 'DESC', False]}", parameters
            ).fetchall()
        )
    assert "fact_name" in plan


def test_last_lines_are_kept_and_given_when_asked_for(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("oh no\n")
    facts = log.stat()
    end = OutputEnd("stderr", str(log), facts.st_dev, facts.st_ino, facts.st_size)
    store.add([Fact(1.0, Kind.EXIT, "web", {}, (end,))])
    log.unlink()
    (struct,) = store.read(HistoryQuery(with_output=True))
    assert struct["stderr"] == ["oh no"]
    assert "stdout" not in struct
    assert "stderr" not in store.read(HistoryQuery())[0]


def test_last_lines_are_those_of_one_run(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def ends(text: str, *, expected: bool, mode: str = "a") -> None:
        with log.open(mode) as file:
            file.write(text)
        facts = log.stat()
        end = OutputEnd("stderr", str(log), facts.st_dev, facts.st_ino, facts.st_size)
        store.add([Fact(1.0, Kind.EXIT, "web", {"expected": expected}, (end,))])

    ends("one\n", expected=False)
    ends("two\n", expected=True)
    ends("three\n", expected=False)
    ends("", expected=False)
    ends("x\n", expected=False, mode="w")  # emptied meanwhile
    found = [struct.get("stderr") for struct in store.read(HistoryQuery(with_output=True))]
    assert found == [["one"], None, ["three"], None, ["x"]]


def test_what_is_old_goes(store: Store) -> None:
    store.add([fact(number) for number in range(10)])
    assert store.prune(1004.0) == 4
    assert numbers(store) == [4, 5, 6, 7, 8, 9]


def test_it_stays_under_its_size_and_gives_room_back(tmp_path: Path) -> None:
    with closing(Store(str(tmp_path / "s" / "h.db"), MB)) as store:
        for batch in range(60):
            store.add(
                [Fact(float(batch), Kind.ORDER, "web", {"n": batch, "x": "x" * 400}) for _ in range(100)]
            )
            if store.bytes_used > MB:
                assert store.prune() > 0
                assert store.bytes_used <= MB
        assert numbers(store)[-1] == 59
    assert os.path.getsize(store.path) <= 1.3 * MB


def test_all_or_none_of_a_batch(store: Store) -> None:
    unwritable = Fact(1.0, Kind.ORDER, "web", {"n": object()})
    with pytest.raises(TypeError):
        store.add([fact(1), unwritable])
    too_large = Fact(1.0, Kind.ORDER, "\ud800", {})
    with pytest.raises(UnicodeEncodeError):
        store.add([fact(1), too_large])
    store.add([fact(2)])
    assert numbers(store) == [2]


@pytest.mark.parametrize("content", [b"no database, " * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_what_is_no_database_is_of_no_use_and_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "h.db"
    path.write_bytes(content)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        Store(str(path), MB)
    assert is_of_no_use(caught.value)
    assert set_aside(str(path)) == f"{path}.unreadable"
    Store(str(path), MB).close()
    assert (tmp_path / "h.db.unreadable").read_bytes() == content


def test_a_store_of_a_newer_vigil_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "s" / "h.db"
    Store(str(path), MB).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute(SET_VERSION.format(version=99))
    with pytest.raises(sqlite3.NotSupportedError, match="made by a newer Vigil"):
        Store(str(path), MB)


def test_a_full_disk_is_no_damage() -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    assert not is_of_no_use(error)
    assert not is_of_no_use(OSError(28, "No space left on device"))
