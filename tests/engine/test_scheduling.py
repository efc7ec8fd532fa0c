"""Programs that a schedule starts, on fakes with clocks that are moved and set by hand."""

import json
from dataclasses import asdict

import pytest

from support.fakes import EPOCH, FakeScheduleStore, World, group, program
from vigild.control.info import describe, process_facts
from vigild.control.view import process_view
from vigild.core.dependency import Condition, Dependency
from vigild.core.edges import Edge
from vigild.core.history import Kind
from vigild.core.process import Autorestart, Start, Stop
from vigild.core.schedule import Outcome, ScheduleState
from vigild.core.states import SupervisorState
from vigild.engine.managed import ManagedProcess
from vigild.engine.ports import Remains
from vigild.engine.records import PROCESS, decode_record
from vigild.engine.scheduling import MAX_WAIT_SECONDS, Job, state_from

FIRST = 100.0  # EPOCH is 100 seconds before a quarter past ten at night, UTC
EVERY = 300.0


class Told:
    def __init__(self) -> None:
        self.edges: list[Edge] = []

    def tell(self, edge: Edge) -> None:
        self.edges.append(edge)

    @property
    def words(self) -> list[str]:
        return [f"{edge.kind.value}: {edge.text}" for edge in self.edges]


class Planned(World):
    """One job that is due every five minutes."""

    def __init__(self, schedules: FakeScheduleStore | None = None, **changes: object) -> None:
        self.at_first = {
            "schedule": "*/5 * * * *",
            "schedule_timezone": "UTC",
            "autostart": False,
            "autorestart": Autorestart.NEVER,
            "start_seconds": 0,
            **changes,
        }
        super().__init__(schedules=schedules)
        self.told = Told()
        self.ports.alerts = self.told

    def begin(self, after: float = 0.0) -> "Planned":
        """The daemon starts so many seconds after EPOCH."""
        self.clock.epoch = EPOCH + after
        self.engine.add_group(group(program("job", **self.at_first)))
        self.boot()
        self.clock.advance(1)
        return self

    @property
    def process(self) -> ManagedProcess:
        return self.engine.groups["job"].processes["job"]

    @property
    def runs(self) -> list[int]:
        """When it was spawned, in seconds after EPOCH."""
        moves = [fact for fact in self.history.facts if fact.kind is Kind.STATE]
        return [int(fact.at - EPOCH) for fact in moves if fact.details["new"] == "STARTING"]

    def advance_to(self, second: float) -> None:
        self.clock.advance(second - self.clock.now)


def job_of(world: Planned) -> Job:
    assert world.process.job is not None
    return world.process.job


def test_who_has_no_schedule_costs_no_timer() -> None:
    world = World(group(program("w", start_seconds=0))).boot()
    assert (world.clock.armed, world.engine.scheduling, world.schedules.saves) == (0, None, 0)


def test_it_is_started_when_it_is_due_and_what_became_of_it_is_shown() -> None:
    world = Planned().begin()
    assert describe(world.process, 0).startswith("Not started, next Nov 14 ")
    assert process_facts(world.process, 0)["schedule_next"] == int(EPOCH + FIRST)
    world.advance_to(FIRST - 0.5)
    assert world.runs == []
    world.advance_to(FIRST)
    assert world.runs == [FIRST]
    assert world.state("job") == "RUNNING"
    assert ", next" not in describe(world.process, world.clock.wall())
    assert world.history.of(Kind.STATE, "job")[0]["by"] == "schedule"
    world.advance_to(FIRST + 7)
    world.exits("job")
    facts = process_facts(world.process, 0)
    past = {key: value for key, value in facts.items() if key.startswith("schedule")}
    assert past == {
        "schedule": "*/5 * * * *",
        "schedule_timezone": "UTC",
        "schedule_next": int(EPOCH + FIRST + EVERY),
        "schedule_paused": False,
        "schedule_last_start": int(EPOCH + FIRST),
        "schedule_last_end": int(EPOCH + FIRST + 7),
        "schedule_outcome": "succeeded",
        "schedule_outcome_text": "exit status 0",
    }
    view = process_view(world.process, 0)["schedule"]
    assert isinstance(view, dict)
    assert (view["next_at"], view["outcome"], view["queued"]) == (EPOCH + FIRST + EVERY, "succeeded", False)
    world.advance_to(FIRST + EVERY)
    assert world.runs == [FIRST, FIRST + EVERY]
    assert world.told.edges == []


def test_a_run_that_fails_is_known_as_failed() -> None:
    world = Planned().begin()
    world.advance_to(FIRST)
    world.exits("job", 3 << 8)
    assert (job_of(world).state.outcome, job_of(world).state.text) == (
        Outcome.FAILED,
        "exit status 3",
    )


def test_a_run_that_cannot_be_spawned_is_failed_when_it_is_given_up() -> None:
    world = Planned(start_retries=0)
    world.children.refuse["job"] = "no such file"
    world.begin()
    world.advance_to(FIRST)
    assert world.state("job") == "FATAL"
    assert (job_of(world).state.outcome, job_of(world).state.text) == (Outcome.FAILED, "no such file")
    assert describe(world.process, 0).startswith("no such file, next Nov 14")


@pytest.mark.parametrize("seconds", [60.0, 3600.0])
def test_a_clock_that_is_set_back_runs_nothing_twice(seconds: float) -> None:
    world = Planned().begin()
    world.advance_to(FIRST)
    world.exits("job")
    world.clock.epoch -= seconds
    world.clock.advance(seconds)
    assert len(world.runs) == 1
    world.clock.advance(EVERY)
    assert len(world.runs) == 2


def test_a_clock_that_is_set_forward_loses_nothing_and_the_run_comes_within_a_minute() -> None:
    world = Planned().begin()
    world.advance_to(10)
    world.clock.epoch += 95  # past the due
    world.clock.advance(60)
    assert len(world.runs) == 1
    world.exits("job")
    world.clock.epoch += 3 * EVERY  # or the machine slept
    world.clock.advance(60)
    assert len(world.runs) == 2
    assert any("was due 3 times before it could be started" in line for line in world.log.lines)
    assert world.told.edges == []


@pytest.mark.parametrize(("missed", "runs"), [("skip", 0), ("once", 1)])
def test_runs_that_were_due_while_no_daemon_ran(missed: str, runs: int) -> None:
    store = FakeScheduleStore()
    first = Planned(store).begin()
    first.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    assert store.closes == 1
    first.clock.advance(1000)
    assert first.runs == []

    second = Planned(store, schedule_missed=missed).begin(after=FIRST + 2 * EVERY + 100)
    (fact,) = second.history.of(Kind.SCHEDULE, "job")
    assert fact["what"] == "missed"
    assert "job missed 3 runs from 20" in str(fact["text"])
    assert len(second.runs) == runs
    if runs:
        second.exits("job")
    second.advance_to(EVERY)
    kinds = [edge.kind.value for edge in second.told.edges]
    assert kinds == (["schedule", "recovered"] if missed == "skip" else [])
    third = Planned(store, schedule_missed=missed).begin(after=FIRST + 3 * EVERY + 10)
    assert third.history.of(Kind.SCHEDULE, "job") == []


def test_a_single_missed_run_is_named() -> None:
    store = FakeScheduleStore()
    Planned(store).begin()
    second = Planned(store).begin(after=FIRST + 200)
    assert second.told.words[0].startswith("schedule: job missed the run of 20")


def test_another_schedule_has_missed_nothing() -> None:
    store = FakeScheduleStore()
    Planned(store).begin()
    second = Planned(store, schedule="*/2 * * * *").begin(after=FIRST + 200)
    assert second.told.edges == []


def test_a_long_absence_is_not_counted_to_its_end() -> None:
    store = FakeScheduleStore()
    Planned(store).begin()
    second = Planned(store).begin(after=FIRST + 200 * EVERY)
    assert "job missed 100 or more runs" in second.told.words[0]


def test_a_run_in_the_way_is_left_alone_by_default_and_that_is_told_until_a_run_begins() -> None:
    world = Planned().begin()
    world.advance_to(FIRST + 2 * EVERY)
    assert len(world.runs) == 1
    skipped = world.history.of(Kind.SCHEDULE, "job")
    assert [fact["what"] for fact in skipped] == ["skipped", "skipped"]
    world.exits("job")
    world.advance_to(FIRST + 3 * EVERY)
    assert [edge.kind.value for edge in world.told.edges] == ["schedule", "schedule", "recovered"]
    assert {edge.trouble for edge in world.told.edges} == {"schedule: overlap"}


def test_what_is_in_the_way_is_said_as_it_is() -> None:
    waiting = Planned(depends_on=(Dependency("db", Condition.RUNNING, ("db:*",)),))
    waiting.engine.add_group(group(program("db", autostart=False)))
    waiting.begin()
    waiting.advance_to(FIRST)
    waiting.engine.groups["db"].processes["db"].feed(Stop())
    waiting.advance_to(FIRST + EVERY)
    assert "job still waits for db (running" in waiting.told.words[0]
    pausing = Planned(
        autorestart=Autorestart.ALWAYS, restart_delay_seconds=1000.0, restart_limit_seconds=2000.0
    ).begin()
    pausing.advance_to(FIRST)
    pausing.exits("job", 1 << 8)
    pausing.advance_to(FIRST + EVERY)
    assert "job is about to be restarted: its run of" in pausing.told.words[0]
    running = Planned().begin()
    running.advance_to(FIRST + EVERY)
    assert "job still runs: its run of" in running.told.words[0]


def test_a_queued_run_begins_when_the_one_before_has_ended_and_one_at_most_waits() -> None:
    world = Planned(schedule_overlap="queue").begin()
    world.advance_to(FIRST + 2 * EVERY + 10)
    assert job_of(world).state.pending
    assert [fact["what"] for fact in world.history.of(Kind.SCHEDULE, "job")] == ["skipped"]
    world.exits("job")
    world.clock.advance()
    assert world.runs == [FIRST, FIRST + 2 * EVERY + 10]
    world.exits("job")
    world.clock.advance()
    assert len(world.runs) == 2


def test_a_stop_by_hand_drops_what_waits_and_leaves_the_schedule() -> None:
    world = Planned(schedule_overlap="queue").begin()
    world.advance_to(FIRST + EVERY)
    world.process.feed(Stop())
    world.exits("job", 15)
    world.clock.advance()
    assert world.runs == [FIRST]
    assert job_of(world).state.outcome is Outcome.STOPPED
    world.advance_to(FIRST + 2 * EVERY)
    assert world.runs == [FIRST, FIRST + 2 * EVERY]


def test_a_run_in_the_way_can_be_stopped_for_the_next() -> None:
    world = Planned(schedule_overlap="restart").begin()
    world.advance_to(FIRST + EVERY)
    assert world.children.kills == [(100, 15, False)]
    assert world.history.of(Kind.STATE, "job")[-1]["by"] == "schedule"
    world.clock.advance(2)
    world.exits("job", 15)
    world.clock.advance()
    assert world.runs == [FIRST, FIRST + EVERY + 2]


def test_one_that_waits_to_be_restarted_is_started_at_once() -> None:
    world = Planned(
        schedule_overlap="restart",
        autorestart=Autorestart.ALWAYS,
        restart_delay_seconds=1000.0,
        restart_limit_seconds=2000.0,
    ).begin()
    world.advance_to(FIRST)
    world.exits("job", 1 << 8)
    assert world.process.process.pausing
    world.advance_to(FIRST + EVERY)
    assert world.runs == [FIRST, FIRST + EVERY]


def test_what_cannot_be_started_is_told() -> None:
    world = Planned().begin()
    world.process.forbid_restarts()
    world.advance_to(FIRST)
    assert world.runs == []
    assert "could not begin: the daemon is going down" in world.told.words[0]


def test_a_job_that_is_removed_is_started_no_more_and_one_that_comes_back_knows_its_last_run() -> None:
    world = Planned().begin()
    world.advance_to(FIRST)
    world.exits("job")
    world.engine.remove_group("job")
    world.clock.advance()
    assert world.clock.armed == 0
    world.engine.add_group(group(program("job", **world.at_first)))
    assert job_of(world).state.began == EPOCH + FIRST
    world.advance_to(FIRST + EVERY)
    assert world.runs == [FIRST, FIRST + EVERY]


def test_another_daemon_adopts_a_run_and_what_waits_for_it() -> None:
    first = Planned(schedule_overlap="queue").begin()
    first.advance_to(FIRST + EVERY)
    record = decode_record(first.journal.entries[PROCESS]["job"])

    second = Planned(first.schedules, schedule_overlap="queue")
    second.clock.epoch = EPOCH + FIRST + EVERY + 2
    second.engine.add_group(group(program("job", **second.at_first)), {"job": record})
    second.children.alive[100] = Remains(100)
    second.process.resume(Remains(100))
    second.boot()
    second.clock.advance(1)
    assert (second.runs, job_of(second).state.pending) == ([], True)
    second.engine.child_died(100, 0)
    second.clock.advance()
    assert len(second.runs) == 1


def test_what_waited_for_a_run_that_ended_while_no_daemon_lived_begins() -> None:
    store = FakeScheduleStore()
    Planned(store).begin()
    plain = store.states["job"]
    assert isinstance(plain, dict)
    store.states["job"] = {**plain, "pending": True}
    second = Planned(store, schedule_overlap="queue").begin(after=10)
    assert second.runs == [11]


def test_that_it_was_due_is_written_down_with_the_intent_to_spawn_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Planned().begin()
    world.advance_to(FIRST)
    world.exits("job")
    world.clock.advance()
    due = EPOCH + FIRST + EVERY
    written: list[tuple[str, bool, bool]] = []
    put, save = world.journal.put, world.schedules.save

    def noted_put(kind: str, key: str, value: bytes) -> None:
        if kind == PROCESS:
            record = decode_record(value)
            handled = json.loads(record.schedule)["handled"] == due
            written.append(
                ("journal", handled, record.process.state.name == "STARTING" and record.spawn_id != "")
            )
        put(kind, key, value)

    def noted_save(states: dict[str, dict[str, object]]) -> None:
        written.append(("file", states["job"]["handled"] == due, False))
        save(states)

    monkeypatch.setattr(world.journal, "put", noted_put)
    monkeypatch.setattr(world.schedules, "save", noted_save)
    world.advance_to(FIRST + EVERY)

    handled = [(where, spawns) for where, is_handled, spawns in written if is_handled]
    assert handled[0] == ("journal", True)
    assert handled[-1] == ("file", False)
    assert all(is_handled for _, is_handled, _ in written)


def test_a_run_by_hand_counts_as_one_in_the_way_and_as_the_last() -> None:
    world = Planned().begin()
    world.process.feed(Start())
    assert job_of(world).state.began == EPOCH + 1
    world.advance_to(FIRST)
    assert len(world.runs) == 1


def test_a_schedule_that_never_comes_keeps_a_slow_watch() -> None:
    world = Planned(schedule="0 0 */30 2 mon#5").begin()
    assert describe(world.process, 0) == "Not started, never again"
    world.clock.advance(1000)
    assert world.runs == []


@pytest.mark.parametrize("record", ["", "{", "{}", '{"plan": 5}'])
def test_a_record_of_another_form_is_none(record: str) -> None:
    world = Planned().begin()
    before = job_of(world).state
    job_of(world).restore(record)
    assert job_of(world).state == before


def test_states_in_plain() -> None:
    world = Planned().begin()
    state = state_from(json.loads(job_of(world).record()))
    assert state == job_of(world).state
    assert isinstance(state, ScheduleState)
    assert state_from({"plan": "x"}) is None


def test_a_look_that_fails_is_not_the_end_of_all_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Planned().begin()

    def broken(self: Job, after: float) -> float | None:
        raise OSError("no calendar")

    with monkeypatch.context() as patch:
        patch.setattr(Job, "next_due", broken)
        with pytest.raises(OSError, match="no calendar"):
            it.advance_to(FIRST)
    it.advance_to(FIRST + EVERY)
    assert it.runs == [FIRST + MAX_WAIT_SECONDS]


def pause(world: Planned, is_paused: bool) -> None:
    assert world.engine.scheduling is not None
    world.engine.scheduling.set_paused(job_of(world), is_paused)
    world.clock.advance()


def test_what_is_paused_is_not_started_until_it_is_resumed_and_nothing_is_made_up_for() -> None:
    it = Planned(schedule_missed="once").begin()
    pause(it, True)
    assert describe(it.process, 0) == "Not started, schedule paused"
    facts = process_facts(it.process, 0)
    assert (facts["schedule_paused"], facts["schedule_next"]) == (True, 0)
    view = process_view(it.process, 0)["schedule"]
    assert isinstance(view, dict)
    assert (view["paused"], view["next_at"]) == (True, 0)
    it.advance_to(FIRST + EVERY + 1)
    assert it.runs == []
    pause(it, True)
    pause(it, False)
    pause(it, False)
    it.advance_to(FIRST + 2 * EVERY)
    assert it.runs == [FIRST + 2 * EVERY]
    assert it.told.edges == []


def test_a_pause_outlasts_the_daemon_and_a_change_of_the_schedule() -> None:
    first = Planned(schedule_missed="once").begin()
    pause(first, True)
    second = Planned(first.schedules, schedule_missed="once", schedule="*/10 * * * *").begin(after=10 * EVERY)
    assert job_of(second).state.paused
    second.clock.advance(EVERY)
    assert second.runs == []
    pause(second, False)
    assert second.runs == []
    second.clock.advance(2 * EVERY)
    assert len(second.runs) == 1
    state = state_from(json.loads(json.dumps({**asdict(ScheduleState("x")), "paused": None})))
    assert state is not None
    assert not state.paused, "a file of an older version"


def test_a_run_that_goes_on_may_end_and_what_waited_for_it_is_dropped() -> None:
    it = Planned(schedule_overlap="queue").begin()
    it.advance_to(FIRST + EVERY)
    assert job_of(it).state.pending
    pause(it, True)
    assert it.state("job") == "RUNNING"
    it.exits("job")
    it.clock.advance(1)
    assert it.runs == [FIRST]


def test_who_resumes_just_before_a_run_is_due_gets_it_in_time() -> None:
    it = Planned().begin()
    pause(it, True)
    it.advance_to(FIRST - 10)
    pause(it, False)
    it.advance_to(FIRST)
    assert it.runs == [FIRST]
