"""What /proc says about processes: CPU, wake-ups, memory, files. Sums over all threads of all given processes."""

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def cpu_ns(pids: Iterable[int]) -> int:
    """Nanoseconds on a CPU so far (schedstat; ended threads are not counted)."""
    return sum(int(text.split()[0]) for pid in pids for text in _of_threads(pid, "schedstat"))


def wakeups(pids: Iterable[int]) -> int:
    """How often the processes went to sleep by themselves so far: each is a wake-up to come."""
    return sum(
        _field(text, "voluntary_ctxt_switches:") for pid in pids for text in _of_threads(pid, "status")
    )


def rss_kib(pids: Iterable[int]) -> int:
    return sum(_field(_read(pid, "smaps_rollup"), "Rss:") for pid in pids)


def pss_kib(pids: Iterable[int]) -> int:
    return sum(_field(_read(pid, "smaps_rollup"), "Pss:") for pid in pids)


def open_files(pids: Iterable[int]) -> int:
    return sum(len(os.listdir(PROC / str(pid) / "fd")) for pid in pids)


def command_line(pid: int) -> str:
    return _read(pid, "cmdline").replace("\0", " ").strip()


def descendants(root: int) -> list[int]:
    """The processes below `root`, parents before children; zombies included."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir(PROC):
        if entry.isdigit():
            text = _read(int(entry), "stat")
            if text:
                children.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry))
    found: list[int] = []
    frontier = [root]
    while frontier:
        below = children.get(frontier.pop(), [])
        found += below
        frontier += below
    return found


def is_alive(pid: int) -> bool:
    """Whether `pid` exists and is not a zombie."""
    state = _read(pid, "stat").rpartition(")")[2].split()
    return bool(state) and state[0] not in "ZX"


def _of_threads(pid: int, name: str) -> list[str]:
    try:
        threads = os.listdir(PROC / str(pid) / "task")
    except OSError:
        return []
    texts = (_read(pid, f"task/{thread}/{name}") for thread in threads)
    return [text for text in texts if text]


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text(errors="replace")
    except OSError:
        return ""  # it has gone


def _field(text: str, name: str) -> int:
    for line in text.splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0
