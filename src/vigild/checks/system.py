"""The machine as a whole."""

import os
import time
from typing import Any

import psutil

from vigild.checks.reading import BlockingCheck, Reading, Values

FILE_NR = "/proc/sys/fs/file-nr"
LEAST_SECONDS = 0.05  # between two looks at the CPUs that are to be compared


class SystemCheck(BlockingCheck):
    """Load, CPU, memory, swap."""

    def __init__(self) -> None:
        super().__init__()
        self._times: Any = psutil.cpu_times()

    def look(self) -> Reading:
        """All of it."""
        values = {**_load(), **_memory(), **self._cpu()}
        values["uptime"] = round(time.time() - psutil.boot_time(), 1)
        values["processes"] = len(psutil.pids())
        return Reading(values)

    def _cpu(self) -> Values:
        now = psutil.cpu_times()
        values = cpu_shares(self._times._asdict(), now._asdict())
        if values:
            self._times = now
        return values


def cpu_shares(before: dict[str, float], now: dict[str, float]) -> Values:
    """What the time between two looks went to, in percent; nothing where there was none."""
    # Guests are counted in user and nice already.
    spent = {name: max(0.0, now[name] - before[name]) for name in now if name not in ("guest", "guest_nice")}
    total = sum(spent.values())
    if total < LEAST_SECONDS:
        return {}

    def share(*names: str) -> float:
        return round(100 * sum(spent.get(name, 0.0) for name in names) / total, 1)

    return {
        "cpu": round(100 - share("idle", "iowait"), 1),
        "cpu_user": share("user", "nice"),
        "cpu_system": share("system", "irq", "softirq"),
        "cpu_iowait": share("iowait"),
        "cpu_steal": share("steal"),
    }


def _load() -> Values:
    cores = os.cpu_count() or 1
    values: Values = {}
    for minutes, load in zip((1, 5, 15), os.getloadavg(), strict=True):
        values[f"load{minutes}"] = round(load, 2)
        values[f"load{minutes}_per_core"] = round(load / cores, 2)
    return values


def _memory() -> Values:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    values: Values = {
        "memory": memory.total - memory.available,
        "memory_percent": memory.percent,
        "memory_available": memory.available,
        "swap": swap.used,
        "swap_percent": swap.percent,
    }
    try:
        with open(FILE_NR, encoding="ascii") as file:
            used, _, most = map(int, file.read().split())
    except (OSError, ValueError):
        return values
    values["open_files"] = used
    values["open_files_percent"] = round(100 * used / most, 1) if most else 0.0
    return values
