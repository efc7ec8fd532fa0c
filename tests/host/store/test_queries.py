"""Every statement is one that SQLite takes, on the schema that it is for."""

import sqlite3
from contextlib import closing

from vigild.host.store import queries


def test_statements_fit_the_schema() -> None:
    parameters = {"name": "x", "after": -1, "since": 0, "until": 9e9, "kinds": "", "limit": 9}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.executescript(queries.SCHEMA)
        database.create_function(queries.IS_THEIRS, 1, lambda name: True)
        for statement in queries.READ.values():
            assert database.execute(statement, parameters).fetchall() == []
        database.execute(queries.INSERT_FACT, (1.0, "state", "web", "{}", None))
        assert database.execute(queries.ID_RANGE).fetchone() == (1, 1)
        assert database.execute(queries.DELETE_BEFORE, (2.0,)).rowcount == 1
        assert database.execute(queries.ID_RANGE).fetchone() == (0, 0)
        assert database.execute(queries.DELETE_UP_TO, (9,)).rowcount == 0
        for statement in (queries.COUNT_PAGES, queries.COUNT_FREE_PAGES, queries.PAGE_BYTES):
            assert database.execute(statement).fetchone()[0] >= 0
