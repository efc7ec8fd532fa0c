"""The daemon's own log: `2026-11-20 22:00:00,123 INFO text`, to a rotated file, the terminal, or syslog."""

import asyncio
import time
from collections import deque

from vigild.host.logfile import LogFile
from vigild.host.syslog import Syslog

LEVELS: dict[str, int] = {
    "critical": 50,
    "error": 40,
    "warn": 30,
    "info": 20,
    "debug": 10,
    "trace": 5,
    "blather": 3,
}
_TAGS = {50: "CRIT", 40: "ERRO", 30: "WARN", 20: "INFO", 10: "DEBG", 5: "TRAC", 3: "BLAT"}
MAX_EARLY_MESSAGES = 1000  # kept from before the log is open


class MainLog:
    """The `Log` port. Messages from before `open` are kept and written then, with their own times."""

    def __init__(self, level: str = "info") -> None:
        self.level = LEVELS[level]
        self.path: str | None = None  # the log file, if it is one
        self._targets: list[LogFile] = []
        self._syslog: Syslog | None = None
        self._early: deque[tuple[float, int, str]] | None = deque(maxlen=MAX_EARLY_MESSAGES)
        self._second = -1
        self._second_text = ""

    def open(self, logfile: str, max_bytes: int, backups: int, *, level: str, to_stdout: bool) -> None:
        """Begin to write: to `logfile` (a path, or 'syslog'), and to stdout too when in the foreground.

        Raises OSError when the file cannot be opened.
        """
        self.level = LEVELS[level]
        if logfile == "syslog":
            self._syslog = Syslog()
        else:
            target = LogFile(logfile, max_bytes, backups, _ignore)
            if target.trouble:
                raise OSError(f"cannot open the log file {logfile}: {target.trouble}")
            self.path = logfile
            self._targets.append(target)
        if to_stdout:
            self._targets.insert(0, LogFile("/dev/stdout", 0, 0, _ignore))
        early, self._early = self._early or (), None
        for when, number, message in early:
            if number >= self.level:
                self._write(when, number, message)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on a slow terminal is served by the loop."""
        for target in self._targets:
            target.loop = loop

    def close(self) -> None:
        """Write what waits, and close."""
        targets, self._targets = self._targets, []
        for target in targets:
            target.close()
        if self._syslog is not None:
            self._syslog.close()
            self._syslog = None

    def flush(self) -> None:
        """One more try for what a slow terminal has not taken yet."""
        for target in self._targets:
            target.flush()

    def reopen(self) -> None:
        """Open the log file anew (SIGUSR2)."""
        for target in self._targets:
            if target.path == self.path:
                target.reopen()

    def clear(self) -> None:
        """Empty the log file and go on. Raises OSError."""
        for target in self._targets:
            if target.path == self.path:
                target.clear()

    def critical(self, message: str) -> None:
        self.log(50, message)

    def error(self, message: str) -> None:
        self.log(40, message)

    def warn(self, message: str) -> None:
        self.log(30, message)

    def info(self, message: str) -> None:
        self.log(20, message)

    def debug(self, message: str) -> None:
        self.log(10, message)

    def trace(self, message: str) -> None:
        self.log(5, message)

    def blather(self, message: str) -> None:
        self.log(3, message)

    def log(self, number: int, message: str) -> None:
        """Write one message if its level is high enough."""
        if self._early is not None:
            self._early.append((time.time(), number, message))
        elif number >= self.level:
            self._write(time.time(), number, message)

    def _write(self, when: float, number: int, message: str) -> None:
        second = int(when)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        milliseconds = int((when - second) * 1000)
        line = f"{self._second_text},{milliseconds:03d} {_TAGS[number]} {message}"
        data = line.encode("utf-8", "backslashreplace")
        for target in self._targets:
            target.write(data + b"\n")
        if self._syslog is not None:
            for part in data.rstrip(b"\n").split(b"\n"):
                self._syslog.send(part)


def _ignore(message: str) -> None:
    """There is no log to tell that the log cannot be written; `lost_bytes` counts."""
