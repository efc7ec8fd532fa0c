"""The outbox while its file cannot be written: a full disk is trouble that people have to be told of, not a reason for silence.

What the file held is taken along as far as it can be read, and all of it goes into the file again when that is possible.
Until then, the daemon keeps what has not arrived (`Deliverer._acknowledge`); what else is here is lost with this process.
"""

import os
import sqlite3
from contextlib import closing
from urllib.parse import quote

from vigild.alerts import queries
from vigild.alerts.outbox import BUSY_SECONDS, Outbox
from vigild.host.store.versions import migrate

MIN_FREE_BYTES = (
    2 << 20
)  # with less room on its disk the file is not relied upon: some of what is written would fit, some not


class MemoryOutbox(Outbox):
    """For the file at `path`, which cannot be written: `why`."""

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        self.set_aside = ""
        self.in_memory_because = why
        self._db = _memory()
        self._may_return = _is_empty(path)
        if not self._may_return:
            self._may_return = _copied(path, self._db)
            if not self._may_return:
                self._db.close()
                self._db = _memory()
        migrate(self._db, queries.MIGRATIONS)

    def close(self) -> None:
        """What is in it is lost."""
        self._db.close()

    def back_on_disk(self) -> Outbox | None:
        """All of it in the file again, instead of this; None where that cannot be."""
        if not self._may_return:  # what the file holds is not known here
            return None
        try:
            outbox = open_file(self.path)
        except (OSError, sqlite3.Error):
            return None
        try:
            outbox.fill_from(self._db)
        except sqlite3.Error:
            outbox.close()
            return None
        self.close()
        return outbox


def open_file(path: str) -> Outbox:
    """The outbox in its file, with room to write. Raises OSError and sqlite3.Error where that is not so."""
    outbox = Outbox(path)
    try:
        outbox.prove()
        free = _free_bytes(path)
        if free < MIN_FREE_BYTES:
            raise OSError(f"only {free} bytes are free on its disk")
    except BaseException:
        outbox.close()
        raise
    return outbox


def _free_bytes(path: str) -> int:
    found = os.statvfs(path)
    if not found.f_blocks:  # a file system that does not tell
        return MIN_FREE_BYTES
    return found.f_frsize * (found.f_bavail if os.geteuid() else found.f_bfree)


def _memory() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    for statement in queries.PREPARE:
        db.execute(statement).fetchall()
    return db


def _is_empty(path: str) -> bool:
    return not _size(path) and not _size(f"{path}-wal")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _copied(path: str, memory: sqlite3.Connection) -> bool:
    # Nothing may be written beside a file in a read-only directory; without a log beside it, it is complete by itself.
    ways = ["mode=ro"] if _size(f"{path}-wal") else ["mode=ro", "immutable=1"]
    for way in ways:
        try:
            uri = f"file:{quote(path)}?{way}"
            with closing(sqlite3.connect(uri, timeout=BUSY_SECONDS, uri=True)) as db:
                db.backup(memory)
            return True
        except sqlite3.Error:
            continue
    return False
