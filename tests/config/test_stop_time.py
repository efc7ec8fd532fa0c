"""The time that the end of everything may take."""

from vigild.config.model import GroupConfig, ProcessConfig
from vigild.config.stop_time import KILL_SECONDS, stop_seconds


def group(priority: int, *waits: int) -> GroupConfig:
    processes = tuple(ProcessConfig(f"p{wait}", "cat", stop_wait_seconds=wait) for wait in waits)
    return GroupConfig(f"g{priority}", priority, processes)


def test_a_wave_takes_as_long_as_its_slowest_and_waves_follow_one_another() -> None:
    assert stop_seconds([]) == 0
    assert stop_seconds([group(999, 10, 30, 5)]) == 30 + KILL_SECONDS
    assert stop_seconds([group(999, 10), group(1, 60), group(999, 20)]) == 20 + 60 + 2 * KILL_SECONDS
