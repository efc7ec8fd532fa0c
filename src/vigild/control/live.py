"""What happens, as it happens, for those who watch: moves one by one, and how processes are after them, put together.

Costs nothing while nobody watches. While somebody does, a process that changed is told of as a whole, and however often it
changed within a moment, once.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from vigild.control.facade import Facts
from vigild.control.view import process_view, usage_view
from vigild.core.effects import Entered
from vigild.engine.engine import Engine
from vigild.engine.managed import ManagedProcess
from vigild.engine.ports import Timer

if TYPE_CHECKING:
    from vigild.control.operations import Operation, Operations
    from vigild.core.samples import Sample

FLUSH_SECONDS = 0.05
BATCH = 200  # processes that are told of at once
LINGER_SECONDS = 60.0  # after the last has gone, so that one who lost the connection can go on
LOOK_SECONDS = (
    0.2  # how often, at most, alerts, monitors and forwards are looked through for what has changed
)
PASSING = ("read_at", "cycles")  # facts that change with every look and tell nothing by themselves
WATCHER = "live"

Happening = tuple[str, Facts]
Hear = Callable[[list[Happening]], None]
Tell = Callable[[], list[Facts]]


class Live:
    """The observer of one engine. `hear` gets what happened, in order; kinds are the events of the JSON API.

    `tellers` say how all of a kind are that is no process, each with its `name`: those that changed are told of.
    """

    def __init__(
        self, engine: Engine, operations: "Operations", tellers: Mapping[str, Tell] | None = None
    ) -> None:
        self._engine = engine
        self._operations = operations
        self._hear: Hear | None = None
        self._happened: list[Happening] = []
        self._changed: dict[ManagedProcess, None] = {}
        self._noted: dict[str, None] = {}
        self._timer: Timer | None = None
        self._tellers = tellers or {}
        self._told: dict[str, dict[str, Facts]] = {}  # by kind and name: what was told last
        self._stirred: dict[str, None] = {}
        self._looking: Timer | None = None
        self._looked_at = float("-inf")
        self._hears_samples = False
        self.wants_samples = False
        self.watchers = 0  # who watches now; kept by the door
        self.dropped = 0  # watchers that were too slow; kept by the door

    def begin(self, hear: Hear) -> None:
        """Somebody watches."""
        self._hear = hear
        self._engine.settings.observer = self
        self._operations.on_change = self._operation_changed

    def end(self) -> None:
        """Nobody does any more."""
        self._hear = None
        self._engine.settings.observer = None
        self._operations.on_change = lambda operation: None
        self._happened.clear()
        self._changed.clear()
        self._noted.clear()
        for timer in (self._timer, self._looking):
            if timer is not None:
                timer.cancel()
        self._timer = self._looking = None
        self._stirred.clear()
        self._told.clear()
        self.sample(wanted=False)

    def sample(self, *, wanted: bool) -> None:
        """Somebody watches what programs use, too; or nobody does any more."""
        if wanted == self.wants_samples:
            return
        self.wants_samples = wanted
        if not wanted:
            self._engine.sampling.want_no_more(WATCHER)
            return
        if not self._hears_samples:
            self._hears_samples = True
            self._engine.sampling.on_pass(self._sampled)
        self._engine.sampling.want(WATCHER)

    # What the engine tells.

    def moved(self, process: ManagedProcess, move: Entered) -> None:
        """One move of a process."""
        told: Facts = {
            "at": self._engine.ports.clock.wall(),
            "name": process.namespec,
            "group": process.group_name,
            "old": move.old.name,
            "new": move.new.name,
            "pid": move.pid,
            "tries": move.tries,
            "expected": move.expected,
        }
        self._happened.append(("state", told))
        self.changed(process)

    def changed(self, process: ManagedProcess) -> None:
        """Something else about it."""
        self._changed[process] = None
        self._soon()

    def regrouped(self, group: str, change: str) -> None:
        """A group came or went."""
        self._happened.append(("group", {"name": group, "change": change}))
        if change == "removed":
            self._changed = {one: None for one in self._changed if one.group_name != group}
        else:
            self._changed.update(dict.fromkeys(self._engine.groups[group].processes.values()))
        self._soon()

    def reread(self, added: list[str], changed: list[str], removed: list[str]) -> None:
        """The files of the configuration were read again."""
        self._happened.append(("config", {"added": added, "changed": changed, "removed": removed}))
        self._soon()

    def stirred(self, kind: str) -> None:
        """An alert, a monitor or a forward may be otherwise now: looked at in a moment, and told of if it is."""
        if kind in self._tellers:
            self._stirred[kind] = None
            if self._looking is None:
                clock = self._engine.ports.clock
                due = max(clock.monotonic() + FLUSH_SECONDS, self._looked_at + LOOK_SECONDS)
                self._looking = clock.call_at(due, self._look)

    def _look(self) -> None:
        self._looking = None
        self._looked_at = self._engine.ports.clock.monotonic()
        stirred, self._stirred = self._stirred, {}
        for kind in stirred:
            before = self._told.get(kind, {})
            now = self._told[kind] = {str(facts["name"]): facts for facts in self._tellers[kind]()}
            for name, facts in now.items():
                if name not in before or _lasting(facts) != _lasting(before[name]):
                    self._happened.append((kind, {"at": self._engine.ports.clock.wall(), **facts}))
                    self._soon()

    def noted(self, kind: str) -> None:
        """The history has an order or a login more: however many there are within a moment, that is told once."""
        self._noted[kind] = None
        self._soon()

    def mood_changed(self) -> None:
        """The daemon ends or restarts."""
        self._happened.append(("daemon", {"state": self._engine.mood.name}))
        self._soon()

    def _operation_changed(self, operation: "Operation") -> None:
        told: Facts = {
            "id": operation.id,
            "action": operation.action,
            "state": operation.state,
            "by": operation.by,
            "total": len(operation.names),
            "done": len(operation.outcomes),
            "failed": sum(1 for outcome in operation.outcomes if not outcome["ok"]),
        }
        self._happened.append(("operation", told))
        self._soon()

    def _sampled(self, wall: float, samples: "Mapping[str, Sample]") -> None:
        if self._hear is None or not self.wants_samples:
            return
        told = [{"name": name, **usage_view(sample)} for name, sample in samples.items() if name]
        self._hear([("samples", {"at": wall, "samples": told})])

    def _soon(self) -> None:
        if self._timer is None:
            clock = self._engine.ports.clock
            self._timer = clock.call_at(clock.monotonic() + FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._timer = None
        happened, self._happened = self._happened, []
        happened += [("history", {"kind": kind}) for kind in self._noted]
        self._noted.clear()
        now, latest = self._engine.ports.clock.wall(), self._engine.latest_sample
        batch = list(self._changed)[:BATCH]
        for process in batch:
            del self._changed[process]
            happened.append(("process", process_view(process, now, latest(process))))
        if self._changed:
            self._soon()
        if self._hear is not None:
            self._hear(happened)


def _lasting(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if name not in PASSING}
