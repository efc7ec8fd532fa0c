"""What Linux tells of the whole machine: three small files of /proc, some 50 µs in all.

psutil, which monitors use for the same, is not worth its 3 MiB in the daemon for that.
"""

import os

from vigild.core.machine import MachineUsage

PROC = "/proc"
STAT_BYTES = 256  # the first line of it is that of all CPUs together
MEMINFO_BYTES = 4096


def read_machine(proc: str = PROC) -> MachineUsage | None:
    """One reading; None on a system that has no such files."""
    try:
        busy, total = parse_stat(_read(f"{proc}/stat", STAT_BYTES))
        memory = parse_meminfo(_read(f"{proc}/meminfo", MEMINFO_BYTES))
        available = memory["MemAvailable" if "MemAvailable" in memory else "MemFree"]
        used, swap = memory["MemTotal"] - available, memory["SwapTotal"] - memory["SwapFree"]
        load1, load5, load15 = os.getloadavg()
    except (OSError, ValueError, KeyError, IndexError):
        return None
    return MachineUsage(
        busy,
        total,
        round(load1, 2),
        round(load5, 2),
        round(load15, 2),
        used,
        memory["MemTotal"],
        swap,
        memory["SwapTotal"],
    )


def parse_stat(text: bytes) -> tuple[int, int]:
    """Ticks in which CPUs were busy, and all of them. Raises ValueError, IndexError."""
    words = text[: text.index(b"\n")].split()
    if words[0] != b"cpu":
        raise ValueError(f"no line of all CPUs: {words!r}")
    # user, nice, system, idle, iowait, irq, softirq, steal; guests are in user and nice already
    ticks = [int(word) for word in words[1:9]]
    total = sum(ticks)
    return total - sum(ticks[3:5]), total


_WANTED = (b"MemTotal", b"MemFree", b"MemAvailable", b"SwapTotal", b"SwapFree")


def parse_meminfo(text: bytes) -> dict[str, int]:
    """Those lines of it that are wanted, in bytes. Raises ValueError, IndexError."""
    found: dict[str, int] = {}
    for line in text.split(b"\n"):
        name, _, rest = line.partition(b":")
        if name in _WANTED:
            found[name.decode()] = int(rest.split()[0]) << 10
            if name == _WANTED[-1]:
                break
    return found


def _read(path: str, size: int) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, size)
    finally:
        os.close(fd)
