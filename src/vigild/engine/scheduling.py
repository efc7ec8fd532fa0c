"""Programs that a schedule starts: when the next run is due, and what became of the last.

There is one `Scheduling` beside the engine where a program has a schedule, a `Job` beside each such process, and one timer for
the earliest due one. It decides nothing: `core.schedule` says what is to be done, `config.cron` which times an expression names.

Timers run by monotonic time and schedules by the wall's, which people set, and which goes on while a machine sleeps. So
nobody waits longer than `MAX_WAIT_SECONDS` without a look at the clock.

What is known of a job is in the journal with its process, and in a file for daemons to come, also after a reboot. Where both
know of it, the later one counts.
"""

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from vigild.core.access import Caller, Role, current_caller
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.effects import Entered
from vigild.core.history import Details, Fact, Kind
from vigild.core.orders import Start, Stop
from vigild.core.schedule import (
    MAX_COUNTED,
    Decision,
    Missed,
    OnMissed,
    Outcome,
    Overlap,
    Queue,
    Run,
    SchedulePolicy,
    ScheduleState,
    Skip,
    StopAndRun,
    begin,
    look,
    next_run,
    paused,
    resumed,
)
from vigild.core.states import ProcessState
from vigild.engine.words import exit_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports, ScheduleStore, Timer

MAX_WAIT_SECONDS = 60.0
FIRST_LOOK_SECONDS = 1.0  # after the first job came: programs that are to be started come first
SCHEDULE = Caller("schedule", Role.OPERATOR)  # who starts a job, in the history
SOURCE = "program"
OVERLAP, MISSED, REFUSED = "schedule: overlap", "schedule: missed", "schedule: refused"


def state_from(plain: object) -> ScheduleState | None:
    """What `asdict` made of a state, perhaps in another version; None where it has another form."""
    match plain:
        case {
            "plan": str(plan),
            "handled": int() | float() as handled,
            "pending": bool(pending),
            "began": int() | float() as began,
            "ended": int() | float() as ended,
            "outcome": str(outcome),
            "text": str(text),
            "troubles": list(troubles),
        } if outcome in set(Outcome):
            known = tuple(map(str, troubles))
            is_paused = (
                isinstance(plain, dict) and plain.get("paused") is True
            )  # not there in the files of older versions
            return ScheduleState(
                plan, handled, pending, began, ended, Outcome(outcome), text, known, is_paused
            )
        case _:
            return None


class Job:
    """Beside one process: what its schedule says, how it stands, and when the next run is due."""

    __slots__ = ("_found", "_next", "_plan", "_scheduling", "policy", "process", "state", "was_away")

    def __init__(self, process: "ManagedProcess", scheduling: "Scheduling") -> None:
        config = process.config
        self.process = process
        self._scheduling = scheduling
        self._plan = f"{config.schedule} {config.schedule_timezone}".rstrip()
        self.policy = SchedulePolicy(
            process.namespec,
            Overlap(config.schedule_overlap),
            OnMissed(config.schedule_missed),
            config.schedule_jitter_seconds,
        )
        self._found = scheduling.former(process.namespec)
        self._next: tuple[float, float | None] | None = None  # what was handled, and what comes next
        self.state = begin(self._found, self._plan, scheduling.wall())
        self.was_away = True  # until it has been looked at once

    @property
    def is_up(self) -> bool:
        """Does a run go on, or one of the same that is restarted by itself?"""
        return not self.process.stopped or self.process.process.pausing

    @property
    def in_the_way(self) -> str:
        """What the run before is at while it is up, in words: it need not have begun."""
        if self.process.process.waiting:
            unmet = ", ".join(map(str, self.process.waiting_for))
            return f"still waits for {unmet or 'its turn'}"
        return "is about to be restarted" if self.process.process.pausing else "still runs"

    @property
    def next_at(self) -> float | None:
        """When the next run is to begin, in seconds since the epoch; None for never."""
        if self.state.paused:
            return None
        if self._next is None or self._next[0] != self.state.handled:
            self._next = self.state.handled, next_run(self.state, self.next_due, self.policy)
        return self._next[1]

    def next_due(self, after: float) -> float | None:
        """The first due after a time."""
        from vigild.config.cron import next_due  # late: they load what knows of calendars and zones
        from vigild.config.zones import zone_of

        config = self.process.config
        return next_due(config.schedule, zone_of(config.schedule_timezone), after)

    def moved(self, move: Entered) -> None:
        """Its process entered a state; that is written down when all of it is told."""
        wall = self._scheduling.wall()
        match move.new:
            case ProcessState.STARTING:
                self.state = replace(self.state, began=wall, ended=0.0, outcome=Outcome.NONE, text="")
            case ProcessState.EXITED:
                outcome = Outcome.SUCCEEDED if move.expected else Outcome.FAILED
                self._ended(wall, outcome, self._exit_words())
            case ProcessState.STOPPED:
                self._ended(wall, Outcome.STOPPED, self._exit_words())
            case ProcessState.FATAL:
                self._ended(wall, Outcome.FAILED, self.process.process.spawn_error)
            case _:
                return
        self._scheduling.moved(self)

    def _ended(self, wall: float, outcome: Outcome, text: str) -> None:
        self.state = replace(self.state, ended=wall, outcome=outcome, text=text)

    def _exit_words(self) -> str:
        status = self.process.wait_status
        return exit_words(status)[1] if status is not None else ""

    def record(self) -> str:
        """For the journal."""
        return json.dumps(asdict(self.state))

    def restore(self, record: str) -> None:
        """Know what the daemon before this one wrote down, unless the file knows better."""
        try:
            known = state_from(json.loads(record)) if record else None
        except ValueError:
            known = None
        if known is not None and (self._found is None or _age(known) >= _age(self._found)):
            self.state = begin(known, self._plan, self._scheduling.wall())

    def put(self, state: ScheduleState) -> None:
        """From now on it stands like this, whatever happens to this daemon."""
        if state != self.state:
            self.state = state
            self.keep()

    def keep(self) -> None:
        """Write it down."""
        if self.process.started_wall:  # else there is no record of it, and there need be none
            self.process.write_down()
        else:
            self.process.tell_watchers()
        self._scheduling.changed(self)


def _age(state: ScheduleState) -> tuple[float, float, float]:
    return state.handled, state.began, state.ended


class Scheduling:
    """All jobs of one engine. `pull` starts what a process depends on."""

    def __init__(self, ports: "Ports", pull: "Callable[[ManagedProcess], object]") -> None:
        self._ports = ports
        self._store: ScheduleStore = ports.open_schedules()
        self._pull = pull
        self._jobs: dict[str, Job] = {}
        self._former: dict[str, ScheduleState] | None = None  # by namespec, also of those that left
        self._timer: Timer | None = None
        self._saving: Timer | None = None
        self._stops: set[str] = set()  # jobs that are stopped to begin anew
        self._is_open = True

    # For its jobs.

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self._ports.clock.wall()

    def former(self, namespec: str) -> ScheduleState | None:
        """What is known of a job of that name."""
        if self._former is None:
            found = {name: state_from(plain) for name, plain in self._store.load().items()}
            self._former = {name: state for name, state in found.items() if state is not None}
        return self._former.get(namespec)

    def changed(self, job: Job) -> None:
        """Keep how it stands for daemons to come: in the file, too, but not before it is in the journal."""
        self._know(job)
        if self._saving is None:
            clock = self._ports.clock
            self._saving = clock.call_at(clock.monotonic(), self._save)

    def _save(self) -> None:
        self._saving = None
        self._store.save({name: asdict(job.state) for name, job in sorted(self._jobs.items())})

    def moved(self, job: Job) -> None:
        """A run of it began or ended: does another wait for that?"""
        self.changed(job)
        if not job.state.pending or job.is_up:
            return
        name = job.process.namespec
        if job.state.outcome is Outcome.STOPPED and name not in self._stops:
            self._ports.log.info(
                f"schedule: {name} was stopped by hand; the run that waited for it is dropped"
            )
            job.state = replace(job.state, pending=False)
            self.changed(job)
            return
        self._run_pending_soon(job)

    # For the engine.

    def add(self, process: "ManagedProcess") -> Job:
        """A process with a schedule is there from now on."""
        job = self._jobs[process.namespec] = Job(process, self)
        self._know(job)
        if self._timer is None:
            self._arm(FIRST_LOOK_SECONDS)
        return job

    def remove(self, process: "ManagedProcess") -> None:
        """It leaves the configuration, perhaps to come back changed."""
        self._jobs.pop(process.namespec, None)
        self._stops.discard(process.namespec)
        if not self._jobs and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def set_paused(self, job: Job, is_paused: bool) -> None:
        """Somebody wants it to run no more, or again. A run that goes on is left alone."""
        job.put(paused(job.state) if is_paused else resumed(job.state, self.wall()))
        if self._timer is not None:  # what is due next may be due sooner than the next look
            self._timer.cancel()
            self._arm(0.0)

    def hold(self) -> None:
        """The daemon goes down: nothing is started any more."""
        self._is_open = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """All has ended."""
        if self._saving is not None:
            self._saving.cancel()
            self._save()
        self._store.close()

    # The clock.

    def _arm(self, seconds: float) -> None:
        clock = self._ports.clock
        self._timer = clock.call_at(clock.monotonic() + seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if not self._is_open:
            return
        wall, wait = self.wall(), MAX_WAIT_SECONDS
        try:
            for job in list(self._jobs.values()):
                self._look(job, wall)
            nexts = [at for job in self._jobs.values() if (at := job.next_at) is not None]
            wait = min(nexts, default=wall + MAX_WAIT_SECONDS) - self.wall()
        finally:  # whatever went wrong with one of them must not be the end of all schedules
            if self._jobs and self._timer is None and self._is_open:
                self._arm(min(max(wait, 0.0), MAX_WAIT_SECONDS))

    def _look(self, job: Job, wall: float) -> None:
        was_away, job.was_away = job.was_away, False
        if was_away and job.state.pending and not job.is_up:  # what it waited for ended while nobody looked
            self._run_pending(job)
        if not was_away and job.state.handled <= wall and (job.next_at is None or job.next_at > wall):
            return
        state, decisions = look(job.state, wall, job.next_due, job.policy, is_up=job.is_up, was_away=was_away)
        if was_away and state == job.state:
            self.changed(job)  # from now on a due is missed if nobody looks
        if any(isinstance(decision, Run) for decision in decisions):
            job.state = state  # written down with the intent to spawn it, in one: neither lost nor run twice
        else:
            job.put(state)
        for decision in decisions:
            self._carry_out(job, decision)

    # What is done.

    def _carry_out(self, job: Job, decision: Decision) -> None:
        name, log = job.process.namespec, self._ports.log
        match decision:
            case Run(due, together):
                if together:
                    log.info(f"schedule: {name} was due {together + 1} times before it could be started")
                self._start(job, due)
            case Skip(due, queued):
                why = f"{job.in_the_way}, and another run waits already" if queued else job.in_the_way
                self._tell(job, OVERLAP, "skipped", f"{name} {why}: its run of {_moment(due)} is skipped")
            case Queue(due):
                run = f"its run of {_moment(due)}"
                log.info(f"schedule: {name} {job.in_the_way}: {run} begins when that has ended")
            case StopAndRun(due):
                log.info(f"schedule: {name} {job.in_the_way}: it is stopped for its run of {_moment(due)}")
                self._stops.add(name)
                self._order(job, Stop())
                if not job.is_up:  # it only waited to be restarted
                    self._run_pending_soon(job)
            case Missed(count, first, last):
                self._missed(job, count, first, last)

    def _missed(self, job: Job, count: int, first: float, last: float) -> None:
        often = f"{count} or more runs" if count >= MAX_COUNTED else f"{count} runs"
        when = f"the run of {_moment(first)}"
        if count > 1:
            when = f"{often} from {_moment(first)} to {_moment(last)}"
        text = f"{job.process.namespec} missed {when}, as no daemon ran"
        if job.policy.missed is OnMissed.ONCE:
            self._note(job, "missed", f"{text}; it runs once now")
        else:
            self._tell(job, MISSED, "missed", f"{text}; that is not made up for (schedule_missed=skip)")

    def _run_pending_soon(self, job: Job) -> None:
        clock = self._ports.clock
        clock.call_at(clock.monotonic(), lambda: self._run_pending(job))

    def _run_pending(self, job: Job) -> None:
        self._stops.discard(job.process.namespec)
        if self._is_open and job.state.pending and self._jobs.get(job.process.namespec) is job:
            without = replace(job.state, pending=False)
            if job.is_up:
                job.put(without)
            else:
                job.state = without
                self._start(job, self.wall())

    def _start(self, job: Job, due: float) -> None:
        refusal = self._order(job, Start())
        if refusal is None:
            self._pull(job.process)
            for trouble in job.state.troubles:
                self._over(job, trouble)
            return
        text = f"the run of {job.process.namespec} of {_moment(due)} could not begin: {refusal}"
        self._tell(job, REFUSED, "refused", text)
        job.keep()

    def _order(self, job: Job, order: Start | Stop) -> str | None:
        token = current_caller.set(SCHEDULE)
        try:
            refusal = job.process.feed(order)
        finally:
            current_caller.reset(token)
        return None if refusal is None else refusal.value

    # What is told.

    def _note(self, job: Job, what: str, text: str) -> Details:
        details: Details = {"what": what, "text": text}
        self._ports.log.warn(f"schedule: {text}")
        self._ports.history.note(Fact(self.wall(), Kind.SCHEDULE, job.process.namespec, details))
        return details

    def _tell(self, job: Job, trouble: str, what: str, text: str) -> None:
        details = self._note(job, what, text)
        if trouble not in job.state.troubles:
            job.put(replace(job.state, troubles=(*job.state.troubles, trouble)))
        wall, name = self.wall(), job.process.namespec
        self._ports.alerts.tell(
            Edge(wall, EdgeKind.SCHEDULE, Severity.WARNING, SOURCE, name, trouble, text, details)
        )

    def _over(self, job: Job, trouble: str) -> None:
        name, wall = job.process.namespec, self.wall()
        job.put(replace(job.state, troubles=tuple(told for told in job.state.troubles if told != trouble)))
        text = f"{name} runs as its schedule says"
        self._ports.alerts.tell(Edge(wall, EdgeKind.RECOVERED, Severity.INFO, SOURCE, name, trouble, text))

    # What is kept.

    def _know(self, job: Job) -> None:
        if self._former is not None:
            self._former[job.process.namespec] = job.state


def _moment(wall: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(wall, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
