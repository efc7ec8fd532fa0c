"""Samples of what programs use: when they are taken, and who hears of them.

While nobody needs more, one pass over all processes every minute, or none. Whoever needs them more often says so
(`want`), for as long as it does or for some seconds; the shortest interval that anybody wants is what all get.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from vigild.core.samples import Sample, TreeRequest, Usage, sample_of
from vigild.engine.ports import Ports, Timer

if TYPE_CHECKING:
    from vigild.engine.machine import Machine
    from vigild.engine.managed import ManagedProcess

    OnSample = Callable[[ManagedProcess, Sample], None]
    OnPass = Callable[[float, Mapping[str, Sample]], None]

FAST_SECONDS = 5.0  # what rules, limits of memory and people who watch need
MIN_SECONDS = 1.0
DAEMON = ""  # the daemon's own samples go by this name, as its facts do in the history
SLICE = 100  # samples that are told in one turn of the loop
FOR_EVER = float("inf")
NEVER = -1e12


class _Reading(NamedTuple):
    """What was last read of a run."""

    spawn_id: str
    usage: Usage
    sample: Sample


class Sampling:
    """Takes samples of the processes that `processes` gives, through the `Sampler` port."""

    def __init__(self, ports: Ports, processes: "Callable[[], list[ManagedProcess]]") -> None:
        self._ports = ports
        self._processes = processes
        self._sampler = ports.open_sampler()
        self._wanted: dict[tuple[str, float], float] = {}  # by whom and how often: until when
        self._on_sample: list[OnSample] = []
        self._on_pass: list[OnPass] = []
        self._timer: Timer | None = None
        self._due = FOR_EVER
        self._began = NEVER  # when the last pass did, in monotonic seconds
        self._is_under_way = False
        self._pass: Timer | None = None  # where the pass that is under way goes on
        self._readings: dict[str, _Reading] = {}
        self._machine: Machine | None = None
        self.skipped = 0  # passes that were due while another was under way

    # For those who need samples.

    def on_sample(self, hear: "OnSample") -> None:
        """Call this with each process that runs and its new sample; once, however often that is said."""
        if hear not in self._on_sample:
            self._on_sample.append(hear)

    def on_pass(self, hear: "OnPass") -> None:
        """Call this with the wall time and all samples of a pass, by namespec; the daemon's own has the name ''."""
        self._on_pass.append(hear)

    def want(self, who: str, interval_seconds: float = FAST_SECONDS, for_seconds: float = FOR_EVER) -> None:
        """From now on, or for so long, a sample every so many seconds. `who` may want several intervals at once."""
        key = (who, max(MIN_SECONDS, interval_seconds))
        until = self._ports.clock.monotonic() + for_seconds
        self._wanted[key] = max(until, self._wanted.get(key, 0.0))
        self._schedule()

    def want_no_more(self, who: str) -> None:
        """Nothing that `who` wanted is needed any more."""
        self._wanted = {key: until for key, until in self._wanted.items() if key[0] != who}
        self._schedule()

    @property
    def interval_seconds(self) -> float:
        """How often they are taken now; infinite while nobody wants any."""
        now = self._ports.clock.monotonic()
        return min((key[1] for key, until in self._wanted.items() if until > now), default=FOR_EVER)

    def latest(self, process: "ManagedProcess") -> Sample | None:
        """Its last sample; None while it does not run, or none was taken of this run."""
        reading = self._readings.get(process.namespec)
        if reading is None or not process.process.pid or reading.spawn_id != process.spawn_id:
            return None
        return reading.sample

    def latest_of_daemon(self) -> Sample | None:
        """The daemon's own last sample, without what it runs."""
        reading = self._readings.get(DAEMON)
        return None if reading is None else reading.sample

    @property
    def machine(self) -> "Machine":
        """The whole machine, which is looked at with each pass from when this was first asked for."""
        if self._machine is None:
            from vigild.engine.machine import Machine

            self._machine = Machine(self._sampler.machine)
        return self._machine

    def close(self) -> None:
        """The daemon ends: nobody is told any more."""
        self._wanted.clear()
        for timer in (self._timer, self._pass):
            if timer is not None:
                timer.cancel()
        self._timer = self._pass = None

    # Taking them.

    def _schedule(self) -> None:
        """Be woken when the next pass is due: the interval after the last one began, now if there was none."""
        clock = self._ports.clock
        interval = self.interval_seconds
        due = max(clock.monotonic(), self._began + interval) if interval < FOR_EVER else FOR_EVER
        if self._timer is not None:
            if due == self._due:
                return
            self._timer.cancel()
            self._timer = None
        self._due = due
        if due < FOR_EVER:
            self._timer = clock.call_at(due, self._take)

    def _take(self) -> None:
        self._timer = None
        now = self._ports.clock.monotonic()
        self._wanted = {key: until for key, until in self._wanted.items() if until > now}
        if now < self._began + self.interval_seconds:  # whoever wanted one now has gone
            self._schedule()
            return
        self._began = now
        self._schedule()
        if self._is_under_way:
            self.skipped += 1
            return
        self._is_under_way = True
        owners: dict[str, ManagedProcess] = {}
        trees = [TreeRequest(DAEMON, "", ((self._ports.table.own_pid, 0),), alone=True)]
        for process in self._processes():
            if process.process.pid:
                name = process.namespec
                owners[name] = process
                trees.append(TreeRequest(name, process.spawn_id, process.anchors))
        runs = {tree.key: tree.spawn_id for tree in trees}
        self._pass = self._sampler.take(trees, lambda usages: self._taken(owners, runs, usages))

    def _taken(
        self, owners: "dict[str, ManagedProcess]", runs: dict[str, str], usages: Mapping[str, Usage]
    ) -> None:
        """The machine has answered: tell it on, some at a time."""
        wall = self._ports.clock.wall()
        readings: dict[str, _Reading] = {}
        pending = list(usages.items())[::-1]

        def tell_some() -> None:
            for name, usage in pending[: -SLICE - 1 : -1]:
                owner = owners.get(name)
                if owner is not None and (owner.spawn_id != runs[name] or not owner.process.pid):
                    continue  # that run has ended meanwhile
                sample = self._make(name, runs[name], usage, wall, owner)
                readings[name] = self._readings[name] = _Reading(runs[name], usage, sample)
                if owner is not None:
                    for hear in self._on_sample:
                        hear(owner, sample)
            del pending[-SLICE:]
            if pending:
                clock = self._ports.clock
                self._pass = clock.call_at(clock.monotonic(), tell_some)
                return
            self._is_under_way = False
            self._readings = readings
            if self._machine is not None:
                self._machine.take(wall)
            samples = {name: reading.sample for name, reading in readings.items()}
            for hear_all in self._on_pass:
                hear_all(wall, samples)

        tell_some()

    def _make(
        self, name: str, spawn_id: str, usage: Usage, wall: float, owner: "ManagedProcess | None"
    ) -> Sample:
        former = self._readings.get(name)
        restarts = owner.restart_count if owner is not None else 0
        if former is None or former.spawn_id != spawn_id:
            return sample_of(None, usage, wall, restarts)
        return sample_of(former.usage, usage, wall, restarts, former.sample)
