import pytest

from vigild.core.events import (
    EVENT_TYPES,
    PARENTS,
    TICK_PERIODS_SECONDS,
    Event,
    ancestry,
    monitor_event,
    process_communication_event,
    process_flapping_cleared_event,
    process_flapping_event,
    process_group_event,
    process_health_event,
    process_log_event,
    process_state_event,
    remote_communication_event,
    supervisor_state_event,
    tick_event,
)
from vigild.core.states import ProcessState


def state_payload(state: ProcessState, from_state: ProcessState, *, expected: bool = True) -> bytes:
    event = process_state_event(state, "w", "g", from_state, pid=42, tries=3, expected=expected)
    assert f"PROCESS_STATE_{state.name}" == event.type
    return event.payload


def test_every_parent_is_a_type_itself() -> None:
    assert set(PARENTS.values()) <= EVENT_TYPES


def test_every_type_ends_at_the_root() -> None:
    assert {"EVENT"} == {ancestry(event_type)[-1] for event_type in EVENT_TYPES}


def test_ancestry_names_the_type_first() -> None:
    assert ("TICK_5", "TICK", "EVENT") == ancestry("TICK_5")
    assert ("EVENT",) == ancestry("EVENT")


def test_every_process_state_has_a_type() -> None:
    assert {f"PROCESS_STATE_{state.name}" for state in ProcessState} <= EVENT_TYPES


def test_every_tick_has_a_period() -> None:
    assert {name for name, parent in PARENTS.items() if parent == "TICK"} == set(TICK_PERIODS_SECONDS)


@pytest.mark.parametrize("state", [ProcessState.STARTING, ProcessState.BACKOFF])
def test_a_start_and_a_failed_start_tell_the_number_of_tries(state: ProcessState) -> None:
    payload = state_payload(state, ProcessState.STOPPED)
    assert b"processname:w groupname:g from_state:STOPPED tries:3" == payload


@pytest.mark.parametrize("state", [ProcessState.RUNNING, ProcessState.STOPPING, ProcessState.STOPPED])
def test_moves_of_a_living_process_tell_its_pid(state: ProcessState) -> None:
    payload = state_payload(state, ProcessState.STARTING)
    assert b"processname:w groupname:g from_state:STARTING pid:42" == payload


@pytest.mark.parametrize(("expected", "digit"), [(True, b"1"), (False, b"0")])
def test_an_exit_tells_whether_it_was_expected(expected: bool, digit: bytes) -> None:
    payload = state_payload(ProcessState.EXITED, ProcessState.RUNNING, expected=expected)
    assert b"processname:w groupname:g from_state:RUNNING expected:" + digit + b" pid:42" == payload


@pytest.mark.parametrize("state", [ProcessState.FATAL, ProcessState.UNKNOWN])
def test_fatal_and_unknown_tell_only_where_from(state: ProcessState) -> None:
    payload = state_payload(state, ProcessState.BACKOFF)
    assert b"processname:w groupname:g from_state:BACKOFF" == payload


def test_flapping_tells_how_often_in_what_time_and_what_follows() -> None:
    event = process_flapping_event("w", "g", ProcessState.EXITED, 10, 60.0, "backoff")
    payload = b"processname:w groupname:g from_state:EXITED restarts:10 window_seconds:60 action:backoff"
    assert Event("PROCESS_FLAPPING", payload) == event


def test_the_end_of_flapping_tells_why() -> None:
    event = process_flapping_cleared_event("w", "g", ProcessState.RUNNING, "quiet")
    payload = b"processname:w groupname:g from_state:RUNNING reason:quiet"
    assert Event("PROCESS_FLAPPING_CLEARED", payload) == event


def test_flapping_belongs_to_no_family_of_supervisors() -> None:
    assert ancestry("PROCESS_FLAPPING") == ("PROCESS_FLAPPING", "EVENT")
    assert ancestry("PROCESS_FLAPPING_CLEARED") == ("PROCESS_FLAPPING_CLEARED", "EVENT")


def test_output_is_passed_on_as_the_bytes_it_is() -> None:
    event = process_log_event("stdout", "w", "g", 42, "caffè ☕\n".encode())
    header = b"processname:w groupname:g pid:42 channel:stdout\n"
    assert Event("PROCESS_LOG_STDOUT", header + "caffè ☕\n".encode()) == event


def test_output_that_is_not_utf8_is_shown_as_a_literal() -> None:
    event = process_log_event("stderr", "w", "g", 42, b"\xff\x00")
    header = b"processname:w groupname:g pid:42 channel:stderr\n"
    assert Event("PROCESS_LOG_STDERR", header + b"Undecodable: b'\\xff\\x00'") == event


def test_a_captured_message_has_no_channel_in_its_header() -> None:
    event = process_communication_event("stderr", "w", "g", 42, b"hello")
    assert Event("PROCESS_COMMUNICATION_STDERR", b"processname:w groupname:g pid:42\nhello") == event


def test_a_captured_message_that_is_not_utf8_is_shown_as_a_literal() -> None:
    event = process_communication_event("stdout", "w", "g", 42, b"\xfe")
    assert event.payload.endswith(b"\nUndecodable: b'\\xfe'")


def test_a_clients_message_is_sent_as_utf8() -> None:
    event = remote_communication_event("greeting", "你好")
    assert Event("REMOTE_COMMUNICATION", "type:greeting\n你好".encode()) == event


@pytest.mark.parametrize("name", ["RUNNING", "STOPPING"])
def test_the_daemons_own_changes_have_no_payload(name: str) -> None:
    event = supervisor_state_event(name)
    assert event.type in EVENT_TYPES
    assert Event(f"SUPERVISOR_STATE_CHANGE_{name}", b"") == event


@pytest.mark.parametrize("name", ["ADDED", "REMOVED"])
def test_group_events_name_the_group(name: str) -> None:
    event = process_group_event(name, "web")
    assert event.type in EVENT_TYPES
    assert Event(f"PROCESS_GROUP_{name}", b"groupname:web\n") == event


def test_a_tick_tells_the_second() -> None:
    assert Event("TICK_60", b"when:1700000040") == tick_event("TICK_60", 1700000040)


def test_a_monitor_tells_its_rule_and_how_things_are() -> None:
    event = monitor_event(
        "MONITOR_FAILED", "disk", "filesystem", "if space > 80% then alert", "space 85% > 80%"
    )
    assert event.type == "MONITOR_FAILED"
    assert event.payload == (
        b"monitorname:disk type:filesystem\nrule:if space > 80% then alert\nspace 85% > 80%"
    )


def test_health_tells_what_it_was_and_the_last_answer() -> None:
    event = process_health_event("unhealthy", "w", "g", 7, "healthy", 3, "HTTP 500")
    assert event.type == "PROCESS_HEALTH_UNHEALTHY"
    assert event.payload == b"processname:w groupname:g pid:7 from_health:healthy failures:3\nHTTP 500"
    assert ancestry(event.type) == ("PROCESS_HEALTH_UNHEALTHY", "EVENT")
