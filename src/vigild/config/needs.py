"""What a configuration asks of the system it runs on: time to stop, and open files."""

from collections.abc import Iterable

from vigild.config.dependencies import edges_of_groups
from vigild.config.model import GroupConfig, KillMode
from vigild.core.dependency import node_of, stop_waves

KILL_SECONDS = 2  # for a wave whose programs had to be killed
FDS_PER_PROCESS = 6  # two streams, their log files, stdin if it is written to, and its end if it was adopted
FDS_OF_THE_DAEMON = 64
STORED_PER_PROCESS = 2  # read ends of FIFOs


def count_processes(groups: Iterable[GroupConfig]) -> int:
    """How many processes run when all do."""
    return sum(len(group.processes) for group in groups)


def stop_seconds(groups: Iterable[GroupConfig]) -> int:
    """Seconds until the last program has ended, at worst: they end wave by wave."""
    groups = tuple(groups)
    seconds, priorities = {}, {}
    for group in groups:
        for process in group.processes:
            node = node_of(group.name, process.name)
            # What a process leaves behind is given the same time once more.
            rounds = 2 if process.kill_mode is KillMode.TREE else 1
            seconds[node] = rounds * process.stop_wait_seconds
            priorities[node] = group.priority
    waves = stop_waves(edges_of_groups(groups), priorities)
    return sum(max(map(seconds.__getitem__, wave)) + KILL_SECONDS for wave in waves)


def open_files(groups: Iterable[GroupConfig]) -> int:
    """How many files the daemon has open at most."""
    return FDS_OF_THE_DAEMON + FDS_PER_PROCESS * count_processes(groups)


def stored_files(groups: Iterable[GroupConfig]) -> int:
    """How many descriptors a service manager keeps at most while no daemon lives."""
    return STORED_PER_PROCESS * count_processes(groups)
