"""A pool of event listeners at work: the pool of `core.listener`, the protocol of `wire.listener`, real stdin.

What is done here is written down before (`engine.event_records`), so that the next daemon can go on: it has
the events that nobody acknowledged, and knows which of them which listener was given.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vigild.config.model import GroupConfig
from vigild.core.errors import RejectEvent
from vigild.core.events import Event
from vigild.core.listener import (
    Envelope,
    Listener,
    ListenerPool,
    Traces,
    holds_its_event,
    subscribed_types,
)
from vigild.core.states import ListenerState, ProcessState
from vigild.engine.bus import EventBus
from vigild.engine.ports import Log
from vigild.engine.settings import Settings
from vigild.wire.listener import ListenerParser, SaidReady, SaidResult, Step, Violated, encode_event
from vigild.wire.pool_records import ListenerRecord, encode_handover

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess

SHOWN_BYTES = 200  # of what a listener said wrongly, in the log


class HandledEvent:
    """What a pool's `result_handler` is given: the event as `payload()`, `serial` and type name."""

    def __init__(self, envelope: Envelope) -> None:
        self.type = envelope.event.type
        self.serial = envelope.serial
        self._payload = envelope.event.payload

    def payload(self) -> str:
        """The payload as text."""
        return self._payload.decode("utf-8", "replace")


@dataclass(slots=True, eq=False)
class RunningListener(Listener):
    """A listener with a child: who it is and what it said so far."""

    process: "ManagedProcess | None" = None
    parser: ListenerParser = field(default_factory=ListenerParser)


ResultHandler = Callable[[HandledEvent, bytes], object]


def default_result_handler(event: HandledEvent, response: bytes) -> None:
    """`OK` accepts; anything else rejects, and the event is delivered again."""
    if response != b"OK":
        raise RejectEvent(response)


class PoolRunner:
    """One `[eventlistener:x]`: its buffer, and for each running listener its parser and state."""

    def __init__(
        self, config: GroupConfig, settings: Settings, bus: EventBus, log: Log, result_handler: ResultHandler
    ) -> None:
        self.config = config
        self._records = bus.records
        self.pool = ListenerPool(
            config.name, config.buffer_size, pool_serial=self._records.make_serial(config.name)
        )
        self._settings = settings
        self._bus = bus
        self._log = log
        self._result_handler = result_handler
        # In the order of the group: the first that is ready gets the event.
        self._listeners: dict[ManagedProcess, RunningListener] = {}
        # Events of the dead daemon, until it is known which listener has which. Nothing is sent before that.
        envelopes, self.pool.dropped = self._records.take_pool(config.name)
        self._inherited = {envelope.pool_serial: envelope for envelope in envelopes}
        bus.subscribe(self, subscribed_types(config.events))

    def close(self) -> None:
        """The group leaves the configuration: no more events."""
        self._bus.unsubscribe(self)
        for envelope in self.pool.buffer:
            self._records.done(self.config.name, envelope)
        self.pool.buffer.clear()
        self._records.closed(self.config.name)
        self._records.write()
        if self._settings.alarms is not None:
            self._settings.alarms.pools.closed(self)

    def listener_state(self, process: "ManagedProcess") -> ListenerState | None:
        """Where a listener stands; None while it does not run."""
        listener = self._listeners.get(process)
        return listener.state if listener else None

    def states(self) -> "dict[ManagedProcess, ListenerState]":
        """Where all those that run stand."""
        return {process: listener.state for process, listener in self._listeners.items()}

    # From the bus.

    def accept(self, event: Event, serial: int) -> None:
        """An event for this pool: buffer it and send what can be sent."""
        discarded = self.pool.accept(event, serial)
        self._records.accepted(self.config.name, self.pool.buffer[-1])
        self._note_drop(discarded)
        self.dispatch()

    # The life before this one.

    def child_adopted(self, process: "ManagedProcess", traces: Traces | None) -> None:
        """A listener of the dead daemon. What it had is still with it, unless it waits for that or another event."""
        namespec = process.namespec
        record = self._records.take_listener(namespec) or ListenerRecord(None)
        listener = self._listeners[process] = RunningListener(process=process)
        envelope = self._inherited.get(record.pool_serial) if record.pool_serial is not None else None
        if record.state is ListenerState.UNKNOWN:
            listener.state, listener.parser = record.state, ListenerParser(Step.DISTRUSTED)
            return
        if record.state is not None and record.parser is not None:
            listener.state, listener.parser, listener.envelope = record.state, record.parser, envelope
        elif envelope is not None and holds_its_event(traces):
            listener.state, listener.envelope = ListenerState.BUSY, envelope
            listener.parser = ListenerParser(Step.PRESUMED_BUSY)
        else:
            listener.state = ListenerState.READY
            listener.parser = ListenerParser(Step.PRESUMED_READY)
        if listener.envelope is not None:
            del self._inherited[listener.envelope.pool_serial]
        self._records.holds(namespec, listener.envelope)

    def restored(self) -> None:
        """Every listener that lives was adopted: the events that none of them has are sent."""
        self.pool.restore(self._inherited.values())
        self._inherited.clear()
        self.dispatch()

    def hand_over(self) -> dict[str, bytes]:
        """How exactly each listener stands, by namespec: for the daemon that this one executes itself as."""
        return {
            process.namespec: encode_handover(listener.envelope, listener.state, listener.parser)
            for process, listener in self._listeners.items()
        }

    # From the processes.

    def child_started(self, process: "ManagedProcess") -> None:
        """A new child: the protocol begins afresh."""
        self._listeners[process] = RunningListener(process=process)

    def child_gone(self, process: "ManagedProcess") -> Callable[[], None] | None:
        """The child is dead. Returns what is to be done once its exit is told: put its event back."""
        listener = self._listeners.pop(process, None)
        if listener is not None and listener.envelope is None:
            self._records.holds(process.namespec, None)
            self._records.write()
        if listener is None or listener.envelope is None:
            return None
        gone = listener

        def put_back() -> None:
            self._put_back(process, gone)
            self.dispatch()

        return put_back

    def heard(self, process: "ManagedProcess", data: bytes) -> None:
        """A listener wrote to its stdout."""
        listener = self._listeners.get(process)
        if listener is None:
            return
        for said in listener.parser.receive(data):
            match said:
                case SaidReady():
                    if listener.envelope is not None:  # its result died with the daemon that read it
                        self._put_back(process, listener)
                    listener.state = ListenerState.READY
                    self._log.debug(f"{process.config.name}: ready for an event")
                case SaidResult(result):
                    self._handle_result(process, listener, result)
                case Violated():
                    self._violated(process, listener, said)
        self.dispatch()

    def dispatch(self) -> None:
        """Send buffered events to whoever is ready, and write down what has changed."""
        waiting = len(self.pool.buffer)
        if waiting and not self._inherited:
            self.pool.dispatch(self._ready, self._send)
        self._records.write()
        if self._settings.alarms is not None:
            self._settings.alarms.pools.dispatched(self, sent=len(self.pool.buffer) < waiting)

    def _ready(self) -> Iterator[Listener]:
        for process, listener in self._listeners.items():
            if listener.state is ListenerState.READY and process.state is ProcessState.RUNNING:
                yield listener

    def _send(self, listener: Listener, envelope: Envelope) -> bool:
        assert isinstance(listener, RunningListener)
        assert listener.process is not None
        process, parser = listener.process, listener.parser
        data = encode_event(
            server=self._settings.identifier,
            serial=envelope.serial,
            pool=self.config.name,
            pool_serial=envelope.pool_serial,
            event_type=envelope.event.type,
            payload=envelope.event.payload,
            length_in_characters=self.config.length_in_characters,
        )
        self._records.holds(process.namespec, envelope)
        self._records.write()
        parser.event_sent()
        try:
            process.send_event(data)
        except OSError:
            parser.event_not_sent()
            self._records.holds(process.namespec, None)
            self._log.debug(f"event {envelope.serial} could not be sent to listener {process.config.name}")
            return False
        return True

    def _handle_result(self, process: "ManagedProcess", listener: Listener, result: bytes) -> None:
        name = process.config.name
        envelope = listener.envelope
        listener.state = ListenerState.ACKNOWLEDGED
        if envelope is None:
            return
        try:
            self._result_handler(HandledEvent(envelope), result)
        except RejectEvent:
            self._log.warn(f"{name}: event was rejected")
            self._put_back(process, listener)
        except Exception as error:  # the handler is somebody else's code
            self._log.warn(f"{name}: event caused an error: {type(error).__name__}: {error}")
            self._distrust(process, listener)
        else:
            listener.envelope = None
            self._records.done(self.config.name, envelope)
            self._records.holds(process.namespec, None)

    def _put_back(self, process: "ManagedProcess", listener: Listener) -> None:
        self._records.holds(process.namespec, None)
        self._note_drop(self.pool.reject(listener))

    def _violated(self, process: "ManagedProcess", listener: Listener, said: Violated) -> None:
        name = process.config.name
        if said.line is not None:
            self._log.warn(f"{name}: bad result line: '{said.line.decode('utf-8', 'replace')}'")
        shown = said.data[:SHOWN_BYTES]
        self._log.warn(
            f"{name}: wrote {len(said.data)} bytes that are not of the listener protocol: {shown!r}"
        )
        self._distrust(process, listener)

    def _distrust(self, process: "ManagedProcess", listener: Listener) -> None:
        listener.state = ListenerState.UNKNOWN
        self._log.warn(
            f"{process.config.name}: has entered the UNKNOWN state and will no longer receive events, "
            "this usually indicates the process violated the eventlistener protocol"
        )
        self._put_back(process, listener)
        self._records.distrusted(process.namespec)

    def _note_drop(self, discarded: Envelope | None) -> None:
        if discarded is not None:
            self._records.discarded(self.config.name, discarded, self.pool.dropped)
            self._log.error(
                f"pool {self.config.name} event buffer overflowed, discarding event {discarded.serial} "
                f"({discarded.event.type}; {self.pool.dropped} discarded so far)"
            )
            if self._settings.alarms is not None:
                self._settings.alarms.pools.overflowed(self, discarded.event.type)
