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
CREATE TABLE sample_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
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
) WITHOUT ROWID;
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
) WITHOUT ROWID;
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

BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"

INSERT_FACT = "INSERT INTO fact (at, kind, name, details, output) VALUES (?, ?, ?, ?, ?)"

_READ = """
SELECT id, at, kind, name, details, output FROM fact
WHERE {which} id > :after AND at >= :since AND at < :until
  AND (:kinds = '' OR instr(:kinds, '|' || kind || '|')) {whose}
ORDER BY id {order} LIMIT :limit
"""
_WHICH = {
    "all": "",
    "name": "name = :name AND name <> '' AND",
    # ';' is the character after ':', so this is every name that begins with the group's and a colon.
    "group": "(name = :name OR name >= :name || ':' AND name < :name || ';') AND name <> '' AND",
}
# `is_theirs` is a function of the store's: is that program one of those that who asks has to do with? Monitors have names, too.
IS_THEIRS = "is_theirs"
_WHOSE = {False: "", True: f"AND name <> '' AND kind <> 'monitor' AND {IS_THEIRS}(name)"}
READ = {
    (key, order, is_for_some): _READ.format(which=which, order=order, whose=whose)
    for key, which in _WHICH.items()
    for order in ("ASC", "DESC")
    for is_for_some, whose in _WHOSE.items()
}
"""By which facts, their order, and whether they are for somebody who has to do with some programs only."""

COUNT_PAGES = "PRAGMA page_count"
COUNT_FREE_PAGES = "PRAGMA freelist_count"
PAGE_BYTES = "PRAGMA page_size"
DELETE_BEFORE = "DELETE FROM fact WHERE at < ?"
ID_RANGE = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM fact"
DELETE_UP_TO = "DELETE FROM fact WHERE id <= ?"
GIVE_BACK = "PRAGMA incremental_vacuum"
CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"

# Samples. `step`: how many seconds a row stands for, from `at` on, so that new rows go to the end of the table.
# CPU in hundredths of a percent, memory in KiB, rates in bytes a second: small numbers are stored in fewer bytes.
ADD_NAME = (
    "INSERT INTO sample_name (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id"
)
NAMES = "SELECT name, id FROM sample_name"
INSERT_SAMPLE = "INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MEANS = """
    cast(avg(cpu) AS INTEGER), max(cpu_max), cast(avg(rss) AS INTEGER), max(rss_max), cast(avg(pss) AS INTEGER),
    cast(avg(swap) AS INTEGER), max(threads), max(processes), max(files), cast(avg(read_rate) AS INTEGER),
    cast(avg(write_rate) AS INTEGER), max(restarts)
"""
ROLL_UP = f"""
INSERT OR REPLACE INTO sample
SELECT :coarse, at / :coarse * :coarse AS begun, name, {_MEANS} FROM sample
WHERE step = :fine AND at >= :since AND at < :until GROUP BY begun, name
"""
READ_SAMPLES = f"""
SELECT :since + (at - :since) / :bucket * :bucket AS begun, {_MEANS} FROM (
    SELECT * FROM sample WHERE step = :coarse AND at >= :since AND at < :split
    UNION ALL
    SELECT * FROM sample WHERE step = :fine AND at >= :split AND at < :until
) WHERE name = (SELECT id FROM sample_name WHERE name = :name) GROUP BY begun ORDER BY begun
"""
RECENT_SAMPLES = """
SELECT name, at, cpu, rss FROM sample
WHERE step = :step AND at IN (SELECT value FROM json_each(:minutes)) AND name IN (SELECT value FROM json_each(:names))
ORDER BY at
"""
COUNT_SAMPLES = "SELECT count(*) FROM sample"
SAMPLE_RANGE = "SELECT min(at), max(at) FROM sample WHERE step = ?"
DELETE_SAMPLES = "DELETE FROM sample WHERE step = ? AND at < ?"
FORGET_NAMES = """
DELETE FROM sample_name WHERE id NOT IN (SELECT DISTINCT name FROM sample)
"""

# The whole machine, likewise; load averages in hundredths.
INSERT_MACHINE = "INSERT OR REPLACE INTO machine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MACHINE_MEANS = """
    cast(avg(cpu) AS INTEGER), max(cpu_max), cast(avg(load) AS INTEGER), max(load_max), cast(avg(memory) AS INTEGER),
    max(memory_max), max(memory_total), cast(avg(swap) AS INTEGER), max(swap_total)
"""
ROLL_UP_MACHINE = f"""
INSERT OR REPLACE INTO machine
SELECT :coarse, at / :coarse * :coarse AS begun, {_MACHINE_MEANS} FROM machine
WHERE step = :fine AND at >= :since AND at < :until GROUP BY begun
"""
READ_MACHINE = f"""
SELECT :since + (at - :since) / :bucket * :bucket AS begun, {_MACHINE_MEANS} FROM (
    SELECT * FROM machine WHERE step = :coarse AND at >= :since AND at < :split
    UNION ALL
    SELECT * FROM machine WHERE step = :fine AND at >= :split AND at < :until
) GROUP BY begun ORDER BY begun
"""
MACHINE_RANGE = "SELECT min(at), max(at) FROM machine WHERE step = ?"
DELETE_MACHINE = "DELETE FROM machine WHERE step = ? AND at < ?"
