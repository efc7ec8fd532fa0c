"""A real daemon under test, driven as its users drive it: a configuration file, signals and supervisorctl.

    with Daemon(tmp_path, "[program:cat]\\ncommand=cat\\n") as daemon:
        daemon.wait_state("cat", "RUNNING")
        assert daemon.ctl("stop", "cat") == Outcome(0, "cat: stopped\\n", "")

A configuration without a `[supervisord]` section gets the usual frame around it (socket, log, pidfile). One with
that section is taken as it is; the daemon's own log is then looked for at `log_path`.

The commands are the project's own, beside the running Python. `VIGIL_TEST_BIN` names another directory of
commands, for instance that of an installed Supervisor, and the same test observes the original.

Whatever happens, nothing of it survives the test: processes are known by the mark the daemon's environment
carries, by descent, and by the test's directory in their command line, and are ended by pid.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from support.questions import NobodyListensError, UnansweredError, ask
from support.until import DEADLINE_SECONDS, until

MARK = "VIGIL_TEST_MARK"
UNIX_SOCKET = re.compile(r"^\[unix_http_server\][^\[]*?^file *= *(\S+)", re.MULTILINE)

FRAME = """\
[unix_http_server]
file={socket}

[supervisord]
logfile={tmp}/supervisord.log
pidfile={tmp}/supervisord.pid
childlogdir={tmp}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}

"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def bin_dir() -> Path:
    """The directory of the commands under test."""
    return Path(os.environ.get("VIGIL_TEST_BIN") or Path(sys.executable).parent)


def alive(process: psutil.Process) -> bool:
    """True while it runs; a zombie whose parent (an idle init, say) has not reaped it yet has ended."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def family(pid: int) -> list[psutil.Process]:
    """The process and everything that descends from it now; empty when it is gone."""
    try:
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def wait_gone(processes: Iterable[psutil.Process], timeout: float = DEADLINE_SECONDS) -> None:
    """Wait until none of them runs any more; fail naming those that still do."""
    known = list(processes)
    until(lambda: not [p for p in known if alive(p)], timeout, f"the end of {known}")


@dataclass
class Daemon:
    """One daemon in `tmp`. `start()` it, ask it through `ctl()`, `stop()` it; a context manager does both ends."""

    tmp: Path
    conf_text: str
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of the daemon and of supervisorctl."""
    bin: Path = field(default_factory=bin_dir)
    """Where its commands are; first in its PATH unless `env` brings a PATH."""
    log_path: Path | None = None
    """The daemon's log, where the configuration chose it."""
    command_prefix: tuple[str, ...] = ()
    """Runs the daemon through another command that execs it, such as `("prlimit", "--nofile=256:4096")`."""
    user: int | None = None
    """Started as this uid and gid with no other groups, as a container's `USER` does; for root only."""
    stdout: int | None = None
    """A file descriptor for the daemon's standard output; a file in `tmp` otherwise."""

    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    socket: Path = field(init=False)
    conf: Path = field(init=False)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)

    def __post_init__(self) -> None:
        # A path longer than about 100 bytes cannot be a Unix socket; pytest's directories can be that long.
        self._short = Path(tempfile.mkdtemp(prefix="vg", dir="/tmp"))
        self._short.chmod(0o755)
        self.socket = self._short / "s"
        self.conf = self.tmp / "supervisord.conf"
        self._known: dict[int, psutil.Process] = {}
        if self.log_path is None:
            self.log_path = self.tmp / "supervisord.log"
        framed = "[supervisord]" in self.conf_text
        frame = "" if framed else FRAME.format(socket=self.socket, tmp=self.tmp)
        self.conf.write_text(frame + self.conf_text)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- life

    def start(self, *flags: str, wait: bool = True) -> Self:
        """Run `supervisord -n -c conf` and wait until it answers; `flags` are added."""
        self._short.mkdir(exist_ok=True)
        command = [*self.command_prefix, str(self.bin / "supervisord"), "-n", "-c", str(self.conf), *flags]
        with (self.tmp / "daemon.out").open("ab") as out:
            if self.user is not None:
                os.fchown(out.fileno(), self.user, self.user)  # so that `/dev/stderr` can be opened by name
            self.process = subprocess.Popen(
                command,
                env=self._environment(),
                cwd=self.tmp,
                stdin=subprocess.DEVNULL,
                stdout=out if self.stdout is None else self.stdout,
                stderr=out,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
            )
        if wait:
            self.wait_answering()
        return self

    def wait_answering(self) -> None:
        """Wait until clients reach the daemon; fail at once, with its words, when it has ended."""

        def answers() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"supervisord ended with {self.process.returncode}:\n{self.words()}")
            try:
                return bool(self._ask("supervisor.getPID"))
            except NobodyListensError:
                return False
            except UnansweredError:  # a server of another kind, or with a password
                return self.ctl("pid").out.strip().isdigit()

        until(answers, what="supervisord to answer")

    def stop(self) -> int | None:
        """End the daemon (TERM, then KILL) and whatever it left behind; its exit status."""
        self._note_family()
        try:
            if self.process is not None and self.process.poll() is None:
                self.process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(DEADLINE_SECONDS)
        finally:
            self._clean_up()
        return None if self.process is None else self.process.returncode

    def kill(self) -> None:
        """SIGKILL to the daemon alone, as a crash or the kernel's out-of-memory killer would."""
        assert self.process is not None
        self._note_family()
        self.process.kill()
        self.process.wait(DEADLINE_SECONDS)

    def wait_end(self, timeout: float = DEADLINE_SECONDS) -> int:
        """Wait until the daemon ends by itself; its exit status."""
        assert self.process is not None
        self._note_family()
        return self.process.wait(timeout)

    # --- questions

    def ctl(self, *args: str, timeout: float = 60.0) -> Outcome:
        """Run `supervisorctl -c conf ARGS` to its end."""
        done = subprocess.run(
            [str(self.bin / "supervisorctl"), "-c", str(self.conf), *args],
            env=self._environment(),
            cwd=self.tmp,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def status(self, name: str) -> str:
        """The line of `supervisorctl status NAME`, without its line end."""
        return self.ctl("status", name).out.rstrip("\n")

    def state(self, name: str) -> str:
        """The state's name, such as RUNNING; what supervisorctl said instead when that is no status line."""
        with contextlib.suppress(UnansweredError):
            return str(self._ask("supervisor.getProcessInfo", name)["statename"])
        words = self.status(name).split()
        return words[1] if len(words) > 1 else " ".join(words)

    def wait_state(self, name: str, *states: str, timeout: float = DEADLINE_SECONDS) -> str:
        """Wait until the process is in one of the states; the status line then. Fails with the daemon's log."""
        line = ""

        def reached() -> bool:
            nonlocal line
            with contextlib.suppress(UnansweredError):
                if self._ask("supervisor.getProcessInfo", name)["statename"] not in states:
                    return False
            line = self.status(name)
            return bool(set(line.split()[1:2]) & set(states))

        try:
            until(reached, timeout, f"{name} {'|'.join(states)}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nlast status: {self.status(name)}\n{self.words()}") from None
        return line

    def pid(self, name: str) -> int:
        """The pid that `supervisorctl pid NAME` prints; 0 when it does not run."""
        with contextlib.suppress(UnansweredError):
            return int(self._ask("supervisor.getProcessInfo", name)["pid"])
        out = self.ctl("pid", name).out.strip()
        return int(out) if out.isdigit() else 0

    def log(self) -> str:
        """The daemon's own log so far."""
        path = self.log_path
        return path.read_text(errors="replace") if path is not None and path.exists() else ""

    def words(self) -> str:
        """Log and captured output, for messages."""
        out = self.tmp / "daemon.out"
        said = out.read_text(errors="replace") if out.exists() else ""
        return f"--- log\n{self.log()[-6000:]}\n--- output\n{said[-3000:]}"

    def descendants(self) -> list[psutil.Process]:
        """Everything of this daemon that runs now, itself left out, orphans included."""
        self._note_family()
        own = None if self.process is None else self.process.pid
        return [p for p in self._known.values() if p.pid != own and alive(p)]

    # --- within

    def _ask(self, method: str, *arguments: object) -> Any:
        """Ask without a supervisorctl. Raises UnansweredError, also where the configuration has no unix socket."""
        found = UNIX_SOCKET.search(self.conf.read_text())
        if found is None:
            raise UnansweredError("its server is elsewhere")
        path = re.sub(r"%\(ENV_(\w+)\)s", lambda name: self._environment().get(name[1], ""), found[1])
        return ask(Path(path.replace("%(here)s", str(self.tmp))), method, *arguments)

    def _environment(self) -> dict[str, str]:
        path = f"{self.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {**os.environ, "PATH": path, **self.env, MARK: self.mark}

    def _note_family(self) -> None:
        """Remember who belongs to this daemon, before a parent's end makes descent invisible."""
        if self.process is not None and self.process.poll() is None:
            self._known.update((p.pid, p) for p in family(self.process.pid))
        for pid in self._marked():
            with contextlib.suppress(psutil.NoSuchProcess):
                self._known[pid] = psutil.Process(pid)

    def _marked(self) -> Iterator[int]:
        """The pids of what runs now and carries the mark."""
        mark, tmp = f"{MARK}={self.mark}".encode(), str(self.tmp).encode()
        for pid in psutil.pids():
            if pid == os.getpid() or (pid in self._known and alive(self._known[pid])):
                continue
            with contextlib.suppress(OSError):
                # Servers that overwrite their title (nginx, PostgreSQL) lose the mark; their command line or
                # directory tells. From /proc, as psutil takes five times as long and this is done often.
                at = Path(f"/proc/{pid}")
                if (
                    tmp in (at / "cmdline").read_bytes()
                    or mark in (at / "environ").read_bytes()
                    or tmp in os.fsencode(os.readlink(at / "cwd"))
                ):
                    yield pid

    def _clean_up(self) -> None:
        """Kill by pid until nothing of this daemon is left; a killed parent can have forked in between."""

        def nothing_left() -> bool:
            self._note_family()
            left = [p for p in self._known.values() if alive(p)]
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
            return not left

        until(nothing_left, what="the end of what the daemon ran")
        if self.process is not None:
            self.process.wait()
        shutil.rmtree(self._short, ignore_errors=True)
