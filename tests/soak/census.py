"""What a daemon holds: files by kind, children, threads, memory; all seen from outside, in /proc."""

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

WORKERS = ("vigild.alerts", "vigild.checks", "vigild.forwards")


@dataclass(frozen=True, slots=True)
class Census:
    files: Counter[str]
    children: int
    """Descendants, zombies included, without the daemon's own workers."""
    threads: int
    rss_kib: int
    workers: Mapping[str, int] = field(default_factory=dict)
    """Memory (KiB) of the processes that work beside the daemon, by module."""

    def holds_no_more_than(self, other: "Census") -> bool:
        return not self.surplus_over(other)

    def surplus_over(self, other: "Census") -> str:
        """What is held here beyond what was held there; empty when nothing is. Memory has a bound of its own."""
        found = [f"{count} more {kind}" for kind, count in sorted((self.files - other.files).items())]
        if self.children > other.children:
            found.append(f"{self.children - other.children} more children")
        if self.threads > other.threads:
            found.append(f"{self.threads - other.threads} more threads")
        return ", ".join(found)


def take_census(pid: int) -> Census:
    process = psutil.Process(pid)
    children = process.children(recursive=True)
    workers = {name: child for child in children if (name := _worker_name(child))}
    return Census(
        files=Counter(_open_files(pid)),
        children=len(children) - len(workers),
        threads=process.num_threads(),
        rss_kib=process.memory_info().rss // 1024,
        workers={name: worker.memory_info().rss // 1024 for name, worker in workers.items()},
    )


def _worker_name(process: psutil.Process) -> str:
    """The module of the daemon's that it runs; "" for all others."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return ""
    return next((word for word in words if word in WORKERS), "")


def voluntary_switches(pid: int) -> int:
    """How often any thread of the process went to sleep so far."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                found += int(line.split()[1])
    return found


def _open_files(pid: int) -> list[str]:
    """Each open file by kind: numbers are taken out of names, so that a pipe of one run equals that of another."""
    found = []
    directory = f"/proc/{pid}/fd"
    for name in os.listdir(directory):
        try:
            target = os.readlink(f"{directory}/{name}")
        except OSError:
            continue  # closed meanwhile
        found.append(re.sub(r"[0-9a-f]{6,}|\d+", "N", target.removesuffix(" (deleted)")))
    return found
