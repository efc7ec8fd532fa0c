"""What a new daemon finds of the children of the old one."""

import os

from vigild.engine.ports import Remains
from vigild.host import procfs
from vigild.host.pidfd import zombie_status


def find_remains(pid: int, start_ticks: int, spawn_id: str, fifo_directory: str | None) -> Remains:
    """Is the recorded process still there? With `pid` 0: did that spawn, of which no end was recorded, happen?

    Whoever holds the lock of the runtime directory may believe the answer: the lock is inherited by a fork and
    given up by its exec, so no spawn of the old daemon is still on its way.
    """
    if not pid:
        pid = _find_spawn(spawn_id, fifo_directory)
        start_ticks = procfs.start_ticks(pid) or 0 if pid else 0
    stat = procfs.stat_of(pid) if pid else None
    if stat is None and pid and procfs.is_out_of_sight(pid, start_ticks):
        return Remains(pid, start_ticks)  # rather this than a second one beside it
    if stat is None or stat.start_ticks != start_ticks:
        return Remains()
    is_ours = stat.ppid == os.getpid()
    if stat.is_zombie and not is_ours:
        return Remains(wait_status=zombie_status(pid, start_ticks))
    return Remains(pid, start_ticks, is_ours)


def open_removed(path: str, pid: int, flags: int) -> int:
    """A FIFO whose name somebody has removed, through a process that has it open. -1 if `pid` has it no more."""
    names = (path, f"{path} (deleted)")
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            if os.readlink(f"/proc/{pid}/fd/{fd}") in names:
                return os.open(f"/proc/{pid}/fd/{fd}", flags | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        pass
    return -1


def _find_spawn(spawn_id: str, fifo_directory: str | None) -> int:
    """The child of a spawn of which only the id is known: it leads its process group; 0 if it never ran."""
    pids = set(procfs.find_by_marker(spawn_id))
    if not pids and fifo_directory is not None:
        # A program that wrote its title over its environment still holds its streams.
        for name in os.listdir(fifo_directory):
            if name.rpartition(".")[0].endswith(f"-{spawn_id}"):
                pids.update(procfs.fifo_holders(f"{fifo_directory}/{name}"))
    pids.discard(os.getpid())
    leaders = [pid for pid in pids if (stat := procfs.stat_of(pid)) is not None and stat.pgid == pid]
    return min(leaders or pids, default=0)
