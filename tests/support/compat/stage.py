"""One daemon and one client in a directory of their own, and what was seen of them."""

import json
import os
import pprint
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path

from support.compat import normalise, wire
from support.compat.installation import PROBES, Installation
from support.compat.transcript import Transcript
from support.until import DEADLINE_SECONDS, until

HEAD = """\
[unix_http_server]
file=%(here)s/s.sock
[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s/logs
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%(here)s/s.sock
"""
MARK = "VIGIL_COMPAT_STAGE"
Event = tuple[dict[str, str], str]


class Stage:
    """Starts a daemon, talks to it, and writes down what comes back. Use as a context manager."""

    def __init__(self, daemon: Installation, client: Installation) -> None:
        self.daemon = daemon
        self.client = client
        self.transcript = Transcript(f"{client.name} -> {daemon.name}")
        self.root = Path(tempfile.mkdtemp(prefix="vc", dir="/tmp"))  # short: unix sockets live in it
        (self.root / "logs").mkdir()
        self.address = wire.Address(str(self.root / "s.sock"))
        self.headers: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.tokens: list[tuple[str, str]] = [
            (str(self.root), "<root>"),
            (str(daemon.bin), "<bin>"),
            (str(client.bin), "<bin>"),
            (str(daemon.bin.parent), "<prefix>"),
            (str(client.bin.parent), "<prefix>"),
            (str(PROBES), "<probes>"),
            (sys.executable, "<python>"),
        ]
        self.environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
            "PYTHON": f"{sys.executable} -ISE",
            "PROBES": str(PROBES),
            "STATE_DIRECTORY": str(self.root / ".state"),  # of Vigil: not in the place of a real daemon
            MARK: str(self.root),
        }

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.living():
            _kill(pid)
        shutil.rmtree(self.root, ignore_errors=True)

    # --- the daemon -------------------------------------------------------------------------------

    def path(self, name: str) -> Path:
        """A path in the stage's directory."""
        return self.root / name

    def write(self, name: str, text: str) -> Path:
        """Make a file in the stage's directory."""
        path = self.path(name)
        path.write_text(text)
        return path

    def configure(self, body: str, head: str = HEAD) -> None:
        """Write `supervisord.conf`: the usual sections, then `body`."""
        self.write("supervisord.conf", head + body)

    def argv(self, *flags: str) -> list[str]:
        """The daemon's command line with this stage's configuration."""
        return [self.daemon.command("supervisord"), "-c", str(self.path("supervisord.conf")), *flags]

    def start(self, body: str | None = None, *flags: str, head: str = HEAD, piped: bool = False) -> None:
        """Start the daemon in the foreground and wait until it answers."""
        if body is not None:
            self.configure(body, head)
        self.spawn(self.argv("-n", *flags), piped)
        self.until(self.answers, "the daemon to answer")

    def spawn(self, argv: list[str], piped: bool = False) -> None:
        """Start the daemon; what it says on its own streams goes to `daemon.out` (through a pipe if `piped`)."""
        if piped:
            argv = ["/bin/sh", "-c", '{ "$@"; echo $? > status; } 2>&1 | cat', "sh", *argv]
        with self.path("daemon.out").open("ab") as out:
            self.process = subprocess.Popen(
                argv, cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def run_daemon(self, *flags: str, config: bool = True, cwd: str = ".") -> None:
        """Run the daemon with flags that end it at once, and write down what it said."""
        argv = self.argv(*flags) if config else [self.daemon.command("supervisord"), *flags]
        self._run(f"supervisord {' '.join(flags)}", argv, None, cwd=cwd)

    def run_to_its_end(self, name: str) -> None:
        """Start a process that ends by itself, and wait until it has; how the start is answered is not compared."""
        try:
            self.ask("supervisor.startProcess", name)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != 40:  # ABNORMAL_TERMINATION: it had ended when Supervisor looked
                self.note(f"start of {name}", f"fault {fault.faultCode} {fault.faultString!r}")
                return
        self.until_state(name, "EXITED", "FATAL")

    def answers(self) -> bool:
        """True when the daemon answers a call; fails at once when it has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}: {self.said()}")
        try:
            self.ask("supervisor.getState")
        except (OSError, xmlrpc.client.Fault, xmlrpc.client.ProtocolError):
            return False
        return True

    def said(self) -> str:
        """The last lines the daemon wrote on its own streams."""
        return self.path("daemon.out").read_text(errors="replace")[-2000:]

    def signal_daemon(self, signum: signal.Signals) -> None:
        """Send the daemon a signal."""
        assert self.process is not None
        self.process.send_signal(signum)

    def end(self, signum: signal.Signals | None = signal.SIGTERM) -> None:
        """End the daemon (None: it is ending already); write down how it ended and what it left behind."""
        assert self.process is not None
        process = self.process
        if signum is not None:
            process.send_signal(signum)
        status = until(lambda: _status(process), what="the daemon to end")
        self.note("the daemon ended", f"status {status}")
        self.note("left behind", self.leftovers())

    def leftovers(self) -> str:
        """Which of socket, pidfile and processes are still there."""
        files = [name for name in ("s.sock", "supervisord.pid") if self.path(name).exists()]
        return f"files {files}, processes {len(self.living())}"

    def living(self) -> list[int]:
        """Pids of all processes that were started by this stage and live (they carry its mark)."""
        mark = f"{MARK}={self.root}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    # --- XML-RPC and HTTP -------------------------------------------------------------------------

    def ask(self, method: str, *arguments: object) -> object:
        """A call that is not written down. Raises Fault, ProtocolError, OSError."""
        return wire.call(self.address, method, *arguments, headers=self.headers)

    def rpc(self, method: str, *arguments: object) -> object:
        """A call to `supervisor.…` (or a full name) whose result or fault is written down."""
        full = method if "." in method else f"supervisor.{method}"
        label = f"{method}({', '.join(map(repr, arguments))})"
        try:
            value = self.ask(full, *arguments)
        except xmlrpc.client.Fault as fault:
            self.note(label, f"fault {fault.faultCode} {fault.faultString!r}")
            return fault
        except xmlrpc.client.ProtocolError as error:
            self.note(label, f"HTTP {error.errcode} {error.errmsg}")
            return error
        self.note(label, value)
        if method.startswith(("start", "add", "system.multicall")):
            self.until(self.has_executed, "children to run their programs")
        return value

    def http(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        show: bool = True,
    ) -> wire.Answer:
        """A bare request; status, the headers that clients look at, and the body are written down."""
        answer = wire.request(self.address, method, path, body, {**self.headers, **(headers or {})})
        kept = {name: answer.headers.get(name) for name in ("content-type", "www-authenticate")}
        shown = answer.body.decode("utf-8", "replace") if show else "(not compared)"
        self.note(f"{method} {path}", f"{answer.status} {answer.reason}\n{kept}\n{shown}")
        return answer

    def state(self, name: str) -> str:
        """Name of a process's state, or '' when there is no such process."""
        try:
            info = self.ask("supervisor.getProcessInfo", name)
        except xmlrpc.client.Fault:
            return ""
        assert isinstance(info, dict)
        return str(info["statename"])

    def pid(self, name: str) -> int:
        """Pid of a process."""
        info = self.ask("supervisor.getProcessInfo", name)
        assert isinstance(info, dict)
        return int(info["pid"])

    def until_state(self, name: str, *states: str) -> None:
        """Wait until a process is in one of the states."""
        self.until(lambda: self.state(name) in states, f"{name} to be {' or '.join(states)}")
        self.until(self.has_executed, "children to run their programs")

    def has_executed(self) -> bool:
        """True when no child is still a fork of the daemon: Supervisor loses a signal that comes that early."""
        infos = self.ask("supervisor.getAllProcessInfo")
        assert isinstance(infos, list)
        daemon = _command_line(int(str(self.ask("supervisor.getPID"))))
        return all(_command_line(info["pid"]) != daemon for info in infos if info["pid"])

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for a condition; the message tells of the daemon and its log."""
        try:
            until(condition, what=what)
        except AssertionError as error:
            log = self.path("supervisord.log")
            tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
            raise AssertionError(f"{error}\ndaemon: {self.said()[-500:]}\nlog: {tail}") from None

    # --- the client -------------------------------------------------------------------------------

    def ctl(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run supervisorctl; its output, its errors and its exit status are written down."""
        argv = [self.client.command("supervisorctl"), "-c", str(self.path("supervisord.conf")), *arguments]
        # The answer tells of several processes in the order in which they were done; that is a matter of chance.
        many = any(word == "all" or word.endswith(":*") for word in arguments)
        orders = {"start", "stop", "restart", "update", "remove"}
        return self._run(
            f"supervisorctl {' '.join(arguments)}", argv, stdin, many and orders.intersection(arguments)
        )

    def follow(self, *arguments: str, until_it_says: str, and_do: Callable[[], None] | None = None) -> None:
        """Run supervisorctl until it has said something, do a thing, and end it as Ctrl-C does; write down what it said."""
        argv = [self.client.command("supervisorctl"), "-c", str(self.path("supervisord.conf")), *arguments]
        said = self.path("followed")
        with said.open("wb") as out:
            process = subprocess.Popen(
                argv, cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            if and_do is not None:
                self.until(lambda: said.stat().st_size, "the client to say something")
                and_do()
            self.until(
                lambda: until_it_says in said.read_text(errors="replace"),
                f"the client to say {until_it_says!r}",
            )
            process.send_signal(signal.SIGINT)
            status = until(lambda: _status(process), what="the client to end")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.note(
            f"supervisorctl {' '.join(arguments)}", f"{said.read_text(errors='replace')}\nexit {status}"
        )

    def _run(
        self, label: str, argv: list[str], stdin: str | None, in_any_order: object = False, cwd: str = "."
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            argv,
            input=(stdin or "").encode(),
            capture_output=True,
            cwd=self.root / cwd,
            env=self.environment,
            timeout=60,
        )
        parts = [done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")]
        lines = [
            f"{sign}{line}\n" for sign, part in zip("|!", parts, strict=True) for line in part.splitlines()
        ]
        text = "".join(sorted(lines) if in_any_order else lines)
        if re.search(r"supervisorctl.*\bpid\b", label):
            text = re.sub(r"^\|[1-9]\d*$", "|<pid>", text, flags=re.MULTILINE)
        self.note(label, f"{text}exit {done.returncode}")
        return done

    # --- what is written down ---------------------------------------------------------------------

    def note(self, label: str, value: object) -> None:
        """Write something down, normalised."""
        if not isinstance(value, str):
            value = pprint.pformat(normalise.structure(value, self.tokens), width=110)
        self.transcript.add(normalise.text(label, self.tokens), normalise.text(value, self.tokens))

    def keep_first_line(self) -> None:
        """Of the last order keep only the first line and the exit status: the rest is each one's own prose."""
        label, text = self.transcript.entries.pop()
        lines = text.splitlines()
        self.transcript.add(label, "\n".join((*lines[:1], *lines[-1:])))

    def infos(self, *keys: str) -> None:
        """Write down some fields of all processes."""
        infos = self.ask("supervisor.getAllProcessInfo")
        assert isinstance(infos, list)
        self.note(
            "processes", [{key: info[key] for key in ("group", "name", "statename", *keys)} for info in infos]
        )

    def show_file(self, name: str) -> None:
        """Write down a file's contents."""
        path = self.path(name)
        self.note(
            f"file {name}", path.read_text(errors="backslashreplace") if path.exists() else "(not there)"
        )

    def mode(self, name: str) -> None:
        """Write down a file's kind and mode."""
        status = self.path(name).stat()
        self.note(f"mode of {name}", stat.filemode(status.st_mode))

    def log_lines(self, *words: str) -> list[str]:
        """Lines of the main log that hold one of the words, without the time."""
        lines = self.path("supervisord.log").read_text(errors="replace").splitlines()
        return [line.split(" ", 2)[-1] for line in lines if any(word in line for word in words)]

    def show_log(self, *words: str) -> None:
        """Write down the lines of the main log that hold one of the words."""
        self.note(f"log lines with {', '.join(words)}", "\n".join(self.log_lines(*words)))

    # --- events -----------------------------------------------------------------------------------

    def events(self, record: str = "events", process: str | None = None) -> list[Event]:
        """What the probe listener wrote down; with `process`, only what tells of it."""
        path = self.path(record)
        if not path.exists():
            return []
        events = [
            (dict(header), str(payload)) for header, payload in map(json.loads, path.read_text().splitlines())
        ]
        return [event for event in events if process is None or f"processname:{process} " in event[1]]

    def until_event(self, name: str, part: str = "", record: str = "events", count: int = 1) -> None:
        """Wait until the listener has `count` events of that name whose payload holds `part`."""

        def seen() -> bool:
            events = self.events(record)
            return sum(header["eventname"] == name and part in payload for header, payload in events) >= count

        self.until(seen, f"{count} {name} with {part!r} in {record}")

    def show_events(self, record: str = "events", process: str | None = None, serials: bool = False) -> None:
        """Write down events, one a line; with `serials`, their headers too."""
        lines = []
        for header, payload in self.events(record, process):
            kept = {key: value for key, value in header.items() if serials and key != "len"}
            lines.append(f"{header['eventname']} {kept or ''} {payload!r}")
        about = f" of {process}" if process else ""
        self.note(f"events{about} in {record}", "\n".join(lines))


def _status(process: "subprocess.Popen[bytes]") -> str | None:
    status = process.poll()
    return None if status is None else str(status)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
