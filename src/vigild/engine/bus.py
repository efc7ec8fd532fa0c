"""Events on their way to the pools that asked for them."""

from collections.abc import Callable, Mapping
from typing import Protocol

from vigild.core.events import Event
from vigild.engine.event_records import EventRecords
from vigild.engine.ports import Journal, Log


class Subscriber(Protocol):
    """A pool: takes events of the types it subscribed to."""

    def accept(self, event: Event, serial: int) -> None: ...
    def restored(self) -> None: ...


class EventBus:
    """Who wants which event. An event that nobody wants is not even made: ask `wants` first, or use `emit_if_wanted`."""

    def __init__(self, journal: Journal) -> None:
        self.records = EventRecords(journal)
        self._subscribers: dict[str, list[Subscriber]] = {}
        self._serial = self.records.make_serial()

    def restore(self, entries: Mapping[str, Mapping[str, bytes]], log: Log) -> None:
        """Go on from the journal of a dead daemon. Before any pool is made: it asks for its part then."""
        self.records.inherit(entries, log)
        self._serial = self.records.make_serial()

    def restored(self) -> None:
        """All pools are there, and every listener that lives was adopted: deliver, and forget what nobody claims."""
        subscribers = (subscriber for group in self._subscribers.values() for subscriber in group)
        for subscriber in tuple(dict.fromkeys(subscribers)):
            subscriber.restored()
        self.records.forget_rest()

    def subscribe(self, subscriber: Subscriber, event_types: frozenset[str]) -> None:
        """From now on `subscriber` gets every event of these concrete types."""
        for event_type in event_types:
            self._subscribers.setdefault(event_type, []).append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """No events for it any more."""
        for event_type, subscribers in list(self._subscribers.items()):
            if subscriber in subscribers:
                subscribers.remove(subscriber)
            if not subscribers:
                del self._subscribers[event_type]

    def wants(self, event_type: str) -> bool:
        """Does anybody subscribe to this type?"""
        return event_type in self._subscribers

    def emit(self, event: Event) -> None:
        """Give the event to every pool that wants it. The serial counts only events that somebody wants."""
        subscribers = self._subscribers.get(event.type)
        if subscribers:
            serial = self._serial.next()
            for subscriber in tuple(subscribers):
                subscriber.accept(event, serial)

    def emit_if_wanted(self, event_type: str, make: Callable[[], Event]) -> None:
        """`emit(make())`, but only if anybody wants that type."""
        if event_type in self._subscribers:
            self.emit(make())
