"""The listener pool: which event goes to which listener, and what becomes of an answer.

A pool buffers events and gives each to the first listener that is ready. An event stays with its
listener until a result comes; a rejection, a violation of the protocol or the listener's death puts
it back at the head of the buffer. The buffer is bounded: when it is full the oldest event is
dropped, counted and named.

This is a small mutable object without I/O, not a step function: it holds the buffer. Times do not
occur in it at all.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import field

from vigild.core.events import EVENT_TYPES, PARENTS, Event
from vigild.core.frozen import frozen, plain
from vigild.core.states import ListenerState

MAX_SERIAL = 2**63 - 1
RESERVED_SERIALS = 1000


class Serial:
    """Counts from 0, and starts again after `MAX_SERIAL`.

    Numbers are reserved in blocks: `reserve(last)` is called before any number up to `last` is given out. Who
    counts on after a crash begins behind that, so that no number is ever given twice; some are never given.
    """

    __slots__ = ("_last", "_reserve", "_reserved")

    def __init__(self, last: int = -1, reserve: Callable[[int], None] = lambda last: None) -> None:
        self._last = last
        self._reserve = reserve
        self._reserved = last

    @property
    def last(self) -> int:
        """The number that was given last; -1 before the first."""
        return self._last

    def next(self) -> int:
        """The next number."""
        self._last = 0 if self._last >= MAX_SERIAL else self._last + 1
        if self._last > self._reserved or self._last == 0:
            self._reserved = min(self._last + RESERVED_SERIALS - 1, MAX_SERIAL)
            self._reserve(self._reserved)
        return self._last


@frozen
class Envelope:
    """An event as one pool holds it: its serial in the daemon and in the pool."""

    event: Event
    serial: int
    pool_serial: int


@plain
class Listener:
    """One process of a pool, as the protocol sees it."""

    state: ListenerState = ListenerState.ACKNOWLEDGED
    envelope: Envelope | None = None


@plain
class ListenerPool:
    """Buffer and listeners of one pool. `accept` an event, `dispatch` while somebody is ready."""

    name: str
    buffer_size: int
    buffer: deque[Envelope] = field(default_factory=deque)
    dropped: int = 0
    pool_serial: Serial = field(default_factory=Serial)

    def accept(self, event: Event, serial: int) -> Envelope | None:
        """Take an event. Returns the envelope that had to be dropped for it, if the buffer was full."""
        return self._insert(Envelope(event, serial, self.pool_serial.next()), at_head=False)

    def restore(self, envelopes: Iterable[Envelope]) -> None:
        """Have these in the buffer as well, all in the order in which they were accepted. The bound is not applied."""
        self.buffer = deque(sorted((*self.buffer, *envelopes), key=lambda envelope: envelope.pool_serial))

    def reject(self, listener: Listener) -> Envelope | None:
        """Put back what `listener` had, to be delivered again. Returns what was dropped for it, if anything."""
        envelope, listener.envelope = listener.envelope, None
        return None if envelope is None else self._insert(envelope, at_head=True)

    def _insert(self, envelope: Envelope, *, at_head: bool) -> Envelope | None:
        discarded = None
        if len(self.buffer) >= self.buffer_size:
            discarded = self.buffer.popleft()
            self.dropped += 1
        if at_head:
            self.buffer.appendleft(envelope)
        else:
            self.buffer.append(envelope)
        return discarded

    def dispatch(
        self, ready: Callable[[], Iterable[Listener]], send: Callable[[Listener, Envelope], bool]
    ) -> None:
        """Give events, oldest first, to ready listeners until either runs out.

        `ready()` names the listeners that can take an event; `send` returns False when one could not be
        reached (its stdin is closed), and the next is tried.
        """
        while self.buffer:
            envelope = self.buffer[0]
            taker = next((listener for listener in ready() if send(listener, envelope)), None)
            if taker is None:
                return
            self.buffer.popleft()
            taker.state = ListenerState.BUSY
            taker.envelope = envelope


@frozen
class Traces:
    """What the streams of an adopted listener tell of the time since its last event was written down as sent."""

    was_sent: bool  # the event was written to its stdin
    has_spoken: bool  # it wrote to its stdout, and a daemon that is dead has read all of that


def holds_its_event(traces: Traces | None) -> bool:
    """Is an adopted listener, whose event was not acknowledged in writing, still at work on it?

    If not, it never got the event, or its answer died with the daemon that read it: it waits for another, and
    the event has to be sent again. Without traces it is taken at the journal's word; should its answer be
    lost, the READY that follows tells.
    """
    return traces is None or (traces.was_sent and not traces.has_spoken)


def subscribed_types(names: tuple[str, ...]) -> frozenset[str]:
    """All concrete types that a subscription covers: the named ones and everything below them."""

    def covered(event_type: str) -> bool:
        return event_type in names or (event_type in PARENTS and covered(PARENTS[event_type]))

    return frozenset(event_type for event_type in EVENT_TYPES if covered(event_type))
