"""The `Sampler` port over /proc: what trees of processes use.

One pass reads `/proc/PID/stat` of every process once, for who is whose child; then, of those that belong to a
tree, the number of open files and the bytes read and written. It goes in slices, with the loop free in between: a
thousand processes take some 25 ms in all. psutil takes longer for the same by far, which is why this is the
one place that reads these files itself.

PSS is what the kernel walks page tables for: 50 µs for a small process, tens of milliseconds for one of gigabytes,
and as long as it likes for one that is stuck. So a thread reads it, of a few trees at each pass, and what it found is
part of the next. Nobody waits for that thread.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from vigild.core.samples import TreeRequest, Usage
from vigild.host import procfs

if TYPE_CHECKING:
    from vigild.core.machine import MachineUsage

SLICE_SECONDS = 0.002  # for which the loop is held at most, but for the listing of /proc
STEP = 16  # processes between two looks at the clock
PSS_SECONDS = 120.0  # an older reading is made again, when its turn comes
PSS_TREES = 50  # of which it is read in one pass, or a tenth of all
LARGE = 300  # trees from which on files and storage are read in turns: of each in one of so many passes
TURNS = 3
KERNEL_THREADS_PID = 2
STAT_BYTES = 1024
IO_BYTES = 512
ROLLUP_BYTES = 4096

_READ_ONLY = os.O_RDONLY | os.O_CLOEXEC


# ppid, pgid, session, CPU ticks, threads, start ticks, pages of RSS, whether it is a zombie. A plain tuple, because a
# pass makes thousands.
_Stat = tuple[int, int, int, int, int, int, int, bool]


class _Known:
    """What stays true of a process, found out once."""

    __slots__ = ("files", "hides_io", "spawn_id", "start_ticks")

    def __init__(self, start_ticks: int) -> None:
        self.start_ticks = start_ticks
        self.spawn_id: str | None = None  # '' for none
        self.hides_io = False
        self.files: int | None = None  # the last count


class _Tree:
    """What one tree comes to, while it is added up."""

    __slots__ = (
        "cpu_ticks",
        "files",
        "first",
        "pids",
        "processes",
        "read",
        "reads_io",
        "rss_pages",
        "threads",
        "write",
    )

    def __init__(self) -> None:
        self.cpu_ticks = self.rss_pages = self.threads = self.processes = 0
        self.files: int | None = None
        self.read: int | None = None
        self.write: int | None = None
        self.reads_io = True
        self.first = 0  # start ticks of the oldest
        self.pids: list[int] = []


class _Pss(NamedTuple):
    """A reading of PSS and swap of a tree, for the run whose anchors these are."""

    anchors: tuple[tuple[int, int], ...]
    at: float
    pss_bytes: int | None
    swap_bytes: int | None


class _Storage(NamedTuple):
    """A reading of the bytes that a tree has read and written, likewise."""

    anchors: tuple[tuple[int, int], ...]
    at: float
    read_bytes: int | None
    write_bytes: int | None


class ProcSampler:
    """Reads trees of processes on this machine."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.tick_seconds = 1 / os.sysconf("SC_CLK_TCK")
        self.page_bytes = os.sysconf("SC_PAGE_SIZE")
        self.counts_files = _counts_files()
        self.passes = 0
        self.known: dict[int, _Known] = {}
        self.pss: dict[str, _Pss] = {}
        self.storage: dict[str, _Storage] = {}
        self._pss_thread: threading.Thread | None = None

    def take(self, trees: Sequence[TreeRequest], on_taken: Callable[[Mapping[str, Usage]], None]) -> "_Pass":
        """See the port."""
        taking = _Pass(self, trees, on_taken)
        taking.begin()
        return taking

    def machine(self) -> "MachineUsage | None":
        """See the port."""
        from vigild.host.machine import read_machine  # late: nobody may want it

        return read_machine()

    def close(self) -> None:
        """Wait for the thread, if it is at work; for tests, and for who must not leave one behind."""
        if self._pss_thread is not None:
            self._pss_thread.join()

    def open_files(self, pid: int) -> int | None:
        """How many files it has open; None where that may not be known."""
        path = f"/proc/{pid}/fd"
        try:
            return os.stat(path).st_size if self.counts_files else len(os.listdir(path))
        except OSError:
            return None

    def read_pss(self, requests: Mapping[str, TreeRequest], trees: Mapping[str, _Tree], now: float) -> None:
        """Let the thread read PSS of those whose turn it is, if it is not still at work."""
        if self._pss_thread is not None and self._pss_thread.is_alive():
            return
        self.pss = {key: pss for key, pss in self.pss.items() if key in trees}
        due = []
        for key in trees:
            former = self.pss.get(key)
            if former is None or former.anchors != requests[key].anchors:
                due.append((0.0, key))
            elif now - former.at >= PSS_SECONDS:
                due.append((former.at, key))
        due.sort()
        chosen = [
            (key, requests[key].anchors, trees[key].pids)
            for _, key in due[: max(PSS_TREES, len(trees) // 10)]
        ]
        if chosen:
            self._pss_thread = threading.Thread(
                target=self._read_pss, args=(chosen, now), name="pss", daemon=True
            )
            self._pss_thread.start()

    def _read_pss(
        self, chosen: Iterable[tuple[str, tuple[tuple[int, int], ...], list[int]]], now: float
    ) -> None:
        found = {key: _Pss(anchors, now, *pss_and_swap(pids)) for key, anchors, pids in chosen}
        try:
            self.loop.call_soon_threadsafe(self.pss.update, found)
        except RuntimeError:
            pass  # the loop is closed; nobody asks any more


class _Pass:
    """One pass over /proc, in slices."""

    def __init__(
        self,
        sampler: ProcSampler,
        trees: Sequence[TreeRequest],
        on_taken: Callable[[Mapping[str, Usage]], None],
    ) -> None:
        self._sampler = sampler
        sampler.passes += 1
        self._number = sampler.passes
        self._is_large = len(trees) >= LARGE
        self._requests = {tree.key: tree for tree in trees}
        self._on_taken = on_taken
        self._timer: asyncio.Handle | None = None
        self._pids: list[int] = []
        self._stats: dict[int, _Stat] = {}
        self._known: dict[int, _Known] = {}
        self._roots: dict[int, tuple[int, str]] = {}  # pid: start ticks (0: unknown), whose tree it begins
        self._by_mark: dict[str, str] = {}
        self._alone: set[str] = set()
        self._owners: dict[int, str | None] = {}
        self._trees: dict[str, _Tree] = {}
        for tree in trees:
            for pid, ticks in tree.anchors:
                self._roots[pid] = ticks, tree.key
            if tree.alone:
                self._alone.add(tree.key)
            elif tree.spawn_id:
                self._by_mark[tree.spawn_id] = tree.key

    def begin(self) -> None:
        """With the first slice, in the next turn of the loop."""
        self._timer = self._sampler.loop.call_soon(self._list)

    def cancel(self) -> None:
        """Nobody wants it any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _list(self) -> None:
        try:
            self._pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
        except OSError:
            pass  # a system without
        self._slice(self._pids[::-1], self._read, self._begin_adding)

    def _begin_adding(self) -> None:
        self._slice(list(self._stats), self._add, self._end)

    def _slice(self, pids: list[int], each: Callable[[int], None], then: Callable[[], None]) -> None:
        """Call `each` with all of them, from the end of the list, but not for too long at once."""
        deadline = time.monotonic() + SLICE_SECONDS
        while pids:
            for pid in pids[: -STEP - 1 : -1]:
                each(pid)
            del pids[-STEP:]
            if pids and time.monotonic() >= deadline:
                # In the next turn of the loop, which looks at all else before: no pause, so no wake-up of its own.
                self._timer = self._sampler.loop.call_soon(self._slice, pids, each, then)
                return
        then()

    def _read(self, pid: int) -> None:
        stat = _read_stat(pid)
        if stat is None or stat[0] == KERNEL_THREADS_PID:
            return
        self._stats[pid] = stat
        known = self._sampler.known.get(pid)
        if known is None or known.start_ticks != stat[5]:
            known = _Known(stat[5])
        self._known[pid] = known

    def _owner(self, pid: int) -> str | None:
        """Whose tree is it part of? None for nobody's. By its ancestors first, then by the mark of its spawn."""
        line: list[int] = []
        at = pid
        while at in self._stats and at not in self._owners:
            own = self._own(at)
            self._owners[at] = own
            if own is not None:
                break
            line.append(at)
            at = self._stats[at][0]
        owner = self._owners.get(at)
        if owner in self._alone:
            owner = None  # which is not handed down
        for descendant in reversed(line):
            if owner is None:
                owner = self._by_mark.get(self._mark(descendant))
            self._owners[descendant] = owner
        return self._owners[pid]

    def _own(self, pid: int) -> str | None:
        """Is it known by itself: as one that was spawned, or in the group or session of such a one?"""
        _, pgid, session, _, _, start_ticks, _, _ = self._stats[pid]
        root = self._roots.get(pid)
        if root is not None and root[0] in (0, start_ticks):
            return root[1]
        for leader in (pgid, session):
            root = self._roots.get(leader)
            if root is None or root[1] in self._alone or start_ticks < root[0]:
                continue
            holder = self._stats.get(leader)
            if holder is None or not root[0] or holder[5] == root[0]:
                return root[1]
        return None

    def _mark(self, pid: int) -> str:
        known = self._known[pid]
        if known.spawn_id is None:
            known.spawn_id = procfs.spawn_id_of(pid) or ""
        return known.spawn_id

    def _add(self, pid: int) -> None:
        owner = self._owner(pid)
        if owner is None:
            return
        tree = self._trees.get(owner)
        if tree is None:
            tree = self._trees[owner] = _Tree()
            tree.reads_io = self._is_turn_of(owner)
        _, _, _, cpu_ticks, threads, start_ticks, rss_pages, is_zombie = self._stats[pid]
        tree.cpu_ticks += cpu_ticks
        if is_zombie:
            return
        tree.pids.append(pid)
        tree.processes += 1
        tree.threads += threads
        tree.rss_pages += rss_pages
        if not tree.first or start_ticks < tree.first:
            tree.first = start_ticks
        known = self._known[pid]
        files = known.files
        if files is None or not self._is_large or (pid + self._number) % TURNS == 0:
            files = known.files = self._sampler.open_files(pid)
        if files is not None:
            tree.files = files if tree.files is None else tree.files + files
        if tree.reads_io and not known.hides_io:
            io = _read_io(pid)
            if io is None:
                known.hides_io = True  # it is another user's, or has ended
            else:
                tree.read = io[0] + (tree.read or 0)
                tree.write = io[1] + (tree.write or 0)

    def _is_turn_of(self, key: str) -> bool:
        """Is storage read of this tree in this pass?"""
        anchors = self._requests[key].anchors
        former = self._sampler.storage.get(key)
        is_new = former is None or former.anchors != anchors
        return is_new or not self._is_large or (anchors[-1][0] + self._number) % TURNS == 0

    def _end(self) -> None:
        sampler = self._sampler
        sampler.known = self._known
        now = time.monotonic()
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME) if self._trees else 0.0
        usages = {}
        storage: dict[str, _Storage] = {}
        for key, tree in self._trees.items():
            if not tree.processes:
                continue
            pss = sampler.pss.get(key)
            if pss is not None and pss.anchors != self._requests[key].anchors:
                pss = None
            if tree.reads_io:
                storage[key] = _Storage(self._requests[key].anchors, now, tree.read, tree.write)
            else:
                storage[key] = sampler.storage[key]
            usages[key] = Usage(
                now,
                max(0.0, since_boot - tree.first * sampler.tick_seconds),
                tree.cpu_ticks * sampler.tick_seconds,
                tree.rss_pages * sampler.page_bytes,
                tree.threads,
                tree.processes,
                tree.files,
                storage[key].read_bytes,
                storage[key].write_bytes,
                pss.pss_bytes if pss is not None else None,
                pss.swap_bytes if pss is not None else None,
                storage[key].at,
            )
        sampler.storage = storage
        sampler.read_pss(self._requests, {key: self._trees[key] for key in usages}, now)
        self._on_taken(usages)


def _read(path: str, limit: int, open_=os.open, read=os.read, close=os.close) -> bytes:  # type: ignore[no-untyped-def]
    """The beginning of a file of /proc. Raises OSError. This is called thousands of times in a pass."""
    fd = open_(path, _READ_ONLY)
    try:
        data: bytes = read(fd, limit)
    finally:
        close(fd)
    return data


def _read_stat(pid: int) -> _Stat | None:
    try:
        text = _read(f"/proc/{pid}/stat", STAT_BYTES)
        rest = text[text.rindex(b")") + 2 :].split(None, 22)
        return (
            int(rest[1]),
            int(rest[2]),
            int(rest[3]),
            # Its own time, and that of its children that ended and were waited for: user and system.
            int(rest[11]) + int(rest[12]) + int(rest[13]) + int(rest[14]),
            int(rest[17]),
            int(rest[19]),
            int(rest[21]),
            rest[0] in b"ZXx",
        )
    except (OSError, ValueError, IndexError):  # it has ended meanwhile
        return None


def _read_io(pid: int) -> tuple[int, int] | None:
    """Bytes read from and written to storage."""
    try:
        words = _read(f"/proc/{pid}/io", IO_BYTES).split()
        return int(words[9]), int(words[11])
    except (OSError, ValueError, IndexError):
        return None


def pss_and_swap(pids: Iterable[int]) -> tuple[int | None, int | None]:
    """Of all these together, in bytes; None where not one of them may be read."""
    pss: int | None = None
    swap: int | None = None
    for pid in pids:
        try:
            lines = _read(f"/proc/{pid}/smaps_rollup", ROLLUP_BYTES).splitlines()[1:]
            fields = {line.split()[0]: int(line.split()[1]) << 10 for line in lines}
        except (OSError, ValueError, IndexError):
            continue
        pss = (pss or 0) + fields.get(b"Pss:", 0)
        swap = (swap or 0) + fields.get(b"SwapPss:", 0)
    return pss, swap


def _counts_files() -> bool:
    """Does the size of /proc/PID/fd say how many files are open (Linux 6.2 and later)?"""
    try:
        return os.stat("/proc/self/fd").st_size > 0
    except OSError:
        return False
