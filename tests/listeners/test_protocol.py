"""Events come out whole, however their bytes were cut."""

import pytest

from vigild.listeners.protocol import MAX_HEADER_BYTES, OK, READY, Event, Events, ProtocolError, pairs
from vigild.wire import listener

PAYLOAD = "processname:größe groupname:my group from_state:RUNNING expected:0 pid:77"


def wire(payload: str = PAYLOAD, name: str = "PROCESS_STATE_EXITED") -> bytes:
    data = payload.encode()
    return (
        f"ver:3.0 server:supervisor serial:1 pool:p poolserial:1 eventname:{name} len:{len(data)}\n".encode()
        + data
    )


def test_an_event_in_pieces_of_every_size() -> None:
    data = wire() + wire("when:1\nmore\n", "TICK_5")
    for size in range(1, len(data)):
        events = Events()
        found = [event for at in range(0, len(data), size) for event in events.feed(data[at : at + size])]
        assert ["PROCESS_STATE_EXITED", "TICK_5"] == [event.name for event in found]
    first, tick = found
    assert ("größe", "my group", "77") == (first.process, first.group, first.facts["pid"])
    assert ("1", "more\n") == (tick.facts["when"], tick.data)
    assert ("", "") == (tick.group, tick.process)


def test_left_over_bytes_of_supervisors_count_in_characters_do_no_harm() -> None:
    short = wire().replace(b"len:%d" % len(PAYLOAD.encode()), b"len:%d" % len(PAYLOAD))
    found = list(Events().feed(short + wire("when:2", "TICK_60")))
    assert ["PROCESS_STATE_EXITED", "TICK_60"] == [event.name for event in found]


@pytest.mark.parametrize(
    "data", [b"nonsense\n", b"eventname:X len:many\n", b"len:3\n", b"x" * (MAX_HEADER_BYTES + 1)]
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(Events().feed(data))


def test_pairs() -> None:
    assert {"a": "1 2", "b": "x:y"} == pairs("a:1 2 b:x:y")
    assert {} == pairs("no pairs")


def test_what_the_daemon_writes_is_understood() -> None:
    data = listener.encode_event(
        server="box",
        serial=7,
        pool="p",
        pool_serial=3,
        event_type="PROCESS_STATE_FATAL",
        payload=PAYLOAD.encode(),
    )
    (event,) = Events().feed(data)
    assert Event("PROCESS_STATE_FATAL", event.headers, pairs(PAYLOAD), "") == event
    assert ("box", "7", "3") == (
        event.headers["server"],
        event.headers["serial"],
        event.headers["poolserial"],
    )


def test_the_daemon_understands_what_we_answer() -> None:
    parser = listener.ListenerParser()
    said = parser.receive(READY)
    parser.event_sent()
    said += parser.receive(OK + READY)
    assert ["SaidReady", "SaidResult", "SaidReady"] == [type(one).__name__ for one in said]
