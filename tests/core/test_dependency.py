"""Graphs of dependencies: waves, cycles, and what satisfies what."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.core.dependency import (
    Condition,
    Dependency,
    edges_of,
    find_cycle,
    is_held,
    name_of,
    restarts_with,
    satisfies,
    start_waves,
    stop_waves,
    trouble,
)
from vigild.core.process import Process, Wanted
from vigild.core.states import ProcessState

S = ProcessState
NAMES = [f"g{number // 3}:p{number}" for number in range(9)]
NODES = [*NAMES, "g0:*", "g1:*", "g2:*"]


def on(*targets: str) -> tuple[Dependency, ...]:
    return tuple(Dependency(target, targets=(target,)) for target in targets)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    members = [
        (name.split(":")[0], name.split(":")[1], on(*draw(st.lists(st.sampled_from(NODES), max_size=3))))
        for name in draw(st.permutations(NAMES))
    ]
    return edges_of(members)


def waits_for(edges: dict[str, list[str]], name: str) -> set[str]:
    """The processes that it waits for directly."""
    found: set[str] = set()
    for target in edges[name]:
        found.update(edges[target] if target.endswith(":*") else [target])
    return found


def reaches_itself(edges: dict[str, list[str]], name: str) -> bool:
    seen: set[str] = set()
    todo = list(waits_for(edges, name))
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(waits_for(edges, node))
    return name in seen


@given(graphs())
def test_a_cycle_is_found_where_there_is_one_and_is_one(edges: dict[str, list[str]]) -> None:
    cycle = find_cycle(edges)
    assert bool(cycle) == any(reaches_itself(edges, name) for name in NAMES)
    if cycle:
        assert cycle[0] == cycle[-1]
        for one, next_one in pairwise(cycle):
            assert next_one in waits_for(edges, one)


@given(graphs())
def test_every_process_starts_once_and_after_all_that_it_waits_for(edges: dict[str, list[str]]) -> None:
    waves = start_waves(edges)
    wave_of = {node: number for number, wave in enumerate(waves) for node in wave}
    assert sorted(wave_of) == sorted(NAMES)
    assert sum(map(len, waves)) == len(NAMES)
    assert all(waves), "no wave is empty"
    if not find_cycle(edges):
        for name in NAMES:
            latest = max((wave_of[other] for other in waits_for(edges, name)), default=-1)
            assert wave_of[name] == latest + 1, "no earlier and no later than it may"


@given(graphs(), st.lists(st.integers(-2, 2), min_size=9, max_size=9))
def test_every_process_stops_once_and_before_all_that_it_waits_for(
    edges: dict[str, list[str]], numbers: list[int]
) -> None:
    priorities = dict(zip(NAMES, numbers, strict=True))
    waves = stop_waves(edges, priorities)
    wave_of = {node: number for number, wave in enumerate(waves) for node in wave}
    assert sorted(wave_of) == sorted(NAMES)
    if find_cycle(edges):
        return
    dependants = {name: {other for other in NAMES if name in waits_for(edges, other)} for name in NAMES}
    for name in NAMES:
        assert all(wave_of[other] > wave_of[name] for other in waits_for(edges, name))
    free = [name for name in NAMES if not dependants[name]]
    for one in free:
        for other in free:
            if priorities[one] > priorities[other]:
                assert wave_of[one] < wave_of[other], "priorities keep their meaning among the free"


@given(st.lists(st.integers(-3, 3), min_size=9, max_size=9))
def test_without_dependencies_a_wave_is_a_priority(numbers: list[int]) -> None:
    priorities = dict(zip(NAMES, numbers, strict=True))
    waves = stop_waves({name: [] for name in NAMES}, priorities)
    assert [{priorities[name] for name in wave} for wave in waves] == [
        {number} for number in sorted(set(numbers), reverse=True)
    ]
    assert [[*NAMES]] == start_waves({name: [] for name in NAMES})


def test_a_group_of_many_that_many_wait_for_is_no_product() -> None:
    members = [("g", f"p{number}", ()) for number in range(1000)]
    waiters = [("w", f"w{number}", on("g:*")) for number in range(1000)]
    edges = edges_of([*members, *waiters])
    assert sum(map(len, edges.values())) == 2000
    assert [len(wave) for wave in start_waves(edges)] == [1000, 1000]
    assert [len(wave) for wave in stop_waves(edges, {})] == [1000, 1000]


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain = [("c", str(number), on(f"c:{number - 1}") if number else ()) for number in range(5000)]
    edges = edges_of(chain)
    assert find_cycle(edges) == ()
    assert len(start_waves(edges)) == len(stop_waves(edges, {})) == 5000


def test_one_nobody_configured_is_in_no_wave() -> None:
    edges = edges_of([("a", "a", on("b:b", "c:*"))])
    assert start_waves(edges) == [["a:a"]]
    assert stop_waves(edges, {}) == [["a:a"]]


def test_names_are_those_of_people() -> None:
    assert (name_of("web:web"), name_of("web:a"), name_of("web:*")) == ("web", "web:a", "web:*")
    assert str(Dependency("db", Condition.READY)) == "db:ready"


UP = Process(S.RUNNING, Wanted.UP, pid=7)
DONE = Process(S.EXITED, Wanted.UP, exit_status=0)


@pytest.mark.parametrize(
    ("process", "met"),
    [
        (UP, "started running"),
        (Process(S.STARTING, Wanted.UP, pid=7), "started"),
        (Process(S.STARTING, Wanted.UP), ""),
        (Process(S.STARTING, Wanted.UP, pid=7, launching=True), ""),
        (Process(S.STARTING, Wanted.UP, waiting=True), ""),
        (Process(S.STOPPING, Wanted.UP, pid=7), ""),
        (Process(S.BACKOFF, Wanted.UP), ""),
        (DONE, "started completed"),
        (Process(S.EXITED, Wanted.UP, exit_status=3), ""),
        (Process(S.EXITED, Wanted.UP, exit_status=None), ""),
        (Process(S.EXITED, Wanted.UP, exit_status=0, restart_at=5.0), ""),
        (Process(S.FATAL), ""),
        (Process(), ""),
    ],
)
def test_what_satisfies_what(process: Process, met: str) -> None:
    found = {
        condition.value
        for condition in Condition
        if satisfies(condition, process, (0, 2), is_ready=False, is_healthy=False)
    }
    assert found == set(met.split())


@pytest.mark.parametrize("is_ready", [False, True])
@pytest.mark.parametrize("is_healthy", [False, True])
def test_ready_and_healthy_are_asked_for(is_ready: bool, is_healthy: bool) -> None:
    for process in (UP, Process()):
        assert is_ready is satisfies(Condition.READY, process, (0,), is_ready=is_ready, is_healthy=is_healthy)
        assert is_healthy is satisfies(
            Condition.HEALTHY, process, (0,), is_ready=is_ready, is_healthy=is_healthy
        )


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (UP, ""),
        (Process(S.BACKOFF), ""),
        (Process(S.EXITED, exit_status=1, restart_at=3.0), ""),
        (Process(S.EXITED, exit_status=3), "exited with status 3"),
        (Process(S.EXITED, exit_status=None), "exited with status unknown"),
        (Process(S.EXITED, exit_status=-1), "ended by a signal"),
        (Process(S.FATAL), "FATAL"),
        (Process(), "STOPPED"),
    ],
)
def test_what_keeps_a_process_from_coming_is_named(process: Process, words: str) -> None:
    assert words == trouble(process, is_to_start=False)
    assert trouble(process, is_to_start=True) == ""


def test_only_who_was_started_and_stopped_is_held() -> None:
    assert is_held(Process(), was_started=True)
    assert not is_held(Process(), was_started=False)
    assert not is_held(Process(S.FATAL), was_started=True)
    assert not is_held(Process(S.STOPPED, Wanted.UP), was_started=True)


def test_who_is_older_than_what_it_depends_on_restarts_with_it() -> None:
    process = Process(S.RUNNING, Wanted.UP, pid=7, started_at=5.0)
    assert restarts_with(process, 6.0)
    assert not restarts_with(process, 5.0)
    assert not restarts_with(Process(S.STARTING, Wanted.UP, waiting=True), 6.0)
    assert not restarts_with(Process(S.STARTING, Wanted.DOWN, pid=7), 6.0)
    assert not restarts_with(Process(S.STOPPING, Wanted.UP, pid=7), 6.0)
    assert not restarts_with(Process(S.BACKOFF, Wanted.UP), 6.0)
