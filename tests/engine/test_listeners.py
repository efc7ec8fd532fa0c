"""Pools at work: what listeners are sent, what becomes of answers, deaths and violations."""

from support.events import heard
from support.fakes import FakeChild, World, group, listener, program
from vigild.config.model import StreamConfig
from vigild.core.events import remote_communication_event
from vigild.core.process import Stop
from vigild.core.states import ListenerState, SupervisorState
from vigild.engine.listeners import HandledEvent


def ear(world: World) -> FakeChild:
    return world.child("ear")


def remote(world: World, data: str) -> None:
    world.engine.bus.emit_if_wanted("REMOTE_COMMUNICATION", lambda: remote_communication_event("t", data))


def test_every_move_of_a_process_is_an_event_of_its_own() -> None:
    world = World(listener("ear", "PROCESS_STATE", buffer_size=100), group(program("web"))).boot()
    ear(world).says(b"READY\n")
    for _ in range(20):
        ear(world).says(b"RESULT 2\nOKREADY\n")
        if not world.engine.groups["ear"].pool.pool.buffer:  # type: ignore[union-attr]
            break
    world.clock.advance(1)
    ear(world).says(b"RESULT 2\nOKREADY\n")
    world.exits("web", 256)
    for _ in range(3):
        ear(world).says(b"RESULT 2\nOKREADY\n")
    assert [line for line in heard(ear(world)) if "processname:web" in line] == [
        "PROCESS_STATE_STARTING processname:web groupname:web from_state:STOPPED tries:0",
        "PROCESS_STATE_RUNNING processname:web groupname:web from_state:STARTING pid:101",
        "PROCESS_STATE_EXITED processname:web groupname:web from_state:RUNNING expected:0 pid:101",
        "PROCESS_STATE_STARTING processname:web groupname:web from_state:EXITED tries:0",
    ]


def test_output_becomes_events_where_asked_for() -> None:
    stdout = StreamConfig(events_enabled=True, capture_max_bytes=100)
    config = group(program("web", stdout=stdout))
    world = World(listener("ear", "PROCESS_LOG", "PROCESS_COMMUNICATION"), config).boot()
    ear(world).says(b"READY\n")
    world.child("web").says(b"line\n")
    capture = world.child("web").request.stdout.on_capture
    assert capture is not None
    capture(b"captured \xff")
    ear(world).says(b"RESULT 2\nOKREADY\n")
    assert heard(ear(world)) == [
        "PROCESS_LOG_STDOUT processname:web groupname:web pid:101 channel:stdout\nline",
        "PROCESS_COMMUNICATION_STDOUT processname:web groupname:web pid:101\nUndecodable: b'captured \\xff'",
    ]


def test_without_a_subscriber_output_makes_no_event() -> None:
    world = World(group(program("web", stdout=StreamConfig(events_enabled=True)))).boot()
    world.child("web").says(b"line\n")
    assert not world.engine.bus.wants("PROCESS_LOG_STDOUT")


def test_a_rejected_event_is_sent_again() -> None:
    world = World(listener("ear", "REMOTE_COMMUNICATION")).boot()
    ear(world).says(b"READY\n")
    remote(world, "one")
    ear(world).says(b"RESULT 4\nFAILREADY\n")
    assert heard(ear(world)) == ["REMOTE_COMMUNICATION type:t\none"] * 2
    assert "WARN ear: event was rejected" in world.log.lines


def test_the_event_of_a_listener_that_died_goes_to_its_successor() -> None:
    world = World(listener("ear", "REMOTE_COMMUNICATION")).boot()
    ear(world).says(b"READY\n")
    remote(world, "one")
    remote(world, "two")
    world.exits("ear", 256)
    ear(world).says(b"READY\n")
    assert heard(ear(world)) == ["REMOTE_COMMUNICATION type:t\none"]
    ear(world).says(b"RESULT 2\nOKREADY\n")
    assert heard(ear(world))[-1] == "REMOTE_COMMUNICATION type:t\ntwo"


def test_what_a_dying_listener_still_says_counts() -> None:
    world = World(listener("ear", "REMOTE_COMMUNICATION")).boot()
    ear(world).says(b"READY\n")
    remote(world, "one")
    ear(world).last_words = b"RESULT 2\nOK"
    world.exits("ear", 256)
    ear(world).says(b"READY\n")
    assert heard(ear(world)) == []


def test_a_listener_that_breaks_the_protocol_gets_nothing_more_and_its_words_are_shown() -> None:
    world = World(listener("ear", "REMOTE_COMMUNICATION")).boot()
    pool = world.engine.groups["ear"].pool
    assert pool is not None
    ear(world).says(b"READY\n")
    remote(world, "one")
    ear(world).says(b"RESULT nonsense\n")
    remote(world, "two")
    process = world.engine.groups["ear"].processes["ear"]
    assert pool.listener_state(process) is ListenerState.UNKNOWN
    assert len(heard(ear(world))) == 1
    assert [envelope.event.payload for envelope in pool.pool.buffer] == [b"type:t\none", b"type:t\ntwo"]
    assert "WARN ear: bad result line: 'RESULT nonsense'" in world.log.lines
    assert any("are not of the listener protocol: b'RESULT nonsense'" in line for line in world.log.lines)


def test_events_wait_until_a_listener_is_running() -> None:
    config = listener("ear", "REMOTE_COMMUNICATION")
    config.processes[0].start_seconds = 1
    world = World(config).boot()
    ear(world).says(b"READY\n")
    remote(world, "early")
    assert heard(ear(world)) == []
    world.clock.advance(1)
    assert heard(ear(world)) == ["REMOTE_COMMUNICATION type:t\nearly"]


def test_a_full_buffer_is_told_with_pool_event_and_count() -> None:
    world = World(listener("ear", "REMOTE_COMMUNICATION", buffer_size=1)).boot()
    remote(world, "one")
    remote(world, "two")
    assert world.log.lines[-1] == (
        "ERRO pool ear event buffer overflowed, discarding event 0 (REMOTE_COMMUNICATION; 1 discarded so far)"
    )


def test_a_listener_with_closed_stdin_is_passed_over() -> None:
    world = World(listener("ear", "REMOTE_COMMUNICATION")).boot()
    ear(world).says(b"READY\n")
    ear(world).stdin_closed = True
    remote(world, "one")
    ear(world).stdin_closed = False
    remote(world, "two")
    assert heard(ear(world)) == ["REMOTE_COMMUNICATION type:t\none"]


def test_a_custom_handler_sees_event_and_response_and_may_fail() -> None:
    seen: list[tuple[str, str, bytes]] = []

    def handler(event: HandledEvent, response: bytes) -> None:
        seen.append((event.type, event.payload(), response))
        if response == b"boom":
            raise ValueError("boom")

    world = World(listener("ear", "REMOTE_COMMUNICATION"), handler=handler).boot()
    ear(world).says(b"READY\n")
    remote(world, "one")
    ear(world).says(b"RESULT 3\nyes")
    ear(world).says(b"READY\n")
    remote(world, "two")
    ear(world).says(b"RESULT 4\nboom")
    assert seen == [
        ("REMOTE_COMMUNICATION", "type:t\none", b"yes"),
        ("REMOTE_COMMUNICATION", "type:t\ntwo", b"boom"),
    ]
    assert "WARN ear: event caused an error: ValueError: boom" in world.log.lines


def test_ticks_run_only_for_those_who_listen() -> None:
    silent = World(listener("ear", "REMOTE_COMMUNICATION")).boot()
    assert silent.clock.armed == 0
    world = World(listener("ear", "TICK_5")).boot()
    ear(world).says(b"READY\n")
    world.clock.advance(5)
    assert heard(ear(world)) == ["TICK_5 when:1700000005"]
    process = world.engine.groups["ear"].processes["ear"]
    process.feed(Stop())
    world.exits("ear")
    world.engine.remove_group("ear")
    assert world.clock.armed == 0


def test_the_daemons_own_moves_are_events() -> None:
    world = World(listener("ear", "SUPERVISOR_STATE_CHANGE"), group(program("web"))).boot()
    world.engine.announce_running()
    ear(world).says(b"READY\n")
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    ear(world).says(b"RESULT 2\nOKREADY\n")
    assert heard(ear(world)) == ["SUPERVISOR_STATE_CHANGE_RUNNING", "SUPERVISOR_STATE_CHANGE_STOPPING"]
    world.exits("web")
    assert world.state("ear") == "STOPPING", "listeners go last, so that they hear of the rest"


def test_words_of_one_that_is_no_listener_any_more_are_ignored() -> None:
    world = World(listener("ear", "TICK")).boot()
    old = ear(world)
    process = world.engine.groups["ear"].processes["ear"]
    process.feed(Stop())
    world.exits("ear")
    old.says(b"READY\n")
    pool = world.engine.groups["ear"].pool
    assert pool is not None
    assert pool.listener_state(process) is None


def test_the_length_is_said_in_characters_for_a_pool_that_asks_for_it() -> None:
    world = World(listener("ear", "REMOTE_COMMUNICATION", length_in_characters=True)).boot()
    ear(world).says(b"READY\n")
    remote(world, "é")
    assert b" len:8\n" in ear(world).stdin[0], "type:t, a line feed and one letter"
