"""All SQL of the outbox, by name, and the steps from one version of it to the next.

A step that was ever released is not changed again. What they come to together is `SCHEMA`, which a test compares.
"""

SCHEMA = """
CREATE TABLE seen (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    edge INTEGER NOT NULL UNIQUE
);
CREATE TABLE alert (
    name TEXT PRIMARY KEY,
    told TEXT NOT NULL,
    left_out INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    lost INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE trouble (
    alert TEXT NOT NULL,
    key BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (alert, key)
) WITHOUT ROWID;
CREATE TABLE receiver (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert TEXT NOT NULL,
    mark TEXT NOT NULL,
    failing_since REAL NOT NULL,
    error TEXT NOT NULL,
    refused TEXT NOT NULL,
    UNIQUE (alert, mark)
);
CREATE TABLE digest (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    body BLOB NOT NULL
);
CREATE TABLE parcel (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    receiver INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    refused_at REAL NOT NULL DEFAULT 0
);
CREATE INDEX parcel_digest ON parcel (digest);
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE seen (number INTEGER PRIMARY KEY AUTOINCREMENT, edge INTEGER NOT NULL UNIQUE)",
        "CREATE TABLE alert (name TEXT PRIMARY KEY, told TEXT NOT NULL, left_out INTEGER NOT NULL,"
        " delivered INTEGER NOT NULL, lost INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE trouble (alert TEXT NOT NULL, key BLOB NOT NULL, body BLOB NOT NULL, PRIMARY KEY (alert, key))"
        " WITHOUT ROWID",
        "CREATE TABLE receiver (id INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL, mark TEXT NOT NULL,"
        " failing_since REAL NOT NULL, error TEXT NOT NULL, refused TEXT NOT NULL, UNIQUE (alert, mark))",
        "CREATE TABLE digest (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)",
        "CREATE TABLE parcel (id INTEGER PRIMARY KEY AUTOINCREMENT, receiver INTEGER NOT NULL, digest INTEGER NOT NULL)",
        "CREATE INDEX parcel_digest ON parcel (digest)",
    ),
    ("ALTER TABLE parcel ADD COLUMN refused_at REAL NOT NULL DEFAULT 0",),
)

# Before the first table is made.
PREPARE = ("PRAGMA page_size = 4096", "PRAGMA auto_vacuum = INCREMENTAL")

# What is committed outlives the death of the process. A machine that loses its power may lose the last moments, not the file.
OPEN = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -512",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 250",
    "PRAGMA journal_size_limit = 1048576",
)

BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"
GIVE_BACK = "PRAGMA incremental_vacuum"
COUNT_PAGES = "PRAGMA page_count"
COUNT_FREE_PAGES = "PRAGMA freelist_count"
PAGE_BYTES = "PRAGMA page_size"

HAS_SEEN = "SELECT 1 FROM seen WHERE edge = ?"
SEE = "INSERT INTO seen (edge) VALUES (?)"
FORGET_SEEN = "DELETE FROM seen WHERE number <= (SELECT max(number) FROM seen) - ?"

READ_ALERTS = "SELECT name, told, left_out, delivered, lost FROM alert"
PUT_ALERT = "INSERT OR REPLACE INTO alert (name, told, left_out, delivered, lost) VALUES (?, ?, ?, ?, ?)"
DROP_ALERT = "DELETE FROM alert WHERE name = ?"

READ_TROUBLES = "SELECT alert, body FROM trouble"
PUT_TROUBLE = "INSERT OR REPLACE INTO trouble (alert, key, body) VALUES (?, ?, ?)"
DROP_TROUBLE = "DELETE FROM trouble WHERE alert = ? AND key = ?"
DROP_TROUBLES = "DELETE FROM trouble WHERE alert = ?"

READ_RECEIVERS = "SELECT id, alert, mark, failing_since, error, refused FROM receiver ORDER BY id"
ADD_RECEIVER = "INSERT INTO receiver (alert, mark, failing_since, error, refused) VALUES (?, ?, 0, '', '')"
PUT_RECEIVER = "UPDATE receiver SET failing_since = ?, error = ?, refused = ? WHERE id = ?"
DROP_RECEIVER = "DELETE FROM receiver WHERE id = ?"

READ_PARCELS = "SELECT id, receiver, digest FROM parcel WHERE refused_at = 0 ORDER BY id"
ADD_PARCEL = "INSERT INTO parcel (receiver, digest) VALUES (?, ?)"
MOVE_PARCELS = "UPDATE parcel SET receiver = ? WHERE receiver = ?"
DROP_PARCEL = "DELETE FROM parcel WHERE id = ?"
REFUSE_PARCEL = "UPDATE parcel SET refused_at = ? WHERE id = ?"
REVIVE_PARCELS = "UPDATE parcel SET refused_at = 0 WHERE receiver = ? AND refused_at > ?"
DROP_REFUSED = "DELETE FROM parcel WHERE refused_at > 0 AND refused_at <= ?"
DROP_REFUSED_OF = (
    "DELETE FROM parcel WHERE id IN (SELECT id FROM parcel WHERE refused_at > 0"
    " AND receiver = (SELECT receiver FROM parcel WHERE id = ?) ORDER BY id DESC LIMIT -1 OFFSET ?)"
)
DROP_PARCELS_OF = "DELETE FROM parcel WHERE receiver = ?"

ADD_DIGEST = "INSERT INTO digest (body) VALUES (?)"
READ_DIGEST = "SELECT body FROM digest WHERE id = ?"
DROP_LONELY_DIGESTS = "DELETE FROM digest WHERE id NOT IN (SELECT digest FROM parcel)"
DROP_LONELY_DIGEST = (
    "DELETE FROM digest WHERE id = :id AND NOT EXISTS (SELECT 1 FROM parcel WHERE digest = :id)"
)
