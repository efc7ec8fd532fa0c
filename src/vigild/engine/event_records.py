"""Events in the journal: what a pool accepted and nobody acknowledged is there, before anything is done with it.

Changes are collected while one fact is dealt with and written together: an acknowledged event goes and the
next one is marked as sent in a single write. What is inherited from a dead daemon is kept here until its
pool asks for it.
"""

from collections.abc import Mapping

from vigild.core.listener import Envelope, Serial
from vigild.engine.ports import Journal, Log
from vigild.wire.pool_records import (
    UNKNOWN_LISTENER,
    ListenerRecord,
    decode_event_record,
    decode_listener_record,
    encode_event_record,
    encode_in_flight,
    event_key,
)

EVENT = "event"  # an event of a pool; key: POOL/POOL_SERIAL
LISTENER = "listener"  # which event a listener has; key: its namespec
SERIAL = "serial"  # the last serial that may have been given out; key: `bus`, or POOL after a slash
DROPPED = "dropped"  # how many events a pool has discarded; key: its name
BUS = "bus"


class EventRecords:
    """The entries of the kinds above: changed by the pools, inherited from the daemon before."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._changes: dict[tuple[str, str], bytes | None] = {}
        self._events: dict[str, list[Envelope]] = {}  # of the dead daemon, by pool
        self._listeners: dict[str, ListenerRecord] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    # From the daemon before.

    def inherit(self, entries: Mapping[str, Mapping[str, bytes]], log: Log) -> None:
        """Keep what the journal holds for the pools that are still to come."""
        strange: list[tuple[str, str]] = []
        for key, value in entries.get(EVENT, {}).items():
            event = decode_event_record(key, value)
            if event is None:
                strange.append((EVENT, key))
            else:
                self._events.setdefault(event[0], []).append(event[1])
        for key, value in entries.get(LISTENER, {}).items():
            listener = decode_listener_record(value)
            if listener is None:
                strange.append((LISTENER, key))
            else:
                self._listeners[key] = listener
        for kind in (SERIAL, DROPPED):
            for key, value in entries.get(kind, {}).items():
                if value.isdigit():
                    self._numbers[kind, key] = int(value)
        if strange:
            log.error(
                f"the journal's records of {len(strange)} events or listeners are of no use: {strange[:5]}"
            )
            self._changes.update(dict.fromkeys(strange))

    def take_pool(self, pool: str) -> tuple[list[Envelope], int]:
        """The events that the pool had, and how many it had discarded."""
        return self._events.pop(pool, []), self._numbers.pop((DROPPED, pool), 0)

    def take_listener(self, namespec: str) -> ListenerRecord | None:
        """What was written down of a listener."""
        return self._listeners.pop(namespec, None)

    def forget_rest(self) -> None:
        """All pools are there: what nobody asked for belongs to none, and goes."""
        for pool, envelopes in self._events.items():
            for envelope in envelopes:
                self._changes[EVENT, event_key(pool, envelope.pool_serial)] = None
        for namespec in self._listeners:
            self._changes[LISTENER, namespec] = None
        for kind, key in self._numbers:
            if key != BUS:
                self._changes[kind, key] = None
        self._events.clear()
        self._listeners.clear()
        self._numbers.clear()
        self.write()

    # What changes.

    def make_serial(self, pool: str | None = None) -> Serial:
        """The serials of the bus or of a pool, going on after the last one that was reserved."""
        key = BUS if pool is None else f"/{pool}"
        last = self._numbers.pop((SERIAL, key), -1)
        return Serial(last, lambda reserved: self._journal.put(SERIAL, key, b"%d" % reserved))

    def accepted(self, pool: str, envelope: Envelope) -> None:
        """The pool has a new event."""
        self._changes[EVENT, event_key(pool, envelope.pool_serial)] = encode_event_record(envelope)

    def done(self, pool: str, envelope: Envelope) -> None:
        """An event was acknowledged."""
        self._changes[EVENT, event_key(pool, envelope.pool_serial)] = None

    def discarded(self, pool: str, envelope: Envelope, dropped: int) -> None:
        """An event was discarded, the `dropped`th of its pool."""
        self.done(pool, envelope)
        self._changes[DROPPED, pool] = b"%d" % dropped

    def holds(self, namespec: str, envelope: Envelope | None) -> None:
        """A listener is about to get an event, or has none any more."""
        self._changes[LISTENER, namespec] = None if envelope is None else encode_in_flight(envelope)

    def distrusted(self, namespec: str) -> None:
        """A listener broke the protocol."""
        self._changes[LISTENER, namespec] = UNKNOWN_LISTENER

    def closed(self, pool: str) -> None:
        """The pool has left the configuration; its events were discarded."""
        self._changes[SERIAL, f"/{pool}"] = None
        self._changes[DROPPED, pool] = None

    def write(self) -> None:
        """Write down all that has changed, in one go."""
        if self._changes:
            changes, self._changes = self._changes, {}
            self._journal.put_all(changes)
