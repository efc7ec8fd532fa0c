"""The version of a database, and the steps from one to the next: for the history and for the outbox of alerts."""

import sqlite3
from collections.abc import Sequence

GET_VERSION = "PRAGMA user_version"
SET_VERSION = "PRAGMA user_version = {version:d}"
BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"


def migrate(db: sqlite3.Connection, steps: Sequence[Sequence[str]]) -> None:
    """Bring it to the newest version: step N leads from version N to N+1, wholly or not at all. Raises sqlite3.Error."""
    version = int(db.execute(GET_VERSION).fetchone()[0])
    if version > len(steps):
        raise sqlite3.NotSupportedError(
            f"it is of version {version}, made by a newer Vigil; this one knows {len(steps)}"
        )
    for number, statements in enumerate(steps[version:], version + 1):
        db.execute(BEGIN)
        for statement in statements:
            db.execute(statement)
        db.execute(SET_VERSION.format(version=number))
        db.execute(COMMIT)
