"""The journal on the real machine: the `Journal` port, a file in the runtime directory.

One write a record, to a file in memory, so what was put outlives this process and costs microseconds.
When the file is mostly history it is written anew, beside the old one, and renamed over it: at no moment
is there less than everything.
"""

import os
from collections.abc import Callable, Mapping

from vigild.engine.ports import Log
from vigild.wire.journal import Entries, decode, encode_all, encode_drop, encode_put

JOURNAL_NAME = "journal"
COMPACT_FROM_BYTES = 256 << 10
COMPACT_AT_TIMES = 4  # written anew when it is this many times as long as it need be

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class MemoryJournal:
    """Where no runtime directory could be made: it survives an upgrade in place, but not a crash."""

    def __init__(self, entries: Entries | None = None) -> None:
        self.entries: Entries = entries if entries is not None else {}
        self.failures = 0
        self.on_trouble: Callable[[str], None] = lambda trouble: None  # there is none

    def put(self, kind: str, key: str, value: bytes) -> None:
        """From now on `kind` `key` is `value`."""
        self.entries.setdefault(kind, {})[key] = value

    def drop(self, kind: str, key: str) -> None:
        """There is no such entry any more."""
        self.entries.get(kind, {}).pop(key, None)

    def compact(self) -> None:
        """Nothing to write anew."""

    def close(self) -> None:
        """Nothing to let go of."""

    def remove(self) -> None:
        """The end of the last program: there is nothing to adopt any more."""
        self.entries.clear()

    def put_all(self, changes: Mapping[tuple[str, str], bytes | None]) -> None:
        """Nothing."""


class Journal:
    """The entries of this daemon, in memory and in the file. Made by `open_journal`."""

    def __init__(self, path: str, entries: Entries, log: Log) -> None:
        self.entries = entries
        self.failures = 0
        self.on_trouble: Callable[[str], None] = lambda trouble: (
            None
        )  # it cannot be written, or ("") can be again
        self._in_trouble = False
        self._path = path
        self._log = log
        self._fd = -1
        self._size = 0
        self._compact_at = 0
        self._is_behind = False  # the file lacks what could not be written
        self.compact()

    def put(self, kind: str, key: str, value: bytes) -> None:
        """From now on `kind` `key` is `value`; safe from the death of this process when it returns."""
        keys = self.entries.setdefault(kind, {})
        if keys.get(key) != value:
            keys[key] = value
            self.append(encode_put(kind, key, value))

    def drop(self, kind: str, key: str) -> None:
        """There is no such entry any more."""
        if self.entries.get(kind, {}).pop(key, None) is not None:
            self.append(encode_drop(kind, key))

    def put_all(self, changes: Mapping[tuple[str, str], bytes | None]) -> None:
        """All of these, in this order, with one write."""
        records: list[bytes] = []
        for (kind, key), value in changes.items():
            keys = self.entries.setdefault(kind, {})
            if value is None:
                if keys.pop(key, None) is not None:
                    records.append(encode_drop(kind, key))
            elif keys.get(key) != value:
                keys[key] = value
                records.append(encode_put(kind, key, value))
        if records:
            self.append(b"".join(records))

    def append(self, record: bytes) -> None:
        """Write one record, which `entries` has already: the one place where the journal grows."""
        if self._is_behind:
            self.compact()  # it brings what is missing, as soon as there is room for it
            return
        try:
            count = os.write(self._fd, record)
        except OSError as error:
            self._is_behind = True
            self._failed(error)
            return
        if count < len(record):
            self._is_behind = True
            os.ftruncate(self._fd, self._size)  # behind half a record, nothing would be believed
            self.compact()
            return
        self._size += count
        if self._size > self._compact_at:
            self.compact()

    def compact(self) -> None:
        """Write the file anew, with nothing but what holds now."""
        data = encode_all(self.entries)
        fresh = f"{self._path}.new"
        try:
            fd = os.open(fresh, _FLAGS | os.O_TRUNC, 0o600)
            try:
                _write_all(fd, data)
                os.rename(fresh, self._path)
            except OSError:
                os.close(fd)
                os.unlink(fresh)  # it would take the last of the room
                raise
        except OSError as error:
            self._compact_at = 2 * max(self._size, COMPACT_FROM_BYTES)
            self._failed(error)
            return
        self._close_fd()
        self._fd = fd
        self._size = len(data)
        self._compact_at = max(COMPACT_FROM_BYTES, COMPACT_AT_TIMES * len(data))
        self._is_behind = False
        if self._in_trouble:
            self._in_trouble = False
            self.on_trouble("")

    def close(self) -> None:
        """Let go of the file; it stays where it is."""
        self._close_fd()

    def remove(self) -> None:
        """The end of the last program: there is nothing to adopt any more."""
        self._close_fd()
        self.entries.clear()
        try:
            os.unlink(self._path)
        except OSError:
            pass

    def _close_fd(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _failed(self, error: OSError) -> None:
        self.failures += 1
        if self.failures == 1:
            self._log.critical(
                f"cannot write {self._path}: {error.strerror or error}; everything goes on, but if this daemon "
                "dies, the next one may not know what runs; free some space there"
            )
        if not self._in_trouble:
            self._in_trouble = True
            self.on_trouble(f"{self._path}: {error.strerror or error}")


def read_journal(directory: str) -> tuple[Entries, int]:
    """What the last daemon with this directory left: its entries, and how many bytes could not be read."""
    try:
        with open(os.path.join(directory, JOURNAL_NAME), "rb") as file:
            return decode(file.read())
    except FileNotFoundError:
        return {}, 0


def open_journal(directory: str, entries: Entries, log: Log) -> Journal:
    """A journal in `directory` that begins with `entries`. Never raises: see `Journal.failures`."""
    return Journal(os.path.join(directory, JOURNAL_NAME), entries, log)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
