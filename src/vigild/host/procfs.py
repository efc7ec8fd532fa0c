"""What /proc says of processes, typed: who is whose child, since when, and to which spawn it belongs.

A process is the same as one seen before when its pid *and* its start time (clock ticks since boot) are the
same, and the boot is. A spawn's id is in the environment of the child and of all that descends from it,
unless a program clears its environment or overwrites it with its title (nginx, PostgreSQL): that the id is
not there proves nothing.

Where there is no /proc (macOS) nothing is found: every answer is None or empty.
"""

import errno
import os
from collections.abc import Iterator

from vigild.core.frozen import frozen
from vigild.engine.ports import SPAWN_MARK

ZOMBIE_STATES = frozenset("ZXx")

_MARKER = f"{SPAWN_MARK}=".encode()
_STAT_BYTES = 4096
_COMMAND_BYTES = 4096


@frozen
class ProcessStat:
    """One line of /proc/PID/stat, as far as it is needed. `start_ticks`: clock ticks from boot to its start."""

    pid: int
    name: str  # the kernel's short name of it, 15 bytes at most
    state: str  # one letter: R, S, D, T, Z, …
    ppid: int
    pgid: int
    session: int
    start_ticks: int

    @property
    def is_zombie(self) -> bool:
        """Has it ended, and only waits to be reaped?"""
        return self.state in ZOMBIE_STATES


def parse_stat(text: bytes) -> ProcessStat | None:
    """The fields of one line. The name stands in parentheses and may hold blanks and parentheses itself."""
    opened, closed = text.find(b"("), text.rfind(b")")
    rest = text[closed + 2 :].split()
    if opened < 0 or closed < opened or len(rest) < 20:
        return None
    name = text[opened + 1 : closed].decode(errors="replace")
    return ProcessStat(
        pid=int(text[:opened]),
        name=name,
        state=rest[0].decode(),
        ppid=int(rest[1]),
        pgid=int(rest[2]),
        session=int(rest[3]),
        start_ticks=int(rest[19]),
    )


def stat_of(pid: int) -> ProcessStat | None:
    """What is known of `pid` now; None when there is no such process."""
    text = _read(f"/proc/{pid}/stat", _STAT_BYTES)
    return None if text is None else parse_stat(text)


def start_ticks(pid: int) -> int | None:
    """When `pid` was started, in clock ticks since boot; None when there is no such process."""
    stat = stat_of(pid)
    return None if stat is None else stat.start_ticks


def is_alive(pid: int, ticks: int) -> bool:
    """Does the very process that was started at `ticks` still run? A zombie does not.

    True, too, for one that is there and cannot be looked at: nobody is to be taken for dead by mistake.
    """
    stat = stat_of(pid)
    if stat is None:
        return is_out_of_sight(pid, ticks)
    return stat.start_ticks == ticks and not stat.is_zombie


def is_out_of_sight(pid: int, ticks: int) -> bool:
    """/proc says nothing of `pid`: is it there all the same?

    It may be when no file can be opened now, and when it was hidden from us from the beginning (`ticks` is 0),
    as a set-user-id program is where /proc is mounted with hidepid.
    """
    was_hidden = not ticks and os.path.exists("/proc/self/stat")
    return exists(pid) and (was_hidden or _is_out_of_descriptors())


def _is_out_of_descriptors() -> bool:
    try:
        os.close(os.open("/", os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False


def exists(pid: int) -> bool:
    """Is there a process, or a zombie, of this number? Needs no descriptor and no /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def boot_id() -> str:
    """A name for this boot of the machine; '' where the system gives none."""
    text = _read("/proc/sys/kernel/random/boot_id", 64)
    return "" if text is None else text.decode().strip()


def all_processes() -> dict[int, ProcessStat]:
    """Every process there is now, by pid, in one pass; zombies too."""
    found: dict[int, ProcessStat] = {}
    for pid in _pids():
        stat = stat_of(pid)
        if stat is not None:
            found[pid] = stat
    return found


def children_of(pid: int) -> list[int]:
    """The pids of its children, zombies included."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    children: list[int] = []
    for thread in threads:
        text = _read(f"/proc/{pid}/task/{thread}/children")
        if text is None:  # a thread that ended, or a kernel without this file
            return sorted(stat.pid for stat in all_processes().values() if stat.ppid == pid)
        children.extend(int(word) for word in text.split())
    return sorted(children)


def spawn_id_of(pid: int) -> str | None:
    """The spawn id in its environment; None where there is none, or it may not be read."""
    text = _read(f"/proc/{pid}/environ")
    if text is None:
        return None
    start = 0 if text.startswith(_MARKER) else text.find(b"\0" + _MARKER) + 1
    if start == 0 and not text.startswith(_MARKER):
        return None
    start += len(_MARKER)
    end = text.find(b"\0", start)
    return text[start : end if end >= 0 else None].decode(errors="replace")


def find_by_marker(spawn_id: str) -> list[int]:
    """Every process that carries this spawn id in its environment, lowest pid first. Zombies have none."""
    return [pid for pid in _pids() if spawn_id_of(pid) == spawn_id]


def fifo_holders(path: str) -> list[int]:
    """Every process that has the FIFO (or any file) `path` open, the caller included, lowest pid first."""
    real = os.path.realpath(path)
    names = {path, real, f"{real} (deleted)"}
    return [pid for pid in _pids() if any(name in names for name in _open_files(pid))]


def command_of(pid: int) -> str:
    """Its command line, in one line; its short name where it has none; '' when it is gone."""
    text = _read(f"/proc/{pid}/cmdline", _COMMAND_BYTES)
    words = "" if text is None else text.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    if words:
        return " ".join(words.split())
    stat = stat_of(pid)
    return "" if stat is None else stat.name


def uid_of(pid: int) -> int | None:
    """The effective user of a process; None when it is gone."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def _pids() -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())
    except OSError:
        return []


def _open_files(pid: int) -> Iterator[str]:
    directory = f"/proc/{pid}/fd"
    try:
        fds = os.listdir(directory)
    except OSError:
        return
    for fd in fds:
        try:
            yield os.readlink(f"{directory}/{fd}")
        except OSError:
            continue


def _read(path: str, limit: int = -1) -> bytes | None:
    """The whole file, or at most `limit` bytes of it; None when it is not there or not for us to read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if limit >= 0:
            return os.read(fd, limit)
        pieces: list[bytes] = []
        while piece := os.read(fd, 65536):
            pieces.append(piece)
        return b"".join(pieces)
    except OSError:  # the process ended meanwhile
        return None
    finally:
        os.close(fd)
