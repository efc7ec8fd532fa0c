"""Dependencies between programs: who waits for what, who starts and stops when, who restarts with whom.

A *node* is one process, `group:process`, or all of a group, `group:*`. `Edges` lead from each process to the nodes
that it waits for, and from each whole group to its members, so that a thousand processes that wait for a group
of a thousand are two thousand edges and not a million.

Everything here ends on any edges, also on those of a cycle: the configuration refuses cycles, but a daemon may run
some groups as an older file had them.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from vigild.core.frozen import frozen
from vigild.core.names import make_namespec
from vigild.core.process import Process, Wanted
from vigild.core.states import STOPPED_STATES, ProcessState

ALL = "*"
Edges = Mapping[str, Sequence[str]]


class Condition(Enum):
    """What of a process is waited for."""

    STARTED = "started"  # it has been spawned (and perhaps completed since)
    RUNNING = "running"  # its state is RUNNING
    READY = "ready"  # it says that it is ready, if it can; else as RUNNING
    HEALTHY = "healthy"  # its health check says so, if it has one; else as READY
    COMPLETED = "completed"  # it has exited with an expected status


@frozen
class Dependency:
    """One entry of `depends_on`: the name as written, the condition, and the nodes that the name stands for."""

    name: str
    condition: Condition = Condition.RUNNING
    targets: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}:{self.condition.value}"


def node_of(group: str, process: str = ALL) -> str:
    """The node of a process, or of a whole group."""
    return f"{group}:{process}"


def name_of(node: str) -> str:
    """The name that people use for a node."""
    group, _, process = node.partition(":")
    return make_namespec(group, process)


def edges_of(members: Iterable[tuple[str, str, Sequence[Dependency]]]) -> dict[str, list[str]]:
    """Edges of `(group, process, its dependencies)`. Whole groups are nodes only where something waits for them."""
    edges: dict[str, list[str]] = {}
    groups: dict[str, list[str]] = {}
    for group, process, dependencies in members:
        node = node_of(group, process)
        groups.setdefault(node_of(group), []).append(node)
        edges[node] = [target for dependency in dependencies for target in dependency.targets]
    for target in {target for targets in edges.values() for target in targets}:
        if target in groups:
            edges[target] = groups[target]
    return edges


def _is_group(node: str) -> bool:
    return node.endswith(":" + ALL)


# Order.


def find_cycle(edges: Edges) -> tuple[str, ...]:
    """Processes of which each waits for the next, the last being the first again; empty when there is no cycle."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        on_path: set[str] = set()
        todo = [(start, False)]
        while todo:
            node, is_left = todo.pop()
            if is_left:
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif node in on_path:
                ring = [step for step in path[path.index(node) :] if not _is_group(step)]
                return (*ring, ring[0])
            elif node not in done:
                path.append(node)
                on_path.add(node)
                todo.append((node, True))
                todo.extend((target, False) for target in reversed(edges.get(node, ())))
    return ()


def _dependencies_first(edges: Edges) -> list[str]:
    """Every node once, after all that it waits for (as far as there is no cycle)."""
    order: list[str] = []
    seen: set[str] = set()
    for start in edges:
        todo = [(start, False)]
        while todo:
            node, is_left = todo.pop()
            if is_left:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                todo.append((node, True))
                todo.extend((target, False) for target in reversed(edges.get(node, ())))
    return order


def start_waves(edges: Edges) -> list[list[str]]:
    """Processes by when they can start if nothing goes wrong: those of a wave wait for some of the wave before."""
    first_free: dict[str, int] = {}  # by node: the earliest wave of one that waits for it
    waves: list[list[str]] = []
    for node in _dependencies_first(edges):
        wave = max((first_free.get(target, 0) for target in edges.get(node, ())), default=0)
        if _is_group(node) or node not in edges:  # nobody has configured it
            first_free[node] = wave
            continue
        first_free[node] = wave + 1
        waves.extend([] for _ in range(wave + 1 - len(waves)))
        waves[wave].append(node)
    order = {node: number for number, node in enumerate(edges)}
    return [sorted(wave, key=order.__getitem__) for wave in waves]


def stop_waves(edges: Edges, priorities: Mapping[str, int]) -> list[list[str]]:
    """Processes by when they are stopped: highest priority first, but never before what waits for them.

    `priorities` are those of processes; all that are not in it count as 0. Without edges a wave is a priority.
    """
    wave_of: dict[str, tuple[int, int]] = {}
    earliest: dict[str, tuple[int, int]] = {}  # by node: the wave after the last of those that wait for it
    for node in reversed(_dependencies_first(edges)):
        if _is_group(node):
            after = earliest[node]  # it is a node only where something waits for it
        else:
            free = (-priorities.get(node, 0), 0)
            wave = wave_of[node] = max(free, earliest.get(node, free))
            after = (wave[0], wave[1] + 1)
        for target in edges.get(node, ()):
            earliest[target] = max(earliest.get(target, after), after)
    waves: dict[tuple[int, int], list[str]] = {}
    for node in edges:
        if node in wave_of:
            waves.setdefault(wave_of[node], []).append(node)
    return [waves[key] for key in sorted(waves)]


# Waiting.


def satisfies(
    condition: Condition,
    process: Process,
    exit_codes: Sequence[int],
    *,
    is_ready: bool,
    is_healthy: bool,
) -> bool:
    """Is this process as `condition` asks for?"""
    match condition:
        case Condition.STARTED:
            is_there = process.pid != 0 and not process.launching and not process.ending
            return (is_there and process.state is not ProcessState.STOPPING) or _has_completed(
                process, exit_codes
            )
        case Condition.RUNNING:
            return process.state is ProcessState.RUNNING
        case Condition.READY:
            return is_ready
        case Condition.HEALTHY:
            return is_healthy
        case _:  # COMPLETED
            return _has_completed(process, exit_codes)


def _has_completed(process: Process, exit_codes: Sequence[int]) -> bool:
    return (
        process.state is ProcessState.EXITED and process.exit_status in exit_codes and not process.restart_at
    )


def trouble(process: Process, *, is_to_start: bool) -> str:
    """Why it will not do by itself what is waited for; nothing when it may. `is_to_start`: its turn is still to come."""
    if process.state not in STOPPED_STATES or process.pausing or is_to_start:
        return ""
    if process.state is not ProcessState.EXITED:
        return process.state.name
    status = process.exit_status
    if status == -1:
        return "ended by a signal"
    return f"exited with status {'unknown' if status is None else status}"


def is_held(process: Process, *, was_started: bool) -> bool:
    """Has somebody stopped it, so that nothing but an order of theirs starts it?"""
    return process.state is ProcessState.STOPPED and process.wanted is Wanted.DOWN and was_started


def restarts_with(process: Process, newest_start: float) -> bool:
    """Is it older than what it depends on? `newest_start`: when the youngest of all that was started."""
    is_up = process.state in (ProcessState.STARTING, ProcessState.RUNNING) and process.pid != 0
    return is_up and process.wanted is Wanted.UP and process.started_at < newest_start
