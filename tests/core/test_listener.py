"""The listener pool: order, buffering, re-delivery, overflow."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from vigild.core.events import Event
from vigild.core.listener import (
    MAX_SERIAL,
    RESERVED_SERIALS,
    Envelope,
    Listener,
    ListenerPool,
    Serial,
    Traces,
    holds_its_event,
    subscribed_types,
)
from vigild.core.states import ListenerState


def event(name: str) -> Event:
    return Event("TICK_5", name.encode())


class Sender:
    """Listeners and what each was sent; `deaf` ones cannot be reached."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = listeners
        self.sent: list[tuple[int, bytes]] = []
        self.deaf: list[Listener] = []

    def ready(self) -> Iterable[Listener]:
        return [listener for listener in self.listeners if listener.state is ListenerState.READY]

    def send(self, listener: Listener, envelope: Envelope) -> bool:
        if any(listener is other for other in self.deaf):
            return False
        self.sent.append(
            (next(i for i, x in enumerate(self.listeners) if x is listener), envelope.event.payload)
        )
        return True


def ready_listener() -> Listener:
    return Listener(state=ListenerState.READY)


def test_the_oldest_event_goes_to_the_first_ready_listener() -> None:
    pool, sender = ListenerPool("p", 10), Sender(ready_listener(), ready_listener())
    for serial, name in enumerate("abc"):
        pool.accept(event(name), serial)
    pool.dispatch(sender.ready, sender.send)
    assert sender.sent == [(0, b"a"), (1, b"b")]
    assert [listener.state for listener in sender.listeners] == [ListenerState.BUSY, ListenerState.BUSY]
    assert [envelope.event.payload for envelope in pool.buffer] == [b"c"]
    assert pool.buffer[0].pool_serial == 2


def test_a_listener_that_cannot_be_reached_is_passed_over() -> None:
    pool, sender = ListenerPool("p", 10), Sender(ready_listener(), ready_listener())
    sender.deaf = [sender.listeners[0]]
    pool.accept(event("a"), 0)
    pool.dispatch(sender.ready, sender.send)
    assert sender.sent == [(1, b"a")]
    assert sender.listeners[0].state is ListenerState.READY


def test_with_nobody_ready_events_wait() -> None:
    pool, sender = ListenerPool("p", 10), Sender(Listener())
    pool.accept(event("a"), 0)
    pool.dispatch(sender.ready, sender.send)
    assert len(pool.buffer) == 1


def test_a_rejected_event_comes_again_first_with_the_same_serials() -> None:
    pool, sender = ListenerPool("p", 10), Sender(ready_listener())
    pool.accept(event("a"), 5)
    pool.accept(event("b"), 6)
    pool.dispatch(sender.ready, sender.send)
    listener = sender.listeners[0]
    assert pool.reject(listener) is None
    assert listener.envelope is None
    assert [(e.event.payload, e.serial, e.pool_serial) for e in pool.buffer] == [(b"a", 5, 0), (b"b", 6, 1)]
    assert pool.reject(listener) is None, "nothing to put back"
    assert len(pool.buffer) == 2


def test_a_full_buffer_drops_the_oldest_and_counts() -> None:
    pool = ListenerPool("p", 2)
    assert pool.accept(event("a"), 0) is None
    assert pool.accept(event("b"), 1) is None
    dropped = pool.accept(event("c"), 2)
    assert dropped is not None
    assert (dropped.event.payload, pool.dropped) == (b"a", 1)
    listener = Listener(envelope=Envelope(event("x"), 9, 9))
    dropped = pool.reject(listener)
    assert dropped is not None
    assert dropped.event.payload == b"b"
    assert [e.event.payload for e in pool.buffer] == [b"x", b"c"]


def test_serials_start_at_0_and_wrap() -> None:
    serial = Serial()
    assert [serial.next(), serial.next()] == [0, 1]
    assert [Serial(MAX_SERIAL - 1).next(), Serial(MAX_SERIAL).next()] == [MAX_SERIAL, 0]


def test_serials_are_reserved_before_they_are_given() -> None:
    reserved: list[int] = []
    serial = Serial(4, reserved.append)
    assert reserved == []
    given = [serial.next() for _ in range(RESERVED_SERIALS + 1)]
    assert given[0] == 5
    assert reserved == [4 + RESERVED_SERIALS, 4 + 2 * RESERVED_SERIALS]
    assert Serial(reserved[-1]).next() > given[-1]
    assert serial.last == given[-1]


def test_serials_are_reserved_again_after_a_wrap() -> None:
    reserved: list[int] = []
    serial = Serial(MAX_SERIAL - 2, reserved.append)
    assert [serial.next(), serial.next(), serial.next()] == [MAX_SERIAL - 1, MAX_SERIAL, 0]
    assert reserved == [MAX_SERIAL, RESERVED_SERIALS - 1]


def test_restored_events_come_in_the_order_in_which_they_were_accepted() -> None:
    pool = ListenerPool("p", 1, pool_serial=Serial(6))
    pool.accept(event("new"), 9)
    pool.restore([Envelope(event("b"), 4, 4), Envelope(event("a"), 3, 2)])
    assert [e.event.payload for e in pool.buffer] == [b"a", b"b", b"new"]
    assert pool.dropped == 0


def test_an_adopted_listener_holds_its_event_unless_it_was_not_sent_or_was_answered() -> None:
    assert holds_its_event(None), "nothing shows: taken at the word of the journal"
    assert holds_its_event(Traces(was_sent=True, has_spoken=False))
    assert not holds_its_event(Traces(was_sent=True, has_spoken=True))
    assert not holds_its_event(Traces(was_sent=False, has_spoken=False))
    assert not holds_its_event(Traces(was_sent=False, has_spoken=True))


def test_a_subscription_covers_everything_below_it() -> None:
    assert subscribed_types(("TICK",)) == {"TICK", "TICK_5", "TICK_60", "TICK_3600"}
    assert subscribed_types(("PROCESS_STATE_EXITED",)) == {"PROCESS_STATE_EXITED"}
    assert "PROCESS_LOG_STDOUT" in subscribed_types(("EVENT",))
    assert subscribed_types(()) == frozenset()


@given(st.lists(st.sampled_from(["accept", "dispatch", "accepted", "rejected"]), max_size=60))
def test_no_event_is_lost_or_doubled_within_the_bound(actions: list[str]) -> None:
    pool, sender = ListenerPool("p", 1000), Sender(ready_listener())
    listener = sender.listeners[0]
    accepted, done = 0, 0
    for action in actions:
        if action == "accept":
            pool.accept(event(str(accepted)), accepted)
            accepted += 1
        elif action == "dispatch":
            pool.dispatch(sender.ready, sender.send)
        elif listener.envelope is not None:
            if action == "rejected":
                pool.reject(listener)
            else:
                assert listener.envelope.serial == done, "out of order"
                listener.envelope = None
                done += 1
            listener.state = ListenerState.READY
    held = [listener.envelope.serial] if listener.envelope else []
    assert held + [envelope.serial for envelope in pool.buffer] == list(range(done, accepted))
