"""Events over the death of a daemon: what the journal says when, and what the next daemon makes of it."""

import pytest

from support.events import heard
from support.fakes import FakeChild, FakeJournal, World, group, listener, program
from vigild.config.model import GroupConfig
from vigild.core.events import remote_communication_event
from vigild.core.listener import Traces
from vigild.core.states import ListenerState
from vigild.engine.listeners import PoolRunner
from vigild.engine.managed import ManagedProcess

EVENTS = "REMOTE_COMMUNICATION"


def ear(world: World, name: str = "ear") -> FakeChild:
    return world.child(name)


def remote(world: World, *texts: str) -> None:
    for text in texts:
        world.engine.bus.emit(remote_communication_event("t", text))


def pool_of(world: World) -> PoolRunner:
    pool = world.engine.groups["ear"].pool
    assert pool is not None
    return pool


def process_of(world: World, name: str = "ear") -> ManagedProcess:
    return world.engine.groups["ear"].processes[name]


def kept(world: World) -> list[str]:
    """The events in the journal, by pool serial."""
    entries = world.journal.entries.get("event", {})
    return [entries[key].partition(b"\nt")[2].decode()[6:] for key in sorted(entries)]


def texts(child: FakeChild) -> list[str]:
    return [words.removeprefix(f"{EVENTS} type:t\n") for words in heard(child)]


def hand_over(world: World) -> None:
    """The journal is what the next image is given."""
    for kind, keys in world.engine.hand_over().items():
        world.journal.entries[kind] = keys


def crash(world: World, config: GroupConfig, *dead: str, traces: Traces | None = None) -> World:
    """The next daemon, up to the point where all listeners but the `dead` are adopted."""
    after = World()
    after.journal = FakeJournal({kind: dict(keys) for kind, keys in world.journal.entries.items()})
    after.ports.journal = after.journal
    after.engine = type(after.engine)(after.ports, after.engine.settings)
    after.engine.bus.restore(after.journal.entries, after.log)
    after.engine.add_group(config)
    after.boot()
    for name, process in after.engine.groups[config.name].processes.items():
        # The fake starts them; what the protocol stands at is then replaced by what was adopted.
        process.pool._listeners.pop(process)  # type: ignore[union-attr]
        if name not in dead:
            process.pool.child_adopted(process, traces)  # type: ignore[union-attr]
    return after


def begin(*, buffer_size: int = 10) -> tuple[World, GroupConfig]:
    config = listener("ear", EVENTS, buffer_size=buffer_size)
    return World(config).boot(), config


def test_an_event_is_in_the_journal_from_its_acceptance_to_its_acknowledgement() -> None:
    world, _ = begin()
    remote(world, "one", "two")
    assert kept(world) == ["one", "two"]
    ear(world).says(b"READY\n")
    assert world.journal.entries["listener"] == {"ear": b"0"}
    assert kept(world) == ["one", "two"]
    ear(world).says(b"RESULT 2\nOK")
    assert world.journal.entries["listener"] == {}
    assert kept(world) == ["two"]
    ear(world).says(b"READY\nRESULT 4\nFAIL")
    assert kept(world) == ["two"], "rejected, so still to be delivered"


def test_it_is_written_before_it_is_sent() -> None:
    world, _ = begin()
    ear(world).says(b"READY\n")
    seen: list[tuple[list[str], dict[str, bytes], int]] = []
    child = ear(world)
    child.write_stdin = lambda data: seen.append(  # type: ignore[method-assign]
        (kept(world), dict(world.journal.entries["listener"]), child.marks)
    )
    remote(world, "one")
    assert seen == [(["one"], {"ear": b"0"}, 1)]


def test_an_event_that_goes_out_at_once_and_the_answer_with_the_next_event_are_one_write_each() -> None:
    world, _ = begin()
    writes: list[int] = []
    put_all = world.journal.put_all

    def counted(changes):  # type: ignore[no-untyped-def]
        writes.append(len(changes))
        put_all(changes)

    world.journal.put_all = counted  # type: ignore[method-assign]
    ear(world).says(b"READY\n")
    remote(world, "one")
    remote(world, "two")
    ear(world).says(b"RESULT 2\nOKREADY\n")
    assert writes == [2, 1, 2]


def test_buffered_events_are_delivered_by_the_next_daemon_in_order_with_their_serials() -> None:
    world, config = begin()
    remote(world, "one", "two", "three")
    after = crash(world, config)
    remote(after, "four")
    assert texts(ear(after)) == [], "nothing is sent before it is known who has what"
    after.engine.bus.restored()
    for _ in range(4):
        ear(after).says(b"RESULT 2\nOKREADY\n")
    assert texts(ear(after)) == ["one", "two", "three", "four"]
    assert [data.split()[2] for data in ear(after).stdin] == [
        b"serial:0",
        b"serial:1",
        b"serial:2",
        b"serial:1000",
    ]
    assert [data.split()[4] for data in ear(after).stdin][-1] == b"poolserial:1000"
    assert kept(after) == []


def test_a_listener_at_work_is_waited_for() -> None:
    world, config = begin()
    ear(world).says(b"READY\n")
    remote(world, "one", "two")
    after = crash(world, config, traces=Traces(was_sent=True, has_spoken=False))
    after.engine.bus.restored()
    assert pool_of(after).listener_state(process_of(after)) is ListenerState.BUSY
    assert texts(ear(after)) == []
    ear(after).says(b"RESULT 2\nOKREADY\n")
    assert texts(ear(after)) == ["two"]
    assert kept(after) == ["two"]


def test_a_ready_instead_of_a_result_says_that_the_result_was_lost() -> None:
    world, config = begin()
    ear(world).says(b"READY\n")
    remote(world, "one", "two")
    after = crash(world, config)
    after.engine.bus.restored()
    ear(after).says(b"OKREADY\n")
    assert texts(ear(after)) == ["one"]
    ear(after).says(b"RESULT 2\nOKREADY\n")
    assert texts(ear(after)) == ["one", "two"]


@pytest.mark.parametrize("traces", [Traces(False, False), Traces(True, True)])
def test_an_event_that_was_not_sent_or_whose_answer_died_with_the_daemon_is_sent_again(
    traces: Traces,
) -> None:
    world, config = begin()
    ear(world).says(b"READY\n")
    remote(world, "one", "two")
    after = crash(world, config, traces=traces)
    after.engine.bus.restored()
    assert texts(ear(after)) == ["one"]
    ear(after).says(b"READY\nRESULT 2\nOKREADY\n")
    assert texts(ear(after)) == ["one", "two"]


def test_a_listener_without_an_event_is_presumed_ready_and_its_late_ready_is_ignored() -> None:
    world, config = begin()
    ear(world).says(b"READY\n")
    after = crash(world, config)
    after.engine.bus.restored()
    remote(after, "one")
    assert texts(ear(after)) == ["one"]
    ear(after).says(b"READY\n")
    assert pool_of(after).listener_state(process_of(after)) is ListenerState.BUSY
    ear(after).says(b"RESULT 2\nOK")
    assert kept(after) == []


def test_the_event_of_a_listener_that_died_meanwhile_goes_to_another() -> None:
    pool = group(
        *(program(name, kind=listener("x").kind, start_seconds=0) for name in ("a", "b")),
        name="ear",
        kind=listener("x").kind,
        events=(EVENTS,),
    )
    world = World(pool).boot()
    world.child("ear:a").says(b"READY\n")
    remote(world, "one", "two")
    assert world.journal.entries["listener"] == {"ear:a": b"0"}
    after = crash(world, pool, "a")
    after.engine.bus.restored()
    assert texts(after.child("ear:b")) == ["one"]
    assert after.journal.entries["listener"] == {"ear:b": b"0"}


def test_a_listener_that_broke_the_protocol_stays_distrusted_until_it_dies() -> None:
    world, config = begin()
    ear(world).says(b"READY\n")
    remote(world, "one")
    ear(world).says(b"nonsense\n")
    after = crash(world, config)
    after.engine.bus.restored()
    ear(after).says(b"READY\n")
    assert pool_of(after).listener_state(process_of(after)) is ListenerState.UNKNOWN
    assert texts(ear(after)) == []
    after.exits("ear", 256)
    assert after.journal.entries["listener"] == {}
    ear(after).says(b"READY\n")
    assert texts(ear(after)) == ["one"]


def test_discarded_events_are_forgotten_and_counted_on() -> None:
    world, config = begin(buffer_size=1)
    remote(world, "one", "two", "three")
    assert kept(world) == ["three"]
    after = crash(world, config)
    after.engine.bus.restored()
    assert pool_of(after).pool.dropped == 2


def of_events(world: World) -> dict[str, dict[str, bytes]]:
    """What the journal says, but of groups and processes."""
    kinds = world.journal.entries.items()
    return {kind: keys for kind, keys in kinds if keys and kind not in ("group", "process")}


def test_a_pool_that_leaves_takes_its_entries_along() -> None:
    world, _ = begin(buffer_size=1)
    remote(world, "one", "two")
    process_of(world).forbid_restarts()
    world.exits("ear")
    assert world.engine.remove_group("ear")
    assert of_events(world) == {"serial": {"bus": b"999"}}


def test_what_no_pool_asks_for_is_forgotten() -> None:
    world, _ = begin(buffer_size=1)
    ear(world).says(b"READY\n")
    remote(world, "one", "two", "three")
    after = crash(world, listener("other", EVENTS))
    after.engine.bus.restored()
    assert of_events(after) == {"serial": {"bus": b"999"}}


def test_records_that_cannot_be_read_are_told_and_forgotten() -> None:
    world, config = begin()
    remote(world, "one")
    world.journal.put("event", "ear/x", b"")
    world.journal.put("listener", "ear", b"what")
    world.journal.put("serial", "bus", b"many")
    after = crash(world, config)
    after.engine.bus.restored()
    assert any("the journal's records of 2 events or listeners are of no use" in x for x in after.log.lines)
    assert list(after.journal.entries["event"]) == ["ear/0"]
    assert texts(ear(after)) == ["one"]


def test_handed_over_a_listener_goes_on_in_the_middle_of_a_token_and_nothing_comes_twice() -> None:
    world, config = begin()
    ear(world).says(b"READY\n")
    remote(world, "one", "two")
    ear(world).says(b"RESU")
    hand_over(world)
    after = crash(world, config, traces=Traces(was_sent=True, has_spoken=True))
    after.engine.bus.restored()
    assert after.journal.entries["listener"] == {"ear": b"0"}, "a crash from here on is a crash"
    ear(after).says(b"LT 2\nOKREA")
    assert pool_of(after).listener_state(process_of(after)) is ListenerState.ACKNOWLEDGED
    assert texts(ear(after)) == []
    hand_over(after)
    third = crash(after, config)
    third.engine.bus.restored()
    assert texts(ear(third)) == []
    ear(third).says(b"DY\n")
    assert texts(ear(third)) == ["two"]


def test_what_a_listener_said_before_it_died_counts_for_the_next_daemon_too() -> None:
    world, config = begin()
    ear(world).says(b"READY\n")
    remote(world, "one", "two")
    after = crash(world, config)
    ear(after).last_words = b"RESULT 2\nOK"
    after.exits("ear", 256)
    after.engine.bus.restored()
    ear(after).says(b"READY\n")
    assert texts(ear(after)) == ["two"]
