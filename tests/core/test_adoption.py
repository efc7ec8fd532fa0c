"""What becomes of each recorded state, with and without its process."""

import pytest

from vigild.core.adoption import Fate, fate
from vigild.core.process import Process, Wanted
from vigild.core.states import ProcessState


@pytest.mark.parametrize("state", [ProcessState.STARTING, ProcessState.RUNNING, ProcessState.STOPPING])
def test_one_with_a_process_is_adopted_or_mourned(state: ProcessState) -> None:
    process = Process(state, Wanted.UP, pid=7)
    assert Fate.ADOPT is fate(process, 7)
    assert Fate.MOURN is fate(process, 0)


def test_a_spawn_without_an_end_is_found_or_never_happened() -> None:
    process = Process(ProcessState.STARTING, Wanted.UP)
    assert Fate.ADOPT_SPAWNED is fate(process, 7)
    assert Fate.SPAWN is fate(process, 0)


def test_what_a_launcher_left_is_looked_for_whatever_its_mark_is_found_on() -> None:
    for state in (ProcessState.STARTING, ProcessState.STOPPING):
        assert Fate.FIND_MAIN is fate(Process(state, Wanted.UP, launching=True), 9)
    assert Fate.ADOPT is fate(Process(ProcessState.STARTING, Wanted.UP, pid=7, launching=True), 7)


def test_a_tree_that_was_being_ended_is_ended_on() -> None:
    assert Fate.END_TREE is fate(Process(ProcessState.STARTING, Wanted.UP, ending=True), 9)
    assert Fate.MOURN is fate(Process(ProcessState.STOPPING, Wanted.UP, pid=7, ending=True), 0)


def test_one_that_waits_for_others_waits_on_whatever_its_last_run_left() -> None:
    for found in (0, 9):
        assert Fate.WAIT is fate(Process(ProcessState.STARTING, Wanted.UP, waiting=True), found)
    ending = Process(ProcessState.STARTING, Wanted.UP, waiting=True, ending=True)
    assert Fate.END_TREE is fate(ending, 9)
    assert Fate.END_TREE is fate(Process(ProcessState.STOPPING, Wanted.DOWN, ending=True), 0)


@pytest.mark.parametrize(
    "state", [ProcessState.STOPPED, ProcessState.BACKOFF, ProcessState.EXITED, ProcessState.FATAL]
)
def test_one_without_a_process_waits_for_what_it_waited_for(state: ProcessState) -> None:
    assert Fate.REST is fate(Process(state), 0)
