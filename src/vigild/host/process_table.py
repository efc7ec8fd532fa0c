"""The `ProcessTable` port over /proc."""

import os
import stat
from typing import TYPE_CHECKING

from vigild.host import procfs
from vigild.host.subreaper import become_subreaper

if TYPE_CHECKING:
    from vigild.core.descendants import Seen

PIDFILE_BYTES = 64


class ProcTable:
    """What runs on this machine, and what is ours of it."""

    def __init__(self) -> None:
        self.own_pid = os.getpid()
        self.gets_orphans = False
        self.workers = set[int]()  # children of the daemon's own: no program's, and nobody's orphans

    def adopt_orphans(self) -> None:
        """From now on orphans come to us."""
        self.gets_orphans = become_subreaper()

    def take(self) -> "dict[int, Seen]":
        """All that lives, with its spawn id where it has one; no zombies."""
        from vigild.core.descendants import Seen

        return {
            pid: Seen(
                pid,
                found.ppid,
                found.pgid,
                found.session,
                found.start_ticks,
                # Kernel threads have no environment.
                (procfs.spawn_id_of(pid) or "") if found.ppid != 2 else "",
                found.name,
            )
            for pid, found in procfs.all_processes().items()
            if not found.is_zombie
        }

    def children(self) -> list[int]:
        """The pids of our own children, orphans that came to us included, workers not."""
        children = procfs.children_of(self.own_pid)
        return [pid for pid in children if pid not in self.workers] if self.workers else children

    def start_ticks(self, pid: int) -> int:
        """When it started, in ticks since boot; 0 where nobody knows."""
        return procfs.start_ticks(pid) or 0

    def is_alive(self, pid: int, start_ticks: int) -> bool:
        """Does the very process that was started then still run?"""
        return procfs.is_alive(pid, start_ticks)

    def runs(self, pid: int, executable: str) -> bool:
        """Is this the file that the process executes?"""
        try:
            return os.path.samefile(f"/proc/{pid}/exe", executable)
        except OSError:
            return False

    def read_pid(self, path: str) -> int:
        """The pid that a pidfile names; 0 while it names none, or is no file."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return 0
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return 0
            words = os.read(fd, PIDFILE_BYTES).split()
        except OSError:
            return 0
        finally:
            os.close(fd)
        return int(words[0]) if words and words[0].isdigit() and len(words[0]) < 10 else 0
