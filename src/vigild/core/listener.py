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
from dataclasses import dataclass, field

from vigild.core.events import EVENT_TYPES, PARENTS, Event
from vigild.core.states import ListenerState

MAX_SERIAL = 2**63 - 1


class Serial:
    """Counts from 0, and starts again after `MAX_SERIAL`."""

    __slots__ = ("_last",)

    def __init__(self, last: int = -1) -> None:
        self._last = last

    def next(self) -> int:
        """The next number."""
        self._last = 0 if self._last >= MAX_SERIAL else self._last + 1
        return self._last


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event as one pool holds it: its serial in the daemon and in the pool."""

    event: Event
    serial: int
    pool_serial: int


@dataclass(slots=True)
class Listener:
    """One process of a pool, as the protocol sees it."""

    state: ListenerState = ListenerState.ACKNOWLEDGED
    envelope: Envelope | None = None


@dataclass(slots=True)
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


def subscribed_types(names: tuple[str, ...]) -> frozenset[str]:
    """All concrete types that a subscription covers: the named ones and everything below them."""

    def covered(event_type: str) -> bool:
        return event_type in names or (event_type in PARENTS and covered(PARENTS[event_type]))

    return frozenset(event_type for event_type in EVENT_TYPES if covered(event_type))
