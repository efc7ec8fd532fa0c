"""What operators stopped by hand, of the programs that say `remember = true`: kept for daemons to come.

Only orders of operators come here. That the daemon stops its programs when it ends says nothing about what
is wanted. Without such a program nothing is read, and nothing is kept.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vigild.core.stop_marks import StopMark, after_removal, after_stop
from vigild.engine.ports import Clock, StopStore

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess


class NoStopStore:
    """Where nothing is kept."""

    def load(self) -> dict[str, StopMark]:
        """Nothing."""
        return {}

    def save(self, marks: dict[str, StopMark]) -> None:
        """Nothing."""

    def discard(self) -> None:
        """Nothing."""


class Remembered:
    """The marks of all processes that remember, by namespec; in the store after each change."""

    def __init__(self, store: StopStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._loaded: dict[str, StopMark] | None = None

    def mark_of(self, process: "ManagedProcess") -> StopMark | None:
        """Set when it is to stay stopped."""
        return self._marks.get(process.namespec) if process.config.remember else None

    def stop_ordered(self, process: "ManagedProcess", *, was_running: bool, as_group: bool = False) -> None:
        """An operator stopped it, or its group."""
        if process.config.remember:
            now = self._clock.wall()
            mark = self.mark_of(process)
            self._put(
                process.namespec, after_stop(mark, was_running=was_running, as_group=as_group, now_wall=now)
            )

    def start_ordered(self, process: "ManagedProcess") -> None:
        """An operator started it."""
        if process.config.remember or self._loaded:
            self._put(process.namespec, None)

    def group_removed(self, processes: Iterable["ManagedProcess"]) -> None:
        """Their group leaves, perhaps to come back changed."""
        for process in processes:
            if process.config.remember:
                self._put(process.namespec, after_removal(self.mark_of(process)))

    def forget_others(self, processes: Iterable["ManagedProcess"]) -> None:
        """A daemon has begun with these: marks of what is not there, or remembers no more, mean nothing now."""
        known = {process.namespec for process in processes if process.config.remember}
        if not known:
            self._store.discard()
        elif not self._marks.keys() <= known:
            self._loaded = {name: mark for name, mark in self._marks.items() if name in known}
            self._store.save(dict(self._loaded))

    @property
    def _marks(self) -> dict[str, StopMark]:
        if self._loaded is None:
            self._loaded = self._store.load()
        return self._loaded

    def _put(self, namespec: str, mark: StopMark | None) -> None:
        marks = self._marks
        if marks.get(namespec) == mark:
            return
        if mark is None:
            del marks[namespec]
        else:
            marks[namespec] = mark
        self._store.save(dict(marks))
