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
    (
        "CREATE TABLE sample_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        """
        CREATE TABLE sample (
            step INTEGER NOT NULL,
            at INTEGER NOT NULL,
            name INTEGER NOT NULL,
            cpu INTEGER NOT NULL,
            cpu_max INTEGER NOT NULL,
            rss INTEGER NOT NULL,
            rss_max INTEGER NOT NULL,
            pss INTEGER,
            swap INTEGER,
            threads INTEGER NOT NULL,
            processes INTEGER NOT NULL,
            files INTEGER,
            read_rate INTEGER,
            write_rate INTEGER,
            restarts INTEGER NOT NULL,
            PRIMARY KEY (step, at, name)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE machine (
            step INTEGER NOT NULL,
            at INTEGER NOT NULL,
            cpu INTEGER,
            cpu_max INTEGER,
            load INTEGER NOT NULL,
            load_max INTEGER NOT NULL,
            memory INTEGER NOT NULL,
            memory_max INTEGER NOT NULL,
            memory_total INTEGER NOT NULL,
            swap INTEGER NOT NULL,
            swap_total INTEGER NOT NULL,
            PRIMARY KEY (step, at)
        ) WITHOUT ROWID
        """,
    ),
)
