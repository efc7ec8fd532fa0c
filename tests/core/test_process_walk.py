"""The process machine: every pair answered, every move legal, and a long random life."""

from dataclasses import fields, replace
from itertools import pairwise, product
from operator import attrgetter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from support.steps import S, moves
from vigild.core.effects import (
    Alarm,
    AwaitDependencies,
    CancelAlarm,
    EndTree,
    Entered,
    FindMain,
    FlappingBegan,
    FlappingCleared,
    Refuse,
    SetAlarm,
    Signal,
    Spawn,
)
from vigild.core.orders import (
    AlarmRang,
    BecameReady,
    DependenciesSatisfied,
    Exited,
    GotMoreTime,
    Input,
    MainPid,
    Renew,
    Restart,
    SendSignal,
    ShutDown,
    SignalFailed,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
    TreeEnded,
)
from vigild.core.process import LEGAL_MOVES, Autorestart, Policy, Process, Wanted, step
from vigild.core.restarts import OnFlapping, Pace
from vigild.core.states import RUNNING_STATES, STOPPED_STATES

STATES = [
    Process(
        state=state,
        wanted=wanted,
        pid=pid,
        tries=1,
        started_at=started,
        flapping=flaps,
        restarts=(99.5,) if flaps else (),
        launching=launching,
        ending=ending,
        restart_at=101.0 if state in (S.EXITED, S.BACKOFF) and flaps else 0.0,
        waiting=beside and state is S.STARTING,
        again=beside and state is S.STOPPING,
    )
    for state, wanted, pid, started, flaps, launching, ending, beside in product(
        S, Wanted, (0, 7), (99.9, 10.0), (False, True), (False, True), (False, True), (False, True)
    )
    if not (beside and state not in (S.STARTING, S.STOPPING))
    if not (beside and state is S.STARTING and (pid or launching))
    if not (flaps and state in (S.STOPPED, S.STOPPING))
    if not (launching and state not in (S.STARTING, S.STOPPING))
]
STATES += [
    replace(process, condemned="of no use")
    for process in STATES
    if process.state in (S.STARTING, S.RUNNING, S.UNKNOWN) and process.pid and not process.launching
]
INPUTS: list[Input] = [
    Start(), Stop(), Restart(), DependenciesSatisfied(), ShutDown(), SendSignal(1), Spawned(8), MainPid(9), SpawnFailed("x"), SignalFailed(),
    TreeEnded(), BecameReady(), GotMoreTime(200.0), Renew("sick", 6),
    *(Exited(status) for status in (0, 1, -1, None)),
    *(AlarmRang(alarm) for alarm in Alarm),
]  # fmt: skip
PACES = [
    Pace(flapping_restarts=1, window_seconds=10, limit_seconds=4),
    Pace(flapping_restarts=1, window_seconds=10, on_flapping=OnFlapping.FATAL),
    Pace(flapping_restarts=0, delay_seconds=0.5),
]
POLICIES = [
    Policy(
        start_seconds=seconds,
        start_retries=retries,
        autorestart=autorestart,
        may_start=may,
        forking=forking,
        ends_tree=ends_tree,
        has_dependencies=depends,
        pace=pace,
        readiness=readiness,
    )
    for seconds, autorestart, may, forking, (ends_tree, depends), (retries, pace, readiness) in product(
        (0, 1),
        Autorestart,
        (True, False),
        (False, True),
        ((False, False), (True, False), (False, True), (True, True)),
        zip((-1, 0, 3), PACES, ("", "notify", ""), strict=True),
    )
]

PARTS = 4  # so that more than one process of the tests has its share


@pytest.mark.parametrize("part", range(PARTS))
def test_every_state_answers_every_input_by_legal_moves_only(part: int) -> None:
    for policy, process, input_ in product(POLICIES[part::PARTS], STATES, INPUTS):
        after, effects = step(process, input_, 100.0, policy)
        state = process.state
        for effect in effects:
            if isinstance(effect, Entered):
                assert effect.old is state
                assert effect.new in LEGAL_MOVES[state], (process, input_)
                state = effect.new
        assert after.state is state
        told = [effect for effect in effects if isinstance(effect, FlappingBegan | FlappingCleared)]
        assert len(told) % 2 == (after.flapping is not process.flapping), (process, input_, told)
        if any(isinstance(effect, Refuse) for effect in effects):
            assert after == process


FIELDS = tuple(field.name for field in fields(Process))
FORGOTTEN = {"started_at": 0.0, "spawn_error": "", "exit_status": None}
AT_MOST = {"tries": 5, "restart_at": 1.0, "restart_delay": 1.0}
values_of = attrgetter(*FIELDS)


def same_for_the_walk(process: Process) -> tuple[object, ...]:
    """Its fields, without what makes no difference to where it can go: else there would be no end of states."""
    form = list(values_of(process))
    for at, name in enumerate(FIELDS):
        if name in FORGOTTEN:
            form[at] = FORGOTTEN[name]
        elif name in AT_MOST:
            form[at] = min(form[at], AT_MOST[name])
        elif name == "restarts":
            form[at] = (0.0,) * len(form[at])
    return tuple(form)


def test_table_and_reachable_moves_are_equal() -> None:
    """Walk every state that can come about from a fresh process, and collect the moves made."""
    seen_moves: dict[S, set[S]] = {state: set() for state in S}
    for policy in POLICIES:
        frontier, seen = [Process()], {same_for_the_walk(Process())}
        while frontier:
            process = frontier.pop()
            for input_ in INPUTS:
                if isinstance(input_, Exited) and not process.pid:
                    continue  # there is nothing that could exit
                for now in (0.5, 1000.0):
                    after, effects = step(process, input_, now, policy)
                    for old, new in moves(effects):
                        seen_moves[old].add(new)
                    form = same_for_the_walk(after)
                    if form not in seen:
                        seen.add(form)
                        frontier.append(Process(*form))
    assert {state: frozenset(new) for state, new in seen_moves.items()} == LEGAL_MOVES


class Life(RuleBasedStateMachine):
    """A process, its child and its alarm, in any order that a real machine could bring about."""

    @initialize(
        seconds=st.sampled_from([0, 1, 5]),
        retries=st.sampled_from([-1, 0, 1, 3]),
        autorestart=st.sampled_from(list(Autorestart)),
        delay=st.sampled_from([0, 0.25, 3]),
        allowed=st.sampled_from([0, 1, 2]),
        window=st.sampled_from([2, 20]),
        on_flapping=st.sampled_from(list(OnFlapping)),
        forking=st.booleans(),
        ends_tree=st.booleans(),
        depends=st.booleans(),
        readiness=st.sampled_from(["", "notify"]),
    )
    def begin(
        self,
        seconds: int,
        retries: int,
        autorestart: Autorestart,
        delay: float,
        allowed: int,
        window: int,
        on_flapping: OnFlapping,
        forking: bool,
        ends_tree: bool,
        depends: bool,
        readiness: str,
    ) -> None:
        self.policy = Policy(
            start_seconds=seconds,
            start_retries=retries,
            autorestart=autorestart,
            forking=forking,
            ends_tree=ends_tree,
            has_dependencies=depends,
            readiness=readiness,
            pace=Pace(
                delay,
                limit_seconds=8,
                flapping_restarts=allowed,
                window_seconds=window,
                on_flapping=on_flapping,
            ),
        )
        self.process = Process()
        self.now = 1000.0
        self.alarm: SetAlarm | None = None
        self.child = 0
        self.next_pid = 1
        self.spawning = False
        self.finding = False
        self.ending = False
        self.told_flapping = False
        self.automatic: list[float] = []  # when it was restarted without an order, since the last order
        self.waits: list[float] = []  # delays of this episode of flapping

    def feed(self, input_: Input) -> None:
        before = self.process
        self.process, effects = step(before, input_, self.now, self.policy)
        ordered = isinstance(input_, Start | Stop | Restart | ShutDown)
        if ordered and Refuse not in map(type, effects):
            self.automatic.clear()
        for effect in effects:
            match effect:
                case SetAlarm():
                    self.alarm = effect
                    assert effect.when >= self.now
                    if effect.alarm is Alarm.RETRY and self.process.flapping:
                        self.waits.append(effect.when - self.now)
                case CancelAlarm():
                    self.alarm = None
                case Spawn():
                    assert not self.child, "started twice"
                    assert not self.spawning, "started twice"
                    assert not self.finding, "started twice"
                    self.spawning = True
                    if not ordered and not before.waiting and before.state is not S.STOPPING:
                        self.restarted()
                case AwaitDependencies():
                    assert not self.child
                    assert not self.spawning
                    if not ordered and before.state is not S.STOPPING:
                        self.restarted()
                case FindMain():
                    assert not self.child
                    self.finding = True
                case EndTree():
                    assert not self.child
                    self.ending = True
                case Signal(pid):
                    assert pid == self.child, "signalled a stranger"
                case Refuse():
                    assert self.process == before
                case FlappingBegan():
                    assert not self.told_flapping, "told twice"
                    self.told_flapping = True
                case FlappingCleared():
                    assert self.told_flapping, "cleared what never began"
                    self.told_flapping = False
                    self.waits.clear()
                case Entered():
                    pass

    def restarted(self) -> None:
        pace = self.policy.pace
        self.automatic.append(self.now)
        recent = [when for when in self.automatic if when > self.now - pace.window_seconds + 1e-6]
        if pace.flapping_restarts and not self.process.flapping:
            assert len(recent) <= pace.flapping_restarts, "restarted too often, and nobody was told"
        assert not (self.process.flapping and pace.on_flapping is OnFlapping.FATAL), "given up, yet restarted"
        assert len(self.process.restarts) <= pace.flapping_restarts, "grows without bound"

    @rule(fails=st.booleans())
    def spawn_ends(self, fails: bool) -> None:
        if self.spawning and not self.ending:
            self.spawning = False
            if fails:
                self.feed(SpawnFailed("x"))
            else:
                self.child, self.next_pid = self.next_pid, self.next_pid + 1
                self.feed(Spawned(self.child))

    @rule()
    def dependencies_come(self) -> None:
        self.feed(DependenciesSatisfied())

    @rule(fails=st.booleans())
    def is_looked_for(self, fails: bool) -> None:
        if self.finding:
            self.finding = False
            if fails:
                self.feed(SpawnFailed("left nobody"))
            else:
                self.child, self.next_pid = self.next_pid, self.next_pid + 1
                self.feed(MainPid(self.child))

    @rule()
    def tree_ends(self) -> None:
        if self.ending:
            self.ending = False
            self.feed(TreeEnded())

    @rule(status=st.sampled_from([0, 1, -1, None]))
    def child_exits(self, status: int | None) -> None:
        if self.child:
            self.child = 0
            self.feed(Exited(status))

    @rule(times=st.integers(1, 4))
    def crashes_again_and_again(self, times: int) -> None:
        """The way to flapping, which chance alone would take too rarely; at its end it is up."""
        self.feed(Start())
        for _ in range(times):
            self.comes_up()
            self.child_exits(status=1)
            if not self.spawning and not self.process.waiting:
                self.waits_for_its_alarm()
        self.comes_up()

    def comes_up(self) -> None:
        self.tree_ends()
        self.dependencies_come()
        self.spawn_ends(fails=False)
        if self.process.launching:
            self.child_exits(status=0)
            self.is_looked_for(fails=False)
        if self.policy.readiness:
            self.feed(BecameReady())
        if self.process.state is S.STARTING:
            self.waits_for_its_alarm()

    @rule()
    def becomes_ready(self) -> None:
        self.feed(BecameReady())

    @rule(seconds=st.floats(0.1, 20))
    def gets_more_time(self, seconds: float) -> None:
        if self.alarm is not None:
            self.feed(GotMoreTime(max(self.alarm.when, self.now + seconds)))

    @rule()
    def falls_ill(self) -> None:
        self.feed(Renew("ill", 6))

    @rule(seconds=st.floats(0.1, 20))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.rings()

    @rule()
    def waits_for_its_alarm(self) -> None:
        if self.alarm is not None:
            self.now = max(self.now, self.alarm.when)
            self.rings()

    def rings(self) -> None:
        if self.alarm is not None and self.alarm.when <= self.now:
            rang, self.alarm = self.alarm.alarm, None
            self.feed(AlarmRang(rang))

    @rule(order=st.sampled_from([Start(), Stop(), Restart(), ShutDown(), SendSignal(1)]))
    def order(self, order: Input) -> None:
        self.feed(order)

    @rule()
    def signal_fails(self) -> None:
        if self.process.state is S.STOPPING and self.child:
            self.feed(SignalFailed())

    @invariant()
    def the_model_knows_the_child(self) -> None:
        if not hasattr(self, "process"):
            return
        assert self.process.ending == self.ending
        if not self.ending:
            assert self.process.pid == self.child
        if self.process.state in STOPPED_STATES - {S.UNKNOWN}:
            assert not self.child
            assert not self.spawning
        if self.process.state is S.RUNNING:
            assert self.child

    @invariant()
    def it_always_waits_for_something_that_will_come(self) -> None:
        if hasattr(self, "process") and (
            self.process.pausing or self.process.state in RUNNING_STATES | {S.STOPPING}
        ):
            waits = self.process.waiting or self.alarm is not None
            assert self.child or self.spawning or self.finding or self.ending or waits

    @invariant()
    def who_waits_has_nothing_and_who_is_to_come_again_is_stopping(self) -> None:
        if not hasattr(self, "process"):
            return
        if self.process.waiting:
            assert self.process.state is S.STARTING
            assert self.policy.has_dependencies
            assert not self.child
            assert not self.spawning
        if self.process.again:
            assert self.process.state is S.STOPPING
            assert self.process.wanted is Wanted.UP

    @invariant()
    def an_alarm_is_for_the_state_it_is_in(self) -> None:
        if not hasattr(self, "process") or self.alarm is None:
            return
        process = self.process
        match self.alarm.alarm:
            case Alarm.STARTED:
                assert process.state is S.STARTING
            case Alarm.RETRY:
                assert process.state is S.BACKOFF or process.pausing
                assert process.restart_at == self.alarm.when
            case Alarm.READY:
                assert process.state is S.STARTING
                assert self.policy.readiness
                assert not process.condemned
                assert process.pid
            case Alarm.LAUNCH:
                assert process.state is S.STARTING
                assert process.launching
            case Alarm.KILL:
                assert process.state is S.STOPPING or (
                    process.condemned and process.state in (S.STARTING, S.RUNNING)
                )
            case Alarm.QUIET:
                assert process.state is S.RUNNING
                assert process.flapping

    @invariant()
    def whoever_is_condemned_lives_and_will_be_killed(self) -> None:
        if not hasattr(self, "process") or not self.process.condemned:
            return
        assert self.process.state in (S.STARTING, S.RUNNING, S.UNKNOWN)
        assert self.child
        if self.process.state is not S.UNKNOWN:
            assert self.alarm is not None
            assert self.alarm.alarm is Alarm.KILL

    @invariant()
    def flapping_is_told_of_slows_down_and_ends(self) -> None:
        if not hasattr(self, "process"):
            return
        process = self.process
        assert process.flapping is self.told_flapping
        assert all(later > min(earlier * 2, 8) - 1e-6 for earlier, later in pairwise(self.waits))
        if process.flapping:
            assert process.state not in (S.STOPPED, S.STOPPING)
            if process.state is S.RUNNING and not process.condemned:
                assert self.alarm is not None, "it will be cleared by an alarm"
                assert self.alarm.when <= process.started_at + self.policy.pace.window_seconds + 5
            if process.state is S.EXITED:
                assert process.pausing


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
