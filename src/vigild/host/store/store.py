"""The store itself: one SQLite file, opened, written, read and pruned. Everything here may wait for the disk.

Only the writer's thread (`host/store/writer.py`) comes here. What goes wrong is an OSError or an error of
`sqlite3`; `is_of_no_use` says which of them mean that the file is no database (any more).
"""

import json
import os
import sqlite3
import zlib
from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, cast

from vigild.core.access import is_of
from vigild.core.history import Details, Fact, HistoryQuery
from vigild.host.store import queries
from vigild.host.store.last_lines import last_lines
from vigild.host.store.migrations import MIGRATIONS
from vigild.host.store.versions import migrate

if TYPE_CHECKING:
    from vigild.host.store.machine_table import MachineTable
    from vigild.host.store.sample_table import SampleTable

BUSY_SECONDS = 2.0
KEPT_SHARE = 0.9  # of the allowed bytes, after the oldest facts had to go
MAX_OUTPUT_BYTES = 1 << 20  # of last lines in one answer; facts beyond that come without
MAX_PRUNE_STEPS = 20
MAX_ENDS = 8192

Row = tuple[int, float, str, str, str, bytes | None]


class Store:
    """The file at `path`, made if there is none, brought to the newest version. Raises OSError, sqlite3.Error."""

    def __init__(self, path: str, max_bytes: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._ends: dict[
            str, tuple[int, int, int]
        ] = {}  # where each log was when a run ended: the next begins there
        _make_private_file(path)
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            for statement in (*queries.PREPARE, *queries.OPEN):
                self._db.execute(statement).fetchall()
            migrate(self._db, MIGRATIONS)
            self._page_bytes = self._number(queries.PAGE_BYTES)
            self._samples: SampleTable | None = None
            self._machine: MachineTable | None = None
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """All of it into the one file, and let go."""
        try:
            if self._samples is not None:
                self._samples.flush()
            if self._machine is not None:
                self._machine.flush()
            self._db.execute(queries.CHECKPOINT).fetchall()
        except sqlite3.Error:
            pass  # a full disk; the next to open it finds the log beside it
        self._db.close()

    @property
    def samples(self) -> "SampleTable":
        """Its tables of samples, whose methods raise sqlite3.Error. Imported when first asked for."""
        if self._samples is None:
            from vigild.host.store.sample_table import SampleTable

            self._samples = SampleTable(self._db, self._max_bytes)
        return self._samples

    @property
    def machine(self) -> "MachineTable":
        """Its table of samples of the machine, likewise."""
        if self._machine is None:
            from vigild.host.store.machine_table import MachineTable

            self._machine = MachineTable(self._db)
        return self._machine

    @property
    def has_samples(self) -> bool:
        """Were the samples asked for, or added to, since it was opened?"""
        return self._samples is not None

    def add(self, facts: Sequence[Fact]) -> None:
        """Keep these, all or none."""
        rows = [_row(fact, self._output(fact) if fact.outputs else None) for fact in facts]
        self._db.execute(queries.BEGIN)
        try:
            self._db.executemany(queries.INSERT_FACT, rows)
            self._db.execute(queries.COMMIT)
        except BaseException:
            if self._db.in_transaction:
                self._db.execute(queries.ROLLBACK)
            raise

    def _output(self, fact: Fact) -> bytes | None:
        """The last lines, packed, of a run that did not end as expected."""
        lines: dict[str, list[str]] = {}
        for end in fact.outputs:
            device, inode, begin = self._ends.get(end.path, (0, 0, 0))
            if (device, inode) != (end.device, end.inode) or begin > end.size:
                begin = 0
            if len(self._ends) >= MAX_ENDS:
                self._ends.clear()
            self._ends[end.path] = end.device, end.inode, end.size
            if not fact.details.get("expected"):
                lines[end.channel] = last_lines(end, begin)
        found = {channel: some for channel, some in lines.items() if some}
        return zlib.compress(json.dumps(found).encode(), 1) if found else None

    def read(self, query: HistoryQuery) -> list[Details]:
        """Facts as plain structs, oldest first."""
        group, colon, member = query.name.partition(":")
        which = "all" if not query.name else "name"
        name = query.name
        if colon and member in ("", "*"):
            which, name = "group", group
        statement = queries.READ[which, "ASC" if query.after >= 0 else "DESC", bool(query.programs)]
        if query.programs:
            is_theirs = cache(partial(is_of, query.programs))
            self._db.create_function(queries.IS_THEIRS, 1, is_theirs)
        parameters = {
            "name": name,
            "after": query.after,
            "since": query.since,
            "until": query.until or 1e300,
            "kinds": f"|{'|'.join(query.kinds)}|" if query.kinds else "",
            "limit": query.limit,
        }
        rows = cast(list[Row], self._db.execute(statement, parameters).fetchall())
        room = MAX_OUTPUT_BYTES if query.with_output else 0
        structs = []
        for row in rows:
            struct, used = _struct(row, room)
            room -= used
            structs.append(struct)
        return structs if query.after >= 0 else structs[::-1]

    @property
    def bytes_used(self) -> int:
        """Of the file, without what is free in it."""
        pages = self._number(queries.COUNT_PAGES) - self._number(queries.COUNT_FREE_PAGES)
        return pages * self._page_bytes

    def prune(self, before_wall: float | None = None) -> int:
        """Let go of what is older than that, and of the oldest while there is too much; how many facts went."""
        gone = 0
        if before_wall is not None:
            gone = self._db.execute(queries.DELETE_BEFORE, (before_wall,)).rowcount
        if self.bytes_used > self._max_bytes:
            for _ in range(MAX_PRUNE_STEPS):
                first, last = cast(tuple[int, int], self._db.execute(queries.ID_RANGE).fetchone())
                if not last or self.bytes_used <= self._max_bytes * KEPT_SHARE:
                    break
                gone += self._db.execute(queries.DELETE_UP_TO, (first + (last - first + 1) // 10,)).rowcount
        if gone:
            self._db.executescript(queries.GIVE_BACK)  # `execute` would give back a single page
        return gone

    def _number(self, statement: str) -> int:
        return int(self._db.execute(statement).fetchone()[0])


def is_of_no_use(error: Exception) -> bool:
    """Is the file damaged, or no database at all? Then waiting does not help."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, sqlite3.NotSupportedError)


def _make_private_file(path: str) -> None:
    directory = os.path.dirname(path)
    os.makedirs(os.path.dirname(directory) or "/", exist_ok=True)
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        pass
    # SQLite gives the files beside it the same owner and mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))


def _row(fact: Fact, output: bytes | None) -> tuple[float, str, str, str, bytes | None]:
    return fact.at, fact.kind.value, fact.name, json.dumps(fact.details, separators=(",", ":")), output


def _struct(row: Row, room: int) -> tuple[Details, int]:
    number, at, kind, name, details, output = row
    struct: Details = {"id": number, "at": at, "kind": kind, "name": name, "details": json.loads(details)}
    used = 0
    if output is not None and room > 0:
        text = zlib.decompress(output)
        used = len(text)
        struct.update(json.loads(text))
    return struct, used
