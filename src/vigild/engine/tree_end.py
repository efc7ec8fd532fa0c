"""Ending all that a process left behind: the stop signal once for each, SIGKILL when the time is over."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vigild.core.descendants import Origin, Seen, Table
from vigild.core.process import SIGKILL

if TYPE_CHECKING:
    from vigild.engine.kin import Kin
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports

FIRST_DELAY_SECONDS = 0.02
LONGEST_DELAY_SECONDS = 0.5
NAMED = 8  # of many processes, at most so many are named


class TreeEnd:
    """Calls `ended` when nothing of the spawn lives any more."""

    def __init__(
        self,
        owner: "ManagedProcess",
        origin: Origin,
        kin: "Kin",
        ports: "Ports",
        ended: Callable[[], None],
    ) -> None:
        self._owner = owner
        self._origin = origin
        self._kin = kin
        self._ports = ports
        self._ended = ended
        self._signalled: set[tuple[int, int]] = set()
        self._unkillable: set[tuple[int, int]] = set()
        self._delay = FIRST_DELAY_SECONDS
        self._deadline = ports.clock.monotonic() + owner.policy.stop_wait_seconds
        kin.look(self._decide)

    def _decide(self, table: Table) -> None:
        members = self._kin.members(self._origin, self._owner, table)
        # Who belonged once belongs for ever, though nothing may show it when its parent is gone.
        self._origin = self._origin.with_members(members)
        living = [seen for seen in members if _id(seen) not in self._unkillable]
        if not living:
            self._ended()
            return
        late = self._ports.clock.monotonic() >= self._deadline
        todo = living if late else [seen for seen in living if _id(seen) not in self._signalled]
        if todo:
            self._tell(todo, late)
        for seen in todo:
            self._send(seen, SIGKILL if late else self._owner.policy.stop_signal)
        self._kin.look(self._decide, self._delay)
        self._delay = min(self._delay * 1.5, LONGEST_DELAY_SECONDS)

    def _send(self, seen: Seen, signum: int) -> None:
        self._signalled.add(_id(seen))
        try:
            self._ports.children.kill(seen.pid, signum, False)
        except ProcessLookupError:
            pass
        except OSError as error:
            self._unkillable.add(_id(seen))
            self._ports.log.critical(
                f"cannot end {seen.pid} ({seen.name}), which {self._owner.namespec} left behind: {error.strerror}"
            )

    def _tell(self, todo: list[Seen], late: bool) -> None:
        name, names = self._owner.namespec, names_of(todo)
        if late:
            self._ports.log.warn(f"killing what {name} left behind with SIGKILL: {names}")
        else:
            self._ports.log.info(f"ending what {name} left behind: {names}")


def names_of(processes: Sequence[Seen]) -> str:
    """`1234 nginx, 1235 nginx`; of many, only the first few are named."""
    names = ", ".join(f"{seen.pid} {seen.name}" for seen in processes[:NAMED])
    return names + (f" and {len(processes) - NAMED} more" if len(processes) > NAMED else "")


def _id(seen: Seen) -> tuple[int, int]:
    return seen.pid, seen.start_ticks
