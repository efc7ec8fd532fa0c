"""How long the end of everything may take, as `stopwaitsecs` and the priorities say."""

from collections.abc import Iterable

from vigild.config.model import GroupConfig

KILL_SECONDS = 2  # for a wave whose programs had to be killed


def stop_seconds(groups: Iterable[GroupConfig]) -> int:
    """Seconds until the last program has ended, at worst. Groups of one priority end together, wave by wave."""
    waves: dict[int, int] = {}
    for group in groups:
        for process in group.processes:
            longest = waves.get(group.priority, 0)
            waves[group.priority] = max(longest, process.stop_wait_seconds)
    return sum(longest + KILL_SECONDS for longest in waves.values())
