"""What the journal keeps of events and listeners, as bytes. Payloads stay as they are: they can be large.

    event     SERIAL TYPE \n PAYLOAD        its key names the pool and the pool's serial
    listener  POOL-SERIAL                   has this event, or is about to be sent it
              UNKNOWN                       broke the protocol
              =POOL-SERIAL|- STATE PARSER   all that is known of it, handed over by a daemon that executed itself anew

Serials are ASCII numbers. What cannot be read, perhaps because another version wrote it, is None.
"""

from vigild.core.events import Event
from vigild.core.frozen import plain
from vigild.core.listener import Envelope
from vigild.core.states import ListenerState
from vigild.wire.listener import ListenerParser

UNKNOWN_LISTENER = b"UNKNOWN"


@plain
class ListenerRecord:
    """One listener as it was written down. `state` and `parser` are None where only its event is known."""

    pool_serial: int | None
    state: ListenerState | None = None
    parser: ListenerParser | None = None


def event_key(pool: str, pool_serial: int) -> str:
    """The key of an event's record; a pool's name holds no slash."""
    return f"{pool}/{pool_serial}"


def encode_event_record(envelope: Envelope) -> bytes:
    """The value of an event's record."""
    event = envelope.event
    return b"%d %b\n%b" % (envelope.serial, event.type.encode(), event.payload)


def decode_event_record(key: str, value: bytes) -> tuple[str, Envelope] | None:
    """Pool and envelope."""
    pool, _, pool_serial = key.rpartition("/")
    head, _, payload = value.partition(b"\n")
    serial, _, event_type = head.partition(b" ")
    try:
        return pool, Envelope(Event(event_type.decode(), payload), int(serial), int(pool_serial))
    except ValueError:
        return None


def encode_in_flight(envelope: Envelope) -> bytes:
    """The value of the record of a listener that has this event."""
    return b"%d" % envelope.pool_serial


def encode_handover(envelope: Envelope | None, state: ListenerState, parser: ListenerParser) -> bytes:
    """The value of the record of a listener that is handed over alive, between two reads."""
    number = b"-" if envelope is None else b"%d" % envelope.pool_serial
    return b"=%b %b %b" % (number, state.name.encode(), parser.snapshot())


def decode_listener_record(value: bytes) -> ListenerRecord | None:
    """What was known of a listener."""
    if value == UNKNOWN_LISTENER:
        return ListenerRecord(None, ListenerState.UNKNOWN)
    try:
        if not value.startswith(b"="):
            return ListenerRecord(int(value))
        number, state, parser = value[1:].split(b" ", 2)
        return ListenerRecord(
            None if number == b"-" else int(number),
            ListenerState[state.decode()],
            ListenerParser.from_snapshot(parser),
        )
    except (ValueError, KeyError):
        return None
