"""What happened: asking for it, and noting what operators do."""

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from vigild.control.facade import Facts
from vigild.control.lookup import find_group_or_process, require_within
from vigild.core.access import Caller, current_caller
from vigild.core.errors import Fault, VigilError
from vigild.core.history import MAX_FACTS, Details, Fact, HistoryQuery, Kind
from vigild.engine.engine import Engine

if TYPE_CHECKING:
    from vigild.core.logins import LoginMeasure
    from vigild.core.machine import MachineMoment
    from vigild.core.samples import Moment, Recent, SampleQuery

MAX_ID = 2**63 - 1
OFF = "this daemon keeps no history: [supervisord] says history=false"


class HistoryKeeper(Protocol):
    """Who keeps it, and what programs used; `host/` has the real one."""

    def note(self, fact: Fact) -> None: ...
    async def read(self, query: HistoryQuery) -> list[Facts]:
        """FAILED."""

    async def read_samples(self, query: "SampleQuery") -> "list[Moment]":
        """FAILED."""

    async def read_recent(self, names: Collection[str], now: float, minutes: int) -> "dict[str, Recent]":
        """FAILED."""

    async def read_machine(self, query: "SampleQuery") -> "list[MachineMoment]":
        """FAILED."""


class History:
    """See `control.facade.HistoryControl`. `keeper` None: nothing is kept."""

    def __init__(self, engine: Engine, keeper: HistoryKeeper | None) -> None:
        self._engine = engine
        self._keeper = keeper
        self._logins: LoginMeasure | None = None

    def note_order(self, method: str, name: str, arguments: list[str], result: str) -> None:
        """An operator ordered something, about the process or group `name`; `result` is "" when it was done."""
        if self._keeper is None:
            return
        caller = current_caller.get()
        details: Details = {"method": method, "arguments": arguments, "by": caller.words}
        if caller.via:
            details["via"] = caller.via
        if result:
            details["failed"] = result
        self._keep(self._keeper, Kind.ORDER, name, details)

    def note_login(self, what: str, caller: Caller, count: int = 0) -> None:
        """Somebody logged in or out, or could not; of too many some are counted only."""
        if self._keeper is None:
            return
        if self._logins is None:
            from vigild.core.logins import LoginMeasure

            self._logins = LoginMeasure()
        untold = self._logins.told(what, count, self._engine.ports.clock.monotonic())
        if untold < 0:
            return
        details: Details = {"what": what, "by": caller.words, "via": caller.via}
        numbers = {"count": count, "untold": untold}
        self._note_access(details | {name: number for name, number in numbers.items() if number})

    def note_users(self, changes: dict[str, list[str]]) -> None:
        """Others may log in than before, or as something else."""
        by = current_caller.get().words
        self._note_access({"what": "users", **({"by": by} if by else {}), **changes})

    def _note_access(self, details: Details) -> None:
        if self._keeper is not None:
            self._keep(self._keeper, Kind.ACCESS, "", details)

    def _keep(self, keeper: HistoryKeeper, kind: Kind, name: str, details: Details) -> None:
        keeper.note(Fact(self._engine.ports.clock.wall(), kind, name, details))
        observer = self._engine.settings.observer
        if observer is not None:
            observer.noted(kind.value)

    async def read(self, query: HistoryQuery) -> list[Facts]:
        """What is kept, oldest first, at most `MAX_FACTS` facts. BAD_NAME, BAD_ARGUMENTS, FAILED.

        Who has to do with some programs only is told of those.
        """
        if self._keeper is None:
            raise VigilError(Fault.FAILED, OFF)
        if query.limit < 1:
            raise VigilError(Fault.BAD_ARGUMENTS, "limit must be at least 1")
        if query.after > MAX_ID:
            raise VigilError(Fault.BAD_ARGUMENTS, "no fact has so great an id")
        programs = current_caller.get().programs
        if programs and query.name:
            require_within(query.name)
        query = replace(query, limit=min(query.limit, MAX_FACTS), programs=programs)
        found = await self._keeper.read(query)
        if not found and query.name:
            find_group_or_process(self._engine, query.name)  # or is there no such name?
        return found
