"""What is not delivered yet, in an SQLite file of the state directory: books of troubles, digests, and their parcels.

What a method here has written is safe from the death of this process when `commit` returns. The file is small and
bounded; everything in it that is decided on is also in memory, in the deliverer. Raises OSError and sqlite3.Error.
"""

import fcntl
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType

from vigild.alerts import queries
from vigild.core.alerting import Trouble
from vigild.core.delivering import Parcel
from vigild.core.digest import Digest
from vigild.host.store.aside import set_aside
from vigild.host.store.versions import GET_VERSION, SET_VERSION, migrate
from vigild.wire.digests import decode_digest, decode_trouble, encode_digest, encode_trouble

BUSY_SECONDS = 5.0
KEPT_NUMBERS = 20_000  # of edges that were heard: a daemon may tell one again that it does not know was kept


@dataclass(slots=True)
class AlertRow:
    """What is remembered of an alert beside its book. `told`: when messages left, within the hour."""

    told: tuple[float, ...] = ()
    left_out: int = 0
    delivered: int = 0
    lost: int = 0


@dataclass(slots=True)
class ReceiverRow:
    """What is remembered of a receiver, which is known by the `mark` of its address (a digest, nothing secret)."""

    number: int
    alert: str
    mark: str
    failing_since: float = 0.0
    error: str = ""
    refused: str = ""


class Outbox:
    """The file at `path`, made if there is none, brought to the newest version. One that is damaged is set aside.

    It belongs to one process at a time: another deliverer that is about to end is waited for, or both would send.
    """

    in_memory_because = ""  # why it is not in its file now

    def __init__(self, path: str) -> None:
        self.path = path
        self.set_aside = ""
        self._lock = _locked(path)
        try:
            try:
                self._db = _opened(path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):  # full, or not allowed: no fault of the file
                    raise
                self.set_aside = set_aside(path)
                self._db = _opened(path)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """All of it into the one file, and let go."""
        try:
            self._db.execute(queries.CHECKPOINT).fetchall()
        except sqlite3.Error:
            pass
        self._db.close()
        os.close(self._lock)

    def prove(self) -> None:
        """Write something that changes nothing. Raises sqlite3.Error."""
        with self:
            self._db.execute(SET_VERSION.format(version=self._number(GET_VERSION)))

    def fill_from(self, db: sqlite3.Connection) -> None:
        """Hold what `db` does, and nothing else. Raises sqlite3.Error."""
        db.backup(self._db)

    def back_on_disk(self) -> "Outbox | None":
        """One in the file instead of this, where this is in memory and the file can be written again."""
        return None

    def __enter__(self) -> None:
        """Begin to write: all of it is kept, or nothing."""
        self._db.execute(queries.BEGIN)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._db.execute(queries.COMMIT)
        elif self._db.in_transaction:
            self._db.execute(queries.ROLLBACK)

    # What is there.

    def alerts(self) -> dict[str, AlertRow]:
        """By name."""
        rows = self._db.execute(queries.READ_ALERTS).fetchall()
        return {
            name: AlertRow(tuple(json.loads(told)), left_out, delivered, lost)
            for name, told, left_out, delivered, lost in rows
        }

    def troubles(self) -> dict[str, dict[str, Trouble]]:
        """The books, by alert and key. What another version wrote and this one cannot read is left out."""
        books: dict[str, dict[str, Trouble]] = {}
        for alert, body in self._db.execute(queries.READ_TROUBLES):
            try:
                trouble = decode_trouble(body)
            except ValueError:
                continue
            books.setdefault(alert, {})[trouble.edge.key] = trouble
        return books

    def receivers(self) -> list[ReceiverRow]:
        """In the order in which they came to be known."""
        return [ReceiverRow(*row) for row in self._db.execute(queries.READ_RECEIVERS)]

    def parcels(self) -> dict[int, list[Parcel]]:
        """By receiver, the oldest first."""
        found: dict[int, list[Parcel]] = {}
        for number, receiver, digest in self._db.execute(queries.READ_PARCELS):
            found.setdefault(receiver, []).append(Parcel(number, digest))
        return found

    def digest(self, number: int) -> Digest | None:
        """One that waits; None where it cannot be read."""
        row = self._db.execute(queries.READ_DIGEST, (number,)).fetchone()
        try:
            return decode_digest(zlib.decompress(row[0])) if row else None
        except (ValueError, zlib.error):
            return None

    @property
    def bytes_used(self) -> int:
        """Of the file, without what is free in it."""
        pages = self._number(queries.COUNT_PAGES) - self._number(queries.COUNT_FREE_PAGES)
        return pages * self._number(queries.PAGE_BYTES)

    # What is written, within `with outbox:`.

    def see(self, edge: int) -> bool:
        """Note the number of an edge; False where it was noted already."""
        if self._db.execute(queries.HAS_SEEN, (edge,)).fetchone():
            return False
        self._db.execute(queries.SEE, (edge,))
        self._db.execute(queries.FORGET_SEEN, (KEPT_NUMBERS,))
        return True

    def put_alert(self, name: str, row: AlertRow) -> None:
        """Remember this of an alert."""
        told = json.dumps(row.told)
        self._db.execute(queries.PUT_ALERT, (name, told, row.left_out, row.delivered, row.lost))

    def drop_alert(self, name: str) -> None:
        """It left the configuration, and its book with it."""
        self._db.execute(queries.DROP_ALERT, (name,))
        self._db.execute(queries.DROP_TROUBLES, (name,))

    def put_troubles(self, alert: str, changes: Mapping[str, Trouble | None]) -> None:
        """Entries of a book as they are now; None: there is none any more."""
        for key, trouble in changes.items():
            stored = key.encode("utf-8", "surrogatepass")  # names may hold bytes that are no UTF-8
            if trouble is None:
                self._db.execute(queries.DROP_TROUBLE, (alert, stored))
            else:
                self._db.execute(queries.PUT_TROUBLE, (alert, stored, encode_trouble(trouble)))

    def add_receiver(self, alert: str, mark: str) -> ReceiverRow:
        """One that was not known."""
        number = self._db.execute(queries.ADD_RECEIVER, (alert, mark)).lastrowid
        return ReceiverRow(number or 0, alert, mark)

    def put_receiver(self, row: ReceiverRow) -> None:
        """How it stands."""
        self._db.execute(queries.PUT_RECEIVER, (row.failing_since, row.error, row.refused, row.number))

    def drop_receiver(self, number: int, heir: int | None) -> None:
        """It is no more. What waits for it goes to `heir`, or nowhere."""
        if heir is not None:
            self._db.execute(queries.MOVE_PARCELS, (heir, number))
        self._db.execute(queries.DROP_PARCELS_OF, (number,))
        self._db.execute(queries.DROP_RECEIVER, (number,))
        self._db.execute(queries.DROP_LONELY_DIGESTS)

    def add_digest(self, digest: Digest, receivers: Iterable[int]) -> dict[int, Parcel]:
        """A parcel of it for each receiver."""
        body = zlib.compress(encode_digest(digest), 1)
        number = self._db.execute(queries.ADD_DIGEST, (body,)).lastrowid or 0
        return {
            receiver: Parcel(self._db.execute(queries.ADD_PARCEL, (receiver, number)).lastrowid or 0, number)
            for receiver in receivers
        }

    def drop_parcel(self, parcel: Parcel) -> None:
        """It has arrived, or never will."""
        self._db.execute(queries.DROP_PARCEL, (parcel.number,))
        self._db.execute(queries.DROP_LONELY_DIGEST, {"id": parcel.digest})

    def refuse_parcel(self, parcel: Parcel, now: float, most: int) -> None:
        """Its receiver does not want it: no parcel that waits, but kept for a while, with the `most` newest of them."""
        self._db.execute(queries.REFUSE_PARCEL, (now, parcel.number))
        self._db.execute(queries.DROP_REFUSED_OF, (parcel.number, most))
        self._db.execute(queries.DROP_LONELY_DIGESTS)

    def revive_parcels(self, receiver: int, since: float) -> None:
        """What this receiver has refused after `since` waits again."""
        self._db.execute(queries.REVIVE_PARCELS, (receiver, since))

    def drop_refused(self, until: float) -> None:
        """Forget what was refused until then."""
        self._db.execute(queries.DROP_REFUSED, (until,))
        self._db.execute(queries.DROP_LONELY_DIGESTS)

    def give_back(self) -> None:
        """Free pages to the file system."""
        self._db.executescript(queries.GIVE_BACK)

    def _number(self, statement: str) -> int:
        return int(self._db.execute(statement).fetchone()[0])


def _locked(path: str) -> int:
    directory = os.path.dirname(path)
    os.makedirs(os.path.dirname(directory) or "/", exist_ok=True)
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        pass
    # A file of its own: closing another descriptor of the database would drop SQLite's own locks.
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _opened(path: str) -> sqlite3.Connection:
    # SQLite gives the files beside it the same owner and mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        for statement in (*queries.PREPARE, *queries.OPEN):
            db.execute(statement).fetchall()
        migrate(db, queries.MIGRATIONS)
    except BaseException:
        db.close()
        raise
    return db
