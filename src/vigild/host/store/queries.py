"""All SQL of the store but its migrations, by name."""

# What all migrations together come to. A test makes a store with them and compares.
SCHEMA = """
CREATE TABLE fact (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    details TEXT NOT NULL,
    output BLOB
);
CREATE INDEX fact_at ON fact (at);
CREATE INDEX fact_name ON fact (name, id) WHERE name <> '';
"""

# Before the first table is made; a file that has tables keeps what it has.
PREPARE = ("PRAGMA page_size = 4096", "PRAGMA auto_vacuum = INCREMENTAL")

# For each connection. A lost connection or a killed daemon loses nothing that was committed; a machine that
# loses its power may lose the last moments, but not the file.
OPEN = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -128",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 250",
    "PRAGMA journal_size_limit = 1048576",
)

GET_VERSION = "PRAGMA user_version"
SET_VERSION = "PRAGMA user_version = {version:d}"
BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"

INSERT_FACT = "INSERT INTO fact (at, kind, name, details, output) VALUES (?, ?, ?, ?, ?)"

_READ = """
SELECT id, at, kind, name, details, output FROM fact
WHERE {which} id > :after AND at >= :since AND at < :until
  AND (:kinds = '' OR instr(:kinds, '|' || kind || '|'))
ORDER BY id {order} LIMIT :limit
"""
_WHICH = {
    "all": "",
    "name": "name = :name AND name <> '' AND",
    # ';' is the character after ':', so this is every name that begins with the group's and a colon.
    "group": "(name = :name OR name >= :name || ':' AND name < :name || ';') AND name <> '' AND",
}
READ_LAST = {key: _READ.format(which=which, order="DESC") for key, which in _WHICH.items()}
READ_NEXT = {key: _READ.format(which=which, order="ASC") for key, which in _WHICH.items()}

COUNT_PAGES = "PRAGMA page_count"
COUNT_FREE_PAGES = "PRAGMA freelist_count"
PAGE_BYTES = "PRAGMA page_size"
DELETE_BEFORE = "DELETE FROM fact WHERE at < ?"
ID_RANGE = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM fact"
DELETE_UP_TO = "DELETE FROM fact WHERE id <= ?"
GIVE_BACK = "PRAGMA incremental_vacuum"
CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"
