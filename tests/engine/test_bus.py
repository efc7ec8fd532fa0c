"""Who gets which event, and which serial it has."""

from support.fakes import FakeJournal, FakeLog
from vigild.core.events import Event
from vigild.engine.bus import EventBus


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []
        self.restorations = 0

    def accept(self, event: Event, serial: int) -> None:
        self.heard.append((event.type, serial))

    def restored(self) -> None:
        self.restorations += 1


def test_only_wanted_events_are_made_and_counted() -> None:
    bus, ear = EventBus(FakeJournal()), Ear()
    made: list[str] = []

    def make() -> Event:
        made.append("made")
        return Event("TICK_5", b"")

    bus.emit_if_wanted("TICK_5", make)
    bus.emit(Event("TICK_5", b""))
    assert made == []
    bus.subscribe(ear, frozenset({"TICK_5"}))
    bus.emit_if_wanted("TICK_5", make)
    bus.emit(Event("TICK_60", b""))
    bus.emit(Event("TICK_5", b""))
    assert ear.heard == [("TICK_5", 0), ("TICK_5", 1)]


def test_pools_share_serials_and_can_leave_while_an_event_is_given_out() -> None:
    bus, second = EventBus(FakeJournal()), Ear()

    class Leaver(Ear):
        def accept(self, event: Event, serial: int) -> None:
            super().accept(event, serial)
            bus.unsubscribe(self)

    first = Leaver()
    bus.subscribe(first, frozenset({"TICK_5", "TICK_60"}))
    bus.subscribe(second, frozenset({"TICK_5"}))
    bus.emit(Event("TICK_5", b""))
    bus.emit(Event("TICK_5", b""))
    assert (first.heard, second.heard) == ([("TICK_5", 0)], [("TICK_5", 0), ("TICK_5", 1)])
    assert not bus.wants("TICK_60")
    bus.unsubscribe(second)
    assert not bus.wants("TICK_5")


def test_serials_go_on_behind_those_that_a_dead_daemon_may_have_given_out() -> None:
    journal, ear = FakeJournal(), Ear()
    bus = EventBus(journal)
    bus.subscribe(ear, frozenset({"TICK_5"}))
    bus.emit(Event("TICK_5", b""))
    bus.emit(Event("TICK_5", b""))
    assert journal.calls == [("put", "serial", "bus")], "one write for a block of them"
    after = EventBus(journal)
    after.restore(journal.entries, FakeLog())
    after.subscribe(ear, frozenset({"TICK_5"}))
    after.emit(Event("TICK_5", b""))
    assert ear.heard == [("TICK_5", 0), ("TICK_5", 1), ("TICK_5", 1000)]


def test_every_pool_is_told_once_that_all_is_restored() -> None:
    bus, ear, other = EventBus(FakeJournal()), Ear(), Ear()
    bus.subscribe(ear, frozenset({"TICK_5", "TICK_60"}))
    bus.subscribe(other, frozenset({"TICK_5"}))
    bus.restored()
    assert (ear.restorations, other.restorations) == (1, 1)
