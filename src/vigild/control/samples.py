"""What programs use, as a door may ask for it: now, and what is kept of it."""

from collections.abc import Collection
from typing import Protocol

from vigild.control.facade import Facts
from vigild.control.lookup import find_process, require_within
from vigild.core.access import current_caller
from vigild.core.errors import Fault, VigilError
from vigild.core.machine import MachineMoment, MachineSample
from vigild.core.samples import Moment, Recent, Sample, SampleQuery
from vigild.engine.engine import Engine

WATCHERS = "watchers"
MAX_WATCH_SECONDS = 300.0
MAX_RECENT_NAMES = 100  # so that an answer takes a millisecond or two, and no more
MAX_RECENT_MINUTES = 30
DEFAULT_SECONDS = 3600.0  # how far back, where nobody says
OFF = "this daemon keeps no samples: [supervisord] says history=false"


class SampleKeeper(Protocol):
    """Who keeps them; `host/` has the real one."""

    async def read_samples(self, query: SampleQuery) -> list[Moment]:
        """FAILED."""

    async def read_recent(self, names: Collection[str], now: float, minutes: int) -> dict[str, Recent]:
        """FAILED."""

    async def read_machine(self, query: SampleQuery) -> list[MachineMoment]:
        """FAILED."""


class Samples:
    """See `control.facade.SampleControl`. `keeper` None: nothing is kept."""

    def __init__(self, engine: Engine, keeper: SampleKeeper | None) -> None:
        self._engine = engine
        self._keeper = keeper

    def latest(self, name: str) -> Facts:
        """The last sample of a process; empty while there is none. BAD_NAME."""
        return sample_facts(self._engine.latest_sample(find_process(self._engine, name)))

    def latest_of_daemon(self) -> Facts:
        """The last sample of the daemon alone; empty while there is none."""
        return sample_facts(self._engine.sampling.latest_of_daemon())

    def latest_of_machine(self) -> Facts:
        """The last sample of the whole machine; empty while there is none."""
        latest = self._engine.sampling.machine.latest
        return {} if latest is None else _known(latest)

    def watch(self, interval_seconds: float, for_seconds: float) -> Facts:
        """Somebody looks: sample at least so often, for so long from now on."""
        if interval_seconds <= 0 or for_seconds <= 0:
            raise VigilError(Fault.BAD_ARGUMENTS, "both times must be above 0")
        sampling = self._engine.sampling
        sampling.want(WATCHERS, float(max(1, round(interval_seconds))), min(for_seconds, MAX_WATCH_SECONDS))
        return {
            "interval_seconds": sampling.interval_seconds,
            "daemon": self.latest_of_daemon(),
            "machine": self.latest_of_machine(),
        }

    async def read(self, name: str, since: float = 0.0, until: float = 0.0, points: int = 300) -> list[Facts]:
        """What is kept of a process ('': the daemon), oldest first. BAD_NAME, BAD_ARGUMENTS, FAILED."""
        require_within(name)
        keeper, query = self._asked(name, since, until, points)
        moments = await keeper.read_samples(query)
        if not moments and name:
            find_process(self._engine, name)  # or is there no such name?
        return [_known(moment) for moment in moments]

    async def read_machine(self, since: float = 0.0, until: float = 0.0, points: int = 300) -> list[Facts]:
        """What is kept of the whole machine, oldest first. BAD_ARGUMENTS, FAILED."""
        require_within("")
        keeper, query = self._asked("", since, until, points)
        return [_known(moment) for moment in await keeper.read_machine(query)]

    def _asked(self, name: str, since: float, until: float, points: int) -> tuple[SampleKeeper, SampleQuery]:
        if self._keeper is None:
            raise VigilError(Fault.FAILED, OFF)
        until = until or self._engine.ports.clock.wall()
        since = since or until - DEFAULT_SECONDS
        if points < 1 or since >= until:
            raise VigilError(Fault.BAD_ARGUMENTS, "points must be at least 1, and since before until")
        return self._keeper, SampleQuery(name, since, until, points)

    async def recent(self, names: Collection[str], minutes: int) -> list[Facts]:
        """The last minutes of many, for lines in a table; of names that are not the caller's, or nobody's, nothing.

        BAD_ARGUMENTS, FAILED.
        """
        if self._keeper is None:
            raise VigilError(Fault.FAILED, OFF)
        if len(names) > MAX_RECENT_NAMES or not 1 <= minutes <= MAX_RECENT_MINUTES:
            raise VigilError(
                Fault.BAD_ARGUMENTS,
                f"at most {MAX_RECENT_NAMES} names, and 1 to {MAX_RECENT_MINUTES} minutes",
            )
        caller = current_caller.get()
        theirs = [name for name in dict.fromkeys(names) if name and caller.has_to_do_with(name)]
        found = await self._keeper.read_recent(theirs, self._engine.ports.clock.wall(), minutes)
        return [{"name": name, **found[name]._asdict()} for name in theirs if name in found]


def sample_facts(sample: Sample | None) -> Facts:
    """A sample by the names of its fields, without what is not known; `sampled_at` instead of `at`."""
    if sample is None:
        return {}
    facts = _known(sample)
    facts["sampled_at"] = facts.pop("at")
    facts["restart_count"] = facts.pop(
        "restarts"
    )  # `restarts` of a process are those that flapping is judged by
    return facts


def _known(values: Sample | Moment | MachineSample | MachineMoment) -> Facts:
    return {name: value for name, value in values._asdict().items() if value is not None}
