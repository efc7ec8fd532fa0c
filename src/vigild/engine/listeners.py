"""A pool of event listeners at work: the pool of `core.listener`, the protocol of `wire.listener`, real stdin."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vigild.config.model import GroupConfig
from vigild.core.errors import RejectEvent
from vigild.core.events import Event
from vigild.core.listener import Envelope, Listener, ListenerPool, subscribed_types
from vigild.core.states import ListenerState, ProcessState
from vigild.engine.bus import EventBus
from vigild.engine.ports import Log
from vigild.engine.settings import Settings
from vigild.wire.listener import ListenerParser, SaidReady, SaidResult, Violated, encode_event

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
        self.pool = ListenerPool(config.name, config.buffer_size)
        self._settings = settings
        self._bus = bus
        self._log = log
        self._result_handler = result_handler
        # In the order of the group: the first that is ready gets the event.
        self._listeners: dict[ManagedProcess, RunningListener] = {}
        bus.subscribe(self, subscribed_types(config.events))

    def close(self) -> None:
        """The group leaves the configuration: no more events."""
        self._bus.unsubscribe(self)

    def listener_state(self, process: "ManagedProcess") -> ListenerState | None:
        """Where a listener stands; None while it does not run."""
        listener = self._listeners.get(process)
        return listener.state if listener else None

    # From the bus.

    def accept(self, event: Event, serial: int) -> None:
        """An event for this pool: buffer it and send what can be sent."""
        self._note_drop(self.pool.accept(event, serial))
        self.dispatch()

    # From the processes.

    def child_started(self, process: "ManagedProcess") -> None:
        """A new child: the protocol begins afresh."""
        self._listeners[process] = RunningListener(process=process)

    def child_gone(self, process: "ManagedProcess") -> Callable[[], None] | None:
        """The child is dead. Returns what is to be done once its exit is told: put its event back."""
        listener = self._listeners.pop(process, None)
        if listener is None or listener.envelope is None:
            return None
        gone = listener

        def put_back() -> None:
            self._note_drop(self.pool.reject(gone))
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
                    listener.state = ListenerState.READY
                    self._log.debug(f"{process.config.name}: ready for an event")
                case SaidResult(result):
                    self._handle_result(process, listener, result)
                case Violated():
                    self._violated(process, listener, said)
        self.dispatch()

    def dispatch(self) -> None:
        """Send buffered events to whoever is ready."""
        if self.pool.buffer:
            self.pool.dispatch(self._ready, self._send)

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
        parser.event_sent()
        try:
            process.write_stdin(data)
        except OSError:
            parser.event_not_sent()
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
            self._note_drop(self.pool.reject(listener))
        except Exception as error:  # the handler is somebody else's code
            self._log.warn(f"{name}: event caused an error: {type(error).__name__}: {error}")
            self._distrust(process, listener)
        else:
            listener.envelope = None

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
        self._note_drop(self.pool.reject(listener))

    def _note_drop(self, discarded: Envelope | None) -> None:
        if discarded is not None:
            self._log.error(
                f"pool {self.config.name} event buffer overflowed, discarding event {discarded.serial} "
                f"({discarded.event.type}; {self.pool.dropped} discarded so far)"
            )
