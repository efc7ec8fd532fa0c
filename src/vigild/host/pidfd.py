"""Hearing of the end of a process that is not our child, and how it ended where the kernel tells.

An adopted process belongs to somebody else, usually init, who reaps it. A pidfd says when it has ended. How,
the kernel tells in two places: while it is a zombie, in /proc/PID/stat (only to those who may trace it: for
others a 0 stands there, which must not be taken for a status), and from Linux 6.15 on, once it was reaped,
by `PIDFD_GET_INFO` (include/uapi/linux/pidfd.h). Where neither does, the answer is None: unknown.
"""

import asyncio
import fcntl
import os
import struct
import sys
from collections.abc import Callable, Sequence

PIDFD_GET_INFO = 0xC040FF0B  # _IOWR(0xFF, 11, struct pidfd_info of 64 bytes)
PIDFD_INFO_EXIT = 1 << 3
INFO_BYTES = 64
EXIT_CODE_OFFSET = 60

ASK_AGAIN_SECONDS = 0.02
ASK_FOR_SECONDS = 1.0  # its parent may take its time to reap it
POLL_SECONDS = 1.0  # where there are no pidfds, or no descriptors left

SPARE_DESCRIPTORS = 32  # for clients, logs and spawns, while watches take the rest

CAP_SYS_PTRACE = 19

OnExit = Callable[[int, int | None], None]


def reaped_status(pidfd: int) -> int | None:
    """The wait status of a process that was reaped; None where the kernel does not tell (yet)."""
    info = bytearray(INFO_BYTES)
    struct.pack_into("Q", info, 0, PIDFD_INFO_EXIT)
    try:
        fcntl.ioctl(pidfd, PIDFD_GET_INFO, info)
    except OSError:
        return None
    if not struct.unpack_from("Q", info, 0)[0] & PIDFD_INFO_EXIT:
        return None
    status: int = struct.unpack_from("i", info, EXIT_CODE_OFFSET)[0]
    return status


def zombie_status(pid: int, ticks: int) -> int | None:
    """The wait status of the zombie `pid` that was started at `ticks`; None where it may not be known."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(fields) < 50 or fields[0] not in (b"Z", b"X") or int(fields[19]) != ticks:
        return None
    status = int(fields[49])
    return status if status or _may_trace(pid) else None


def _may_trace(pid: int) -> bool:
    try:
        if os.stat(f"/proc/{pid}").st_uid == os.geteuid():
            return True
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("CapEff:"):
                    return bool(int(line.split()[1], 16) >> CAP_SYS_PTRACE & 1)
    except OSError:
        pass
    return False


class ExitWatch:
    """Calls `on_exit(pid, wait status or None)` once, after the process has ended."""

    __slots__ = ("_deadline", "_loop", "_on_exit", "_pid", "_pidfd", "_ticks", "_timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        pid: int,
        ticks: int,
        on_exit: OnExit,
        *,
        may_open: bool = True,
    ) -> None:
        self._loop = loop
        self._pid = pid
        self._ticks = ticks
        self._on_exit = on_exit
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._pidfd = _open_pidfd(pid) if may_open else -1
        if self._pidfd >= 0:
            loop.add_reader(self._pidfd, self._ended)
        else:
            self._timer = loop.call_later(0, self._poll)

    def close(self) -> None:
        """Hear no more of it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _ended(self) -> None:
        # A pidfd stays readable for ever after.
        self._loop.remove_reader(self._pidfd)
        self._deadline = self._loop.time() + ASK_FOR_SECONDS
        self._ask()

    def _ask(self) -> None:
        self._timer = None
        status = reaped_status(self._pidfd)
        if status is None:
            status = zombie_status(self._pid, self._ticks)
        if status is None and self._loop.time() < self._deadline:
            self._timer = self._loop.call_later(ASK_AGAIN_SECONDS, self._ask)
            return
        self._tell(status)

    def _poll(self) -> None:
        from vigild.host.procfs import is_alive

        if is_alive(self._pid, self._ticks):
            self._timer = self._loop.call_later(POLL_SECONDS, self._poll)
            return
        self._timer = None
        self._tell(zombie_status(self._pid, self._ticks))

    def _tell(self, status: int | None) -> None:
        self.close()
        self._on_exit(self._pid, status)


def open_watches(
    loop: asyncio.AbstractEventLoop, processes: Sequence[tuple[int, int]], on_exit: OnExit
) -> tuple[list[ExitWatch], int]:
    """A watch for each pid and start time, as many by pidfd as descriptors can be spared; and how many are not."""
    room = _free_descriptors() - SPARE_DESCRIPTORS if processes else 0
    watches = [
        ExitWatch(loop, pid, ticks, on_exit, may_open=number < room)
        for number, (pid, ticks) in enumerate(processes)
    ]
    return watches, len(processes) - min(len(processes), max(room, 0))


def _free_descriptors() -> int:
    import resource  # late: only where something was adopted

    try:
        count = len(os.listdir("/proc/self/fd"))
    except OSError:
        count = 0
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return (sys.maxsize if soft == resource.RLIM_INFINITY else soft) - count


def _open_pidfd(pid: int) -> int:
    if not hasattr(os, "pidfd_open"):
        return -1
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1
