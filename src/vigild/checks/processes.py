"""A process that Vigil did not start, found by its pidfile or by its command line. It is looked at and never touched."""

import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil

from vigild.checks.reading import BlockingCheck, Reading, Settings, Values, text_of

LEAST_SECONDS = 0.05  # between two looks that are to be compared
MAX_PIDFILE_BYTES = 64


class NotFoundError(Exception):
    """There is no such process; the text says where it was looked for."""


class ProcessCheck(BlockingCheck):
    """`pidfile`, or `pattern`: a regular expression that is looked for in command lines."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._pidfile = text_of(settings, "pidfile")
        pattern = text_of(settings, "pattern")
        self._pattern = re.compile(pattern) if pattern else None
        self._process: psutil.Process | None = None
        self._at = 0.0  # when the CPU times below were read
        self._spent: dict[tuple[int, float], float] = {}  # by pid and start, of it and its descendants

    def look(self) -> Reading:
        """How it is."""
        try:
            process = self._find()
            with process.oneshot():
                return self._look_at(process)
        except NotFoundError as error:
            self._process = None
            return Reading({"running": False}, str(error))
        except psutil.NoSuchProcess:
            self._process = None
            return Reading({"running": False}, "it ended just now")

    def _find(self) -> psutil.Process:
        if self._pattern is None:
            return process_of(self._pidfile)
        known = self._process
        if known is not None and known.is_running() and self._pattern.search(_command_line(known)):
            return known
        return oldest_match(self._pattern)

    def _look_at(self, process: psutil.Process) -> Reading:
        self._process = process
        values: Values = {
            "running": True,
            "pid": process.pid,
            "ppid": process.ppid(),
            "uptime": round(max(0.0, time.time() - process.create_time()), 1),
            "zombie": process.status() == psutil.STATUS_ZOMBIE,
            "threads": process.num_threads(),
        }
        _try(values, "owner", process.username)
        _try(values, "files", process.num_fds)
        family = [process, *process.children(recursive=True)]
        memory = [item for member in family if (item := _memory(member)) is not None]
        values["own_memory"], values["memory"] = _memory(process) or 0, sum(memory)
        values["memory_percent"] = round(100 * sum(memory) / psutil.virtual_memory().total, 2)
        values["children"] = len(family) - 1
        values |= self._cpu(family)
        error = f"pid {process.pid} has ended, and its parent takes no note" if values["zombie"] else ""
        return Reading(values, error)

    def _cpu(self, family: list[psutil.Process]) -> Values:
        now = time.monotonic()
        spent = {}
        for member in family:
            try:
                times = member.cpu_times()
                spent[member.pid, member.create_time()] = times.user + times.system
            except psutil.Error:
                continue
        seconds, before, first = now - self._at, self._spent, (family[0].pid, family[0].create_time())
        if first not in before:
            self._at, self._spent = now, spent
            return {}
        if seconds < LEAST_SECONDS:
            return {}
        self._at, self._spent = now, spent
        used = {key: value - before.get(key, 0.0) for key, value in spent.items()}
        return {
            "cpu": round(100 * sum(used.values()) / seconds, 1),
            "own_cpu": round(100 * used.get(first, 0.0) / seconds, 1),
        }


def process_of(pidfile: str) -> psutil.Process:
    """The process that a pidfile names. Raises NotFoundError, OSError."""
    try:
        with open(pidfile, "rb") as file:
            text = file.read(MAX_PIDFILE_BYTES).split()
    except FileNotFoundError:
        raise NotFoundError(f"it does not run: there is no {pidfile}") from None
    if not text or not text[0].isdigit() or not 0 < int(text[0]) < 1 << 31:
        raise NotFoundError(f"there is no process id in {pidfile}")
    pid = int(text[0])
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        raise NotFoundError(f"it does not run: there is no process {pid}, which {pidfile} names") from None


def oldest_match(pattern: "re.Pattern[str]") -> psutil.Process:
    """Of the processes whose command line matches, the one that was started first. Raises NotFoundError."""
    own = (os.getpid(), os.getppid())
    matches = [
        process
        for process in _all_processes()
        if process.pid not in own and pattern.search(_command_line(process))
    ]
    if not matches:
        raise NotFoundError(f"it does not run: no command line matches {pattern.pattern!r}")
    return min(matches, key=lambda process: (process.create_time(), process.pid))


def _all_processes() -> Iterator[psutil.Process]:
    for pid in psutil.pids():
        try:
            yield psutil.Process(pid)
        except psutil.Error:
            continue


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _memory(process: psutil.Process) -> int | None:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return None


def _try(values: Values, name: str, ask: Callable[[], Any]) -> None:
    try:
        values[name] = ask()
    except (psutil.Error, KeyError):
        return
