"""The steps from one version of the store to the next, in order: step N leads from version N to N+1.

A step that was ever released is not changed again. What they come to together is `queries.SCHEMA`.
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE fact (
            id INTEGER PRIMARY KEY,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            details TEXT NOT NULL,
            output BLOB
        )
        """,
        "CREATE INDEX fact_at ON fact (at)",
        "CREATE INDEX fact_name ON fact (name, id) WHERE name <> ''",
    ),
)
