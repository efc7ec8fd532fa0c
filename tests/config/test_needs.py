"""What a configuration asks of the system."""

from vigild.config.model import Dependency, GroupConfig, KillMode, ProcessConfig
from vigild.config.needs import (
    FDS_PER_PROCESS,
    KILL_SECONDS,
    count_processes,
    open_files,
    stop_seconds,
    stored_files,
)


def group(priority: int, *waits: int) -> GroupConfig:
    processes = tuple(ProcessConfig(f"p{wait}", "cat", stop_wait_seconds=wait) for wait in waits)
    return GroupConfig(f"g{priority}", priority, processes)


def test_a_wave_takes_as_long_as_its_slowest_and_waves_follow_one_another() -> None:
    assert stop_seconds([]) == 0
    assert stop_seconds([group(999, 10, 30, 5)]) == 30 + KILL_SECONDS
    assert stop_seconds([group(999, 10), group(1, 60), group(999, 20)]) == 20 + 60 + 2 * KILL_SECONDS


def test_what_is_left_behind_takes_its_time_too() -> None:
    process = ProcessConfig("p", "cat", stop_wait_seconds=10, kill_mode=KillMode.TREE)
    assert stop_seconds([GroupConfig("g", 1, (process,))]) == 20 + KILL_SECONDS


def test_open_files_grow_with_the_processes() -> None:
    groups = [group(1, 1, 2), group(2, 3)]
    assert count_processes(groups) == 3
    assert open_files(groups) - open_files([]) == 3 * FDS_PER_PROCESS
    assert stored_files(groups) == 6


def test_what_depends_on_others_ends_before_them_and_takes_its_time() -> None:
    on_b = (Dependency("b", targets=("b:*",)),)
    groups = [
        GroupConfig("a", 1, (ProcessConfig("a", "cat", stop_wait_seconds=7, depends_on=on_b),)),
        GroupConfig("b", 1, (ProcessConfig("b", "cat", stop_wait_seconds=9),)),
    ]
    assert stop_seconds(groups) == 7 + 9 + 2 * KILL_SECONDS
