"""Looking at the process table for all who ask, and saying who belongs to which process.

A look costs some 50 µs for each process of the machine, so there is none on the way from an exit to a restart
where no option asks for it, and one look serves all who asked for it at about the same time.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigild.core.descendants import Origin, Seen, Table
    from vigild.engine.leftovers import Leftovers
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports, Timer

    Ask = Callable[[Table], None]

RECENT_SECONDS = 0.1


class Kin:
    """The table of processes, as the processes of one engine see it. `by_pid`: what the engine supervises."""

    def __init__(self, ports: "Ports", by_pid: Mapping[int, "ManagedProcess"]) -> None:
        self._ports = ports
        self._by_pid = by_pid
        self.essential_ended: Callable[[ManagedProcess], None] = lambda process: None
        self._leftovers: Leftovers | None = None
        self._asked: list[tuple[float, Ask]] = []
        self._timer: Timer | None = None
        self._when = 0.0
        self._recent: tuple[float, Table] | None = None

    @property
    def leftovers(self) -> "Leftovers":
        """What processes left behind. Imported when first asked for: no program needs it to be started."""
        if self._leftovers is None:
            from vigild.engine.leftovers import Leftovers

            self._leftovers = Leftovers(self._ports, self, self._by_pid)
        return self._leftovers

    def look(self, ask: "Ask", delay_seconds: float = 0.0) -> None:
        """Call `ask` with a fresh table, from the loop, after the delay."""
        when = self._ports.clock.monotonic() + delay_seconds
        self._asked.append((when, ask))
        if self._timer is None or when < self._when:
            self._arm(when)

    def recent_table(self) -> "Table":
        """A table that may be a moment old: for many who ask one after another."""
        from vigild.core.descendants import Table

        now = self._ports.clock.monotonic()
        if self._recent is None or now - self._recent[0] > RECENT_SECONDS:
            self._recent = now, Table(self._ports.table.take())
        return self._recent[1]

    def close(self) -> None:
        """Nobody is answered any more."""
        if self._leftovers is not None:
            self._leftovers.close()
        self._asked.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def members(self, origin: "Origin", owner: "ManagedProcess", table: "Table") -> "list[Seen]":
        """All that lives of a spawn of `owner`, oldest first."""
        from vigild.core.descendants import members_of

        return members_of(origin, table, self._others(owner))

    def strangers(
        self, origin: "Origin", owner: "ManagedProcess", table: "Table", executable: str
    ) -> "list[Seen]":
        """Orphans that nobody knows and that could be of this spawn: they came to us, after it, unmarked.

        Of several, those that run the launcher's own executable are meant.
        """
        others = self._others(owner)
        own = self._ports.table.own_pid
        group = table[own].pgid if own in table else 0
        first = min((ticks for _, ticks in origin.anchors), default=0)
        led_by_others = {
            pid
            for process in set(self._by_pid.values())
            if process is not owner
            for pid, _ in process.origin.anchors
        }
        found = [
            seen
            for seen in table.children(own)
            if not seen.spawn_id
            and seen.pgid != group  # what the daemon runs for itself
            and seen.start_ticks >= first
            and seen.pid not in others
            and not {seen.pid, seen.pgid, seen.session} & led_by_others
        ]
        if len(found) > 1:
            same = [seen for seen in found if self._ports.table.runs(seen.pid, executable)]
            return same or found
        return found

    def descends_from_us(self, pid: int, owner: "ManagedProcess", table: "Table") -> bool:
        """Is it, by its ancestors, a descendant of the daemon and of nothing else that the daemon ever started?"""
        others = self._others(owner)
        own = self._ports.table.own_pid
        for _ in range(len(table)):
            seen = table.get(pid)
            if seen is None or pid in others or seen.spawn_id not in ("", owner.spawn_id):
                return False
            if seen.ppid == own:
                return True
            pid = seen.ppid
        return False

    def _others(self, owner: "ManagedProcess") -> set[int]:
        others = {pid for pid, process in self._by_pid.items() if process is not owner}
        others.add(self._ports.table.own_pid)
        return others

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._when = when
        self._timer = self._ports.clock.call_at(when, self._look_now)

    def _look_now(self) -> None:
        from vigild.core.descendants import Table

        self._timer = None
        now = self._ports.clock.monotonic()
        due = [ask for when, ask in self._asked if when <= now]
        self._asked = [asked for asked in self._asked if asked[0] > now]
        if self._asked:
            self._arm(min(when for when, _ in self._asked))
        table = Table(self._ports.table.take())
        self._recent = None
        for ask in due:
            ask(table)
