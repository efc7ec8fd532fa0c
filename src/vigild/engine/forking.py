"""`forking = true`: from a launcher that has exited to the process that it put in the background.

With a `pidfile` that file says which; it may be written late, and may still name the process of an earlier run,
so it is believed only when it names a living process that descends from this spawn. Without one, the process
is found by descent.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.core.descendants import Origin, Seen, Table, main_candidates

if TYPE_CHECKING:
    from vigild.engine.kin import Kin
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports

PIDFILE_SECONDS = 30.0  # how long a pidfile may take to name a process
GUESS_SECONDS = 1.0  # how long it may take until what was left behind can be seen
FIRST_DELAY_SECONDS = 0.02
LONGEST_DELAY_SECONDS = 0.5


class MainFinder:
    """Looks until it is found, or in vain; then calls `found(pid)` or `failed(words)`, once."""

    def __init__(
        self,
        owner: "ManagedProcess",
        origin: Origin,
        pidfile: str | None,
        executable: str,
        kin: "Kin",
        ports: "Ports",
        found: Callable[[int], None],
        failed: Callable[[str], None],
    ) -> None:
        self._owner = owner
        self._origin = origin
        self._pidfile = pidfile
        self._executable = executable
        self._kin = kin
        self._ports = ports
        self._found = found
        self._failed = failed
        self._delay = FIRST_DELAY_SECONDS
        patience = GUESS_SECONDS if pidfile is None else PIDFILE_SECONDS
        self._deadline = ports.clock.monotonic() + patience
        kin.look(self._decide)

    def _decide(self, table: Table) -> None:
        members = self._kin.members(self._origin, self._owner, table)
        strangers = self._kin.strangers(self._origin, self._owner, table, self._executable)
        if self._pidfile is None:
            self._guess(members, strangers)
        elif not members and not strangers:
            self._again_or("the launcher exited and left no process behind")
        else:
            self._read(self._pidfile, table)

    def _guess(self, members: list[Seen], strangers: list[Seen]) -> None:
        candidates = main_candidates(members, strangers, self._ports.table.own_pid)
        if candidates.pids and candidates.is_certain:
            self._found(candidates.pids[0])
        elif candidates.pids:
            pids = ", ".join(map(str, candidates.pids))
            self._failed(
                f"the launcher exited, and it cannot be told which process it left: {pids}; say pidfile="
            )
        else:
            self._again_or(
                "the launcher exited and left no process behind; if it does its work and ends, drop forking=true"
            )

    def _read(self, path: str, table: Table) -> None:
        pid = self._ports.table.read_pid(path)
        if not pid:
            self._again_or(f"the pidfile {path} names no process")
        elif pid not in table:
            self._again_or(f"the pidfile {path} names {pid}, and there is no such process")
        elif self._kin.descends_from_us(pid, self._owner, table) or any(
            seen.pid == pid for seen in self._kin.members(self._origin, self._owner, table)
        ):
            self._found(pid)
        else:
            self._again_or(f"the pidfile {path} names {pid}, which is no descendant of this program")

    def _again_or(self, words: str) -> None:
        if self._ports.clock.monotonic() >= self._deadline:
            self._failed(words)
            return
        self._kin.look(self._decide, self._delay)
        self._delay = min(self._delay * 1.5, LONGEST_DELAY_SECONDS)
