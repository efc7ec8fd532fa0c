"""Who waits for whom, at run time: parks what has to wait, lets it go, and restarts what goes with a dependency.

Each process that waits is parked under one *need* (a node and a condition) that is not met, and that need under one
process that keeps it from being met. Only a move of that process makes anybody look again, so a thousand
processes that wait for the same thing cost nothing while it comes up. Moves are only noted when they happen and are
acted upon in the next turn of the loop: no order is given from within another.

Nothing is kept here that the next daemon needs: who waits is in the record of its process, and whether
one is older than what it depends on shows in the times when they were started.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from vigild.core.dependency import (
    ALL,
    Condition,
    Edges,
    edges_of,
    is_held,
    node_of,
    restarts_with,
    satisfies,
    stop_waves,
    trouble,
)
from vigild.core.frozen import frozen
from vigild.core.process import DependenciesSatisfied, Restart, Start

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Clock, Log, Timer

RELEASE_SLICE = 16  # programs let go in one turn of the loop, so that exits and clients are served in between

Need = tuple[str, Condition]
Processes = dict["ManagedProcess", None]  # a set in order


@frozen
class Unmet:
    """A dependency that is waited for. `trouble`: why that will not come by itself; nothing when it may."""

    name: str
    condition: Condition
    trouble: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.condition.value}{'; ' if self.trouble else ''}{self.trouble})"


class Dependencies:
    """Of all processes of one engine."""

    def __init__(self, clock: "Clock", log: "Log", is_to_start: Callable[["ManagedProcess"], bool]) -> None:
        self.is_used = False  # does any process depend on another?
        self._clock = clock
        self._log = log
        self._is_to_start = is_to_start
        self._members: dict[str, Mapping[str, ManagedProcess]] = {}  # by group and name
        self._dependants: dict[str, Processes] = {}  # by node: those that name it
        self._restarting: dict[str, Processes] = {}  # by node: those that are restarted with it
        self._waiting: dict[Need, Processes] = {}
        self._blocker_of: dict[Need, str] = {}  # the node that is in the way
        self._blocked: dict[str, dict[Need, None]] = {}  # the same from the other end
        self._stuck: set[ManagedProcess] = set()  # those that wait for what does not come by itself
        self._moved: dict[str, None] = {}  # nodes
        self._begun: Processes = {}  # those that have begun to wait
        self._pulling: Processes = {}  # those whose dependencies are to be started with them
        self._free: list[ManagedProcess] = []  # those whose wait is over
        self._timer: Timer | None = None

    # Groups.

    def add(self, group: str, members: Mapping[str, "ManagedProcess"]) -> None:
        """A group comes, with members that stay the same."""
        self._members[group] = members
        for process in members.values():
            for target, _ in _needs(process):
                self.is_used = True
                self._dependants.setdefault(target, {})[process] = None
                if process.config.restart_with_dependency:
                    self._restarting.setdefault(target, {})[process] = None
        self._group_changed(group)

    def remove(self, group: str) -> list[str]:
        """A group goes. Says who still depends on it."""
        members = self._members.pop(group)
        for process in members.values():
            self._stuck.discard(process)
            for target, _ in _needs(process):
                for index in (self._dependants, self._restarting):
                    index.get(target, {}).pop(process, None)
        self._group_changed(group)
        targets = [node_of(group), *(node_of(group, name) for name in members)]
        return sorted({process.namespec for node in targets for process in self._dependants.get(node, ())})

    def _group_changed(self, group: str) -> None:
        if self.is_used:
            prefix = node_of(group, "")
            self._moved.update((node, None) for node in self._blocked if node.startswith(prefix))
            self._soon()

    def edges(self) -> Edges:
        """Who waits for whom, among all groups."""
        return edges_of(
            (group, name, process.config.depends_on)
            for group, members in self._members.items()
            for name, process in members.items()
        )

    def waves_to_stop(self, processes: "list[ManagedProcess]") -> "list[list[ManagedProcess]]":
        """Those to be stopped first come first, each wave after the one before has stopped."""
        if not self.is_used:
            return [processes]
        nodes = {node_of(process.group_name, process.config.name): process for process in processes}
        edges = edges_of(
            (process.group_name, process.config.name, process.config.depends_on) for process in processes
        )
        return [[nodes[node] for node in wave] for wave in stop_waves(edges, {})]

    # What processes ask and tell.

    def may_spawn(self, process: "ManagedProcess") -> bool:
        """It is to be spawned: may it be at once? If not it is parked, and told when it may."""
        if self._park(process, set()):
            return True
        unmet = ", ".join(f"{item.name} ({item.condition.value})" for item in self.unmet(process))
        self._log.info(f"waiting: '{process.config.name}' for {unmet}")
        self.wait_on(process)
        return False

    def wait_on(self, process: "ManagedProcess") -> None:
        """It waits, perhaps since another daemon ran."""
        self._begun[process] = None
        self._soon()

    def moved(self, process: "ManagedProcess") -> None:
        """Its state, readiness or health is another now."""
        node = node_of(process.group_name, process.config.name)
        if node in self._blocked or any(
            node in self._restarting for node in (node, node_of(process.group_name))
        ):
            self._moved[node] = None
            self._soon()
        if self._stuck and not process.process.waiting:
            self._stuck.discard(process)

    def pull(self, process: "ManagedProcess") -> None:
        """It was ordered to start: what it waits for is wanted, too, unless somebody has stopped that."""
        if process.process.waiting:
            self._pulling[process] = None
            self._soon()

    def unmet(self, process: "ManagedProcess") -> list[Unmet]:
        """What it waits for; nothing when it does not wait."""
        found: list[Unmet] = []
        for dependency in process.config.depends_on if process.process.waiting else ():
            for target in dependency.targets:
                need = (target, dependency.condition)
                blocker = self._blocker_of.get(need) or self._find_blocker(need)
                if blocker is not None:
                    found.append(Unmet(dependency.name, dependency.condition, self._trouble(blocker)))
                    break
        return found

    def words(self, process: "ManagedProcess") -> str:
        """What it waits for, as people read it."""
        return ", ".join(map(str, self.unmet(process)))

    def is_stuck(self, process: "ManagedProcess") -> bool:
        """Does it wait for what does not come by itself?"""
        return process in self._stuck

    # What is the case.

    def _at(self, node: str) -> "list[ManagedProcess]":
        group, _, name = node.partition(":")
        members = self._members.get(group, {})
        if name == ALL:
            return list(members.values())
        return [members[name]] if name in members else []

    def _is_met_by(self, process: "ManagedProcess", condition: Condition) -> bool:
        return satisfies(
            condition,
            process.process,
            process.policy.exit_codes,
            is_ready=process.is_ready,
            is_healthy=process.is_healthy,
        )

    def _find_blocker(self, need: Need, after: str = "") -> str | None:
        """A process that is in the way; the need's own node where there is nothing of that name.

        The search begins behind `after`: programs of a group come up in order, and all must be looked at only once.
        """
        target, condition = need
        processes = self._at(target)
        if not processes:
            is_empty_group = target.endswith(":" + ALL) and target.partition(":")[0] in self._members
            return None if is_empty_group else target
        names = [process.config.name for process in processes] if after else []
        name = after.partition(":")[2]
        first = names.index(name) if name in names else 0
        for process in processes[first:] + processes[:first]:
            if not self._is_met_by(process, condition):
                return node_of(process.group_name, process.config.name)
        return None

    def _trouble(self, blocker: str) -> str:
        process = next(iter(self._at(blocker)), None)
        if process is None:
            return "not configured"
        return trouble(process.process, is_to_start=self._is_to_start(process))

    # The turn in which what was noted is acted upon.

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = self._clock.call_at(self._clock.monotonic(), self._settle)

    def _settle(self) -> None:
        self._timer = None
        moved, self._moved = self._moved, {}
        begun, self._begun = self._begun, {}
        pulling, self._pulling = self._pulling, {}
        met: set[Need] = set()  # those known to be, in this turn
        for node in moved:
            for need in self._blocked.pop(node, ()):
                del self._blocker_of[need]
                self._look_again(need, node, met)
        self._restart_dependants(moved, met)
        self._pull(pulling)
        for process in begun:
            self._settle_one(process, met)
        self._release()

    def _look_again(self, need: Need, moved: str, met: set[Need]) -> None:
        waiting = self._waiting.pop(need)
        blocker = self._find_blocker(need, moved)
        if blocker is None:
            met.add(need)
            for process in waiting:
                self._settle_one(process, met)
            return
        self._block(need, blocker)
        self._waiting[need] = waiting
        why = self._trouble(blocker)
        for process in waiting if why or self._stuck else ():
            self._note_trouble(process, is_stuck=bool(why))

    def _block(self, need: Need, blocker: str) -> None:
        self._blocker_of[need] = blocker
        self._blocked.setdefault(blocker, {})[need] = None

    def _settle_one(self, process: "ManagedProcess", met: set[Need]) -> None:
        if not process.process.waiting:
            return
        if self._park(process, met):
            self._stuck.discard(process)
            self._free.append(process)
        else:
            self._note_trouble(process, is_stuck=any(item.trouble for item in self.unmet(process)))

    def _park(self, process: "ManagedProcess", met: set[Need]) -> bool:
        """True when nothing is in its way. What is in `met` need not be looked at again."""
        for need in _needs(process):
            if need in met:
                continue
            if need not in self._blocker_of:
                blocker = self._find_blocker(need)
                if blocker is None:
                    met.add(need)
                    continue
                self._block(need, blocker)
            self._waiting.setdefault(need, {})[process] = None
            return False
        return True

    def _note_trouble(self, process: "ManagedProcess", *, is_stuck: bool) -> None:
        if not is_stuck or not process.process.waiting:
            self._stuck.discard(process)
        elif process not in self._stuck:
            self._stuck.add(process)
            self._log.warn(f"'{process.config.name}' goes on waiting for {self.words(process)}")
            process.wake()

    def _restart_dependants(self, moved: Iterable[str], met: set[Need]) -> None:
        targets = {target: None for node in moved for target in (node, node_of(node.partition(":")[0]))}
        dependants = {process: None for target in targets for process in self._restarting.get(target, ())}
        starts: dict[str, float] = {}
        for process in dependants:
            newest = max(self._newest_start(target, starts) for target, _ in _needs(process))
            if restarts_with(process.process, newest) and self._is_satisfied(process, met):
                self._log.info(f"restarting '{process.config.name}' with what it depends on")
                process.feed(Restart())

    def _newest_start(self, target: str, starts: dict[str, float]) -> float:
        if target not in starts:
            starts[target] = max((process.process.started_at for process in self._at(target)), default=0.0)
        return starts[target]

    def _is_satisfied(self, process: "ManagedProcess", met: set[Need]) -> bool:
        for need in _needs(process):
            if need not in met:
                if self._find_blocker(need) is not None:
                    return False
                met.add(need)
        return True

    def _pull(self, processes: Processes) -> None:
        seen: set[Need] = set()
        todo = list(processes)
        while todo:
            for need in _needs(todo.pop()):
                if need not in seen:
                    seen.add(need)
                    todo.extend(self._start_all(need))

    def _start_all(self, need: Need) -> "Iterator[ManagedProcess]":
        """Start whoever is in the way and may be started; those that wait then are yielded."""
        for process in self._at(need[0]):
            if not process.stopped or self._is_met_by(process, need[1]) or self._is_to_start(process):
                continue
            if process.remembered_wall or is_held(process.process, was_started=process.started_wall != 0):
                continue
            process.feed(Start())
            if process.process.waiting:
                yield process

    def _release(self) -> None:
        batch, self._free = self._free[:RELEASE_SLICE], self._free[RELEASE_SLICE:]
        met: set[Need] = set()
        for process in batch:
            # Meanwhile it may have been stopped, or something may be in its way again.
            if process.process.waiting and self._park(process, met):
                process.feed(DependenciesSatisfied())
        if self._free:
            self._soon()


def _needs(process: "ManagedProcess") -> Iterator[Need]:
    for dependency in process.config.depends_on:
        for target in dependency.targets:
            yield target, dependency.condition
