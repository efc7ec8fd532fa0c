"""What processes leave behind when they end: found shortly after, never on the way to a restart, never by polling.

Orphans come to the daemon as its children, so there is nothing to look for while it has no child that it does not
know. Only else the table of processes is looked at, and then not more often than every few seconds.
"""

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vigild.core.descendants import Origin, Seen, Table
from vigild.core.frozen import frozen
from vigild.core.process import Wanted
from vigild.engine.tree_end import names_of

if TYPE_CHECKING:
    from vigild.engine.kin import Kin
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports, Timer

SETTLE_SECONDS = 0.5  # children of the dead one may be on their way out, too
BETWEEN_LOOKS_SECONDS = 5.0
RUNS_MAX = 16  # of one process, as many of its last runs are looked into
LEFTOVERS_MAX = 64  # of one process, as many are kept in mind
BACKGROUND_SECONDS = 5.0  # who exits with 0 so soon, and leaves somebody, has put itself in the background


@frozen
class _Run:
    """A run that has ended. `executable` helps to know what lost its mark."""

    origin: Origin
    executable: str
    went_away: bool  # it exited with 0 soon after its start


class Leftovers:
    """Of all processes of one engine. `known`: the pids that are supervised."""

    def __init__(self, ports: "Ports", kin: "Kin", known: Mapping[int, "ManagedProcess"]) -> None:
        self._ports = ports
        self._kin = kin
        self._known = known
        self._ended: dict[ManagedProcess, deque[_Run]] = {}
        self._timer: Timer | None = None
        self._last_look = -BETWEEN_LOOKS_SECONDS
        self._must_look = False
        self._left: dict[ManagedProcess, dict[int, Seen]] = {}
        self._hints: dict[ManagedProcess, str] = {}

    def note_exit(
        self, process: "ManagedProcess", status: int | None, executable: str, *, is_ours: bool
    ) -> None:
        """`process` has ended. `is_ours`: it was a child of the daemon, so that what it leaves is that, too."""
        now = self._ports.clock.monotonic()
        soon = now - process.process.started_at < max(BACKGROUND_SECONDS, process.policy.start_seconds)
        went_away = status == 0 and soon and process.process.wanted is Wanted.UP
        if is_ours and not self._ports.table.gets_orphans:
            return
        runs = self._ended.setdefault(process, deque(maxlen=RUNS_MAX))
        runs.append(_Run(process.origin, executable, went_away))
        self._must_look = self._must_look or not is_ours
        self._look_later()

    def note_former_run(self, process: "ManagedProcess") -> None:
        """`process` had ended before this daemon began; what it left behind may still be there."""
        runs = self._ended.setdefault(process, deque(maxlen=RUNS_MAX))
        runs.append(_Run(process.origin, "", False))
        self._must_look = True
        self._look_later()

    def reaped(self, pid: int) -> "ManagedProcess | None":
        """An unknown child has died: whose was it?"""
        for process, left in self._left.items():
            if pid in left:
                seen = left.pop(pid)
                origin = Origin("", ((pid, seen.start_ticks),))
                self._ended.setdefault(process, deque(maxlen=RUNS_MAX)).append(_Run(origin, "", False))
                self._look_later()  # its own children have come to us now
                return process
        return None

    def of(self, process: "ManagedProcess") -> tuple[Seen, ...]:
        """What lives of what `process` left behind, oldest first."""
        left = self._left.get(process)
        if not left:
            return ()
        table = self._ports.table
        living = {pid: seen for pid, seen in left.items() if table.is_alive(pid, seen.start_ticks)}
        if living:
            self._left[process] = living
        else:
            self._forget_left(process)
        return tuple(sorted(living.values(), key=lambda seen: (seen.start_ticks, seen.pid)))

    def hint(self, process: "ManagedProcess") -> str:
        """What to do about a program that puts itself in the background; '' for all others."""
        return self._hints.get(process, "") if self.of(process) else ""

    def close(self) -> None:
        """Nothing is looked for any more."""
        self._ended.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def forget(self, process: "ManagedProcess") -> None:
        """It leaves the configuration."""
        self._ended.pop(process, None)
        self._forget_left(process)

    def _forget_left(self, process: "ManagedProcess") -> None:
        self._left.pop(process, None)
        self._hints.pop(process, None)

    def _look_later(self) -> None:
        if self._timer is None:
            now = self._ports.clock.monotonic()
            when = max(now + SETTLE_SECONDS, self._last_look + BETWEEN_LOOKS_SECONDS)
            self._timer = self._ports.clock.call_at(when, self._check)

    def _check(self) -> None:
        self._timer = None
        if not self._must_look and not any(pid not in self._known for pid in self._ports.table.children()):
            self._ended.clear()
            return
        self._must_look = False
        self._last_look = self._ports.clock.monotonic()
        self._kin.look(self._decide)

    def _decide(self, table: Table) -> None:
        ended, self._ended = self._ended, {}
        for process, runs in ended.items():
            found: dict[int, Seen] = {}
            went_away = False
            for run in runs:
                members = self._members(process, run, table)
                found.update((seen.pid, seen) for seen in members)
                went_away = went_away or (run.went_away and bool(members))
            if found:
                self._keep(process, found, went_away)

    def _members(self, process: "ManagedProcess", run: _Run, table: Table) -> list[Seen]:
        members = self._kin.members(run.origin, process, table)
        if not members and run.went_away:
            # Those that write their title over their environment have lost its mark.
            members = [
                seen
                for seen in self._kin.strangers(run.origin, process, table, run.executable)
                if self._ports.table.runs(seen.pid, run.executable)
            ]
        own = {process.process.pid} if process.process.pid else set()
        return [seen for seen in members if seen.pid not in own]

    def _keep(self, process: "ManagedProcess", found: dict[int, Seen], went_away: bool) -> None:
        left = self._left.setdefault(process, {})
        new = [seen for pid, seen in found.items() if pid not in left]
        room = LEFTOVERS_MAX - len(left)
        left.update((seen.pid, seen) for seen in new[:room])
        if not new:
            return
        name, log = process.config.name, self._ports.log
        if went_away:
            hint = self._hints[process] = background_hint(process.config.command)
            log.warn(f"{name} exited with status 0 and left {names_of(new)} running: {hint}")
        else:
            log.warn(f"{name} left behind: {names_of(new)}; killmode=tree would end that with it")


def background_hint(command: str) -> str:
    """What to do about a command that puts itself in the background."""
    from vigild.config.commands import daemonizer, split

    known = daemonizer(split(command) or [])
    remedy = known.remedy if known is not None else "run it in the foreground"
    return f"it puts itself in the background; {remedy}, or say forking=true"


def leftovers_words(left: tuple[Seen, ...], hint: str) -> str:
    """For people: `left behind: 2 processes (1234 nginx, 1235 nginx)`, and what to do about it."""
    count = "1 process" if len(left) == 1 else f"{len(left)} processes"
    return f"left behind: {count} ({names_of(left)})" + (f"; {hint}" if hint else "")
