"""A database is brought to the newest version, step by step."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from vigild.host.store.versions import GET_VERSION, migrate

STEPS = (("CREATE TABLE a (x)", "INSERT INTO a VALUES (1)"), ("ALTER TABLE a ADD COLUMN y",))


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        yield made


def version(db: sqlite3.Connection) -> int:
    return int(db.execute(GET_VERSION).fetchone()[0])


def test_only_the_steps_that_are_missing_are_made(db: sqlite3.Connection) -> None:
    migrate(db, STEPS[:1])
    assert version(db) == 1
    migrate(db, STEPS)
    migrate(db, STEPS)
    assert (version(db), db.execute("SELECT x, y FROM a").fetchall()) == (2, [(1, None)])


def test_a_step_that_fails_leaves_nothing_of_itself(db: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, (*STEPS[:1], ("DELETE FROM a", "no SQL at all")))
    db.execute("ROLLBACK")
    assert (version(db), db.execute("SELECT x FROM a").fetchall()) == (1, [(1,)])


def test_what_a_newer_vigil_wrote_is_refused(db: sqlite3.Connection) -> None:
    migrate(db, STEPS)
    with pytest.raises(sqlite3.NotSupportedError, match="version 2, made by a newer Vigil; this one knows 1"):
        migrate(db, STEPS[:1])
