"""What the journal keeps of events and listeners."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.core.events import Event
from vigild.core.listener import Envelope
from vigild.core.states import ListenerState
from vigild.wire.listener import ListenerParser, SaidResult
from vigild.wire.pool_records import (
    UNKNOWN_LISTENER,
    ListenerRecord,
    decode_event_record,
    decode_listener_record,
    encode_event_record,
    encode_handover,
    encode_in_flight,
    event_key,
)


@given(
    payload=st.binary(max_size=50), serial=st.integers(0, 2**63 - 1), pool_serial=st.integers(0, 2**63 - 1)
)
def test_an_event_comes_back_as_it_was(payload: bytes, serial: int, pool_serial: int) -> None:
    envelope = Envelope(Event("TICK_5", payload), serial, pool_serial)
    key, value = event_key("my pool", pool_serial), encode_event_record(envelope)
    assert decode_event_record(key, value) == ("my pool", envelope)


@pytest.mark.parametrize(
    ("key", "value"), [("p/x", b"1 T\n"), ("p/1", b"x T\n"), ("p/1", b""), ("p/1", b"1 \xff\n")]
)
def test_what_is_no_event_is_none(key: str, value: bytes) -> None:
    assert decode_event_record(key, value) is None


def test_a_listener_with_an_event() -> None:
    envelope = Envelope(Event("TICK_5", b""), 3, 17)
    assert decode_listener_record(encode_in_flight(envelope)) == ListenerRecord(17)
    assert decode_listener_record(UNKNOWN_LISTENER) == ListenerRecord(None, ListenerState.UNKNOWN)


@pytest.mark.parametrize("pool_serial", [None, 17])
def test_a_listener_that_is_handed_over_goes_on_in_the_middle_of_a_token(pool_serial: int | None) -> None:
    parser = ListenerParser()
    parser.receive(b"READY\n")
    parser.event_sent()
    parser.receive(b"RESULT 2\nO")
    envelope = None if pool_serial is None else Envelope(Event("TICK_5", b""), 3, pool_serial)
    record = decode_listener_record(encode_handover(envelope, ListenerState.BUSY, parser))
    assert record is not None
    assert record.parser is not None
    assert (record.pool_serial, record.state) == (pool_serial, ListenerState.BUSY)
    assert record.parser.receive(b"K") == [SaidResult(b"OK")]


@pytest.mark.parametrize("value", [b"", b"x", b"=", b"=1 NONE in step;ready;0;", b"=1 BUSY other;ready;0;"])
def test_what_is_no_listener_is_none(value: bytes) -> None:
    assert decode_listener_record(value) is None
