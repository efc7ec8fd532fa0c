"""What a measurement asks of a supervisor. One subclass pair a product; what it cannot do raises UnsupportedError."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kit import procfs
from benchmarks.kit.notes import TimedOutError
from benchmarks.kit.site import Site


class UnsupportedError(Exception):
    """The contender has no such thing; the table shows a dash."""


@dataclass(frozen=True, slots=True)
class Rotation:
    maxbytes: int = 50_000_000
    backups: int = 1  # two files of 50 MB in all


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a contender's configuration."""

    name: str
    argv: tuple[str, ...]
    copies: int = 1
    log: Path | None = None
    rotation: Rotation = Rotation()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Setup:
    """A whole configuration: programs, and listeners (name, command) with the size of their buffer."""

    programs: tuple[Program, ...] = ()
    listener: tuple[str, ...] = ()
    listener_buffer: int = 0
    more: str = ""  # sections that only one contender knows, as they stand

    @property
    def processes(self) -> int:
        return sum(program.copies for program in self.programs)


class Daemon:
    """A running supervisor."""

    def __init__(self, site: Site, process: subprocess.Popen[bytes], exec_at_ns: int) -> None:
        self.site = site
        self.process = process
        self.exec_at_ns = exec_at_ns

    def pids(self) -> list[int]:
        """The processes of the supervisor itself: everything below it that is not the payload."""
        below = procfs.descendants(self.process.pid)
        return [
            self.process.pid,
            *(pid for pid in below if self.site.payload.mark not in procfs.command_line(pid)),
        ]

    def control_port(self) -> int:
        """The TCP port by which it is controlled."""
        raise UnsupportedError("no such port")

    def wait_until_up(self, timeout_seconds: float = 30.0) -> None:
        """Wait until every door of control answers a request (for contenders that have one)."""

    def ask_all_processes(self) -> int:
        """One raw request for the state of everything; return the nanoseconds until the whole answer was read."""
        raise UnsupportedError("no such request")

    def send_events(self, number: int) -> None:
        """Publish `number` events and return when all have been accepted."""
        raise UnsupportedError("no event listeners")

    def status_argv(self) -> list[str]:
        """The command by which a person asks for the status of everything."""
        raise UnsupportedError("no status command")

    def environment(self) -> dict[str, str] | None:
        return None

    def stop_everything_by_control(self) -> None:
        """Order the stop of all programs, the daemon staying; may return before they have gone."""
        raise UnsupportedError("no such order")

    def terminate(self) -> None:
        os.kill(self.process.pid, signal.SIGTERM)

    def wait_until_ended(self, timeout_seconds: float) -> int:
        """Wait for the end of the daemon; return when it was, in monotonic nanoseconds."""
        try:
            self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise TimedOutError(f"the daemon had not ended {timeout_seconds:.0f} s after its stop") from error
        return time.monotonic_ns()

    def output(self) -> str:
        """The last lines the daemon printed, for error messages."""
        try:
            return (self.site.root / "daemon.out").read_text(errors="replace")[-600:]
        except OSError:
            return ""


class Contender:
    """A product that can be measured."""

    name = ""
    title = ""
    least_life_seconds = 0.0  # how long a program must have lived to be restarted at once

    def version(self) -> str:
        return ""

    def launch(self, site: Site, setup: Setup) -> Daemon:
        raise NotImplementedError

    def launch_again(self, daemon: Daemon) -> Daemon:
        """Start the daemon anew, with the configuration of one that has ended."""
        raise UnsupportedError("not written for this contender")

    def upgrade(self, daemon: Daemon) -> Daemon:
        """Have new code run, as a package's upgrade does; without a better way by an end and a start."""
        daemon.terminate()
        daemon.wait_until_ended(120.0)
        return self.launch_again(daemon)


def wait_for(condition, timeout_seconds: float, what: str):  # type: ignore[no-untyped-def]
    """Poll a condition (its first truthy value is returned); an exception of the connection means not yet."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            if value := condition():
                return value
        except (OSError, EOFError):
            pass
        if time.monotonic() > deadline:
            raise TimedOutError(f"{what}: not within {timeout_seconds:.0f} s")
        time.sleep(0.005)
