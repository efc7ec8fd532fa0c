"""Supervisor and Vigil: the same configuration file, the same XML-RPC, so the same code measures both."""

import http.client
import socket
import subprocess
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

from benchmarks.kit.contender import Contender, Daemon, Program, Setup, wait_for
from benchmarks.kit.site import Site, free_port, start

EVENTS_A_REQUEST = 250


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout_seconds: float) -> None:
        super().__init__("localhost", timeout=timeout_seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ClassicDaemon(Daemon):
    """A running supervisord of either make."""

    def __init__(
        self, site: Site, process: subprocess.Popen[bytes], exec_at_ns: int, binaries: Path, port: int
    ) -> None:
        super().__init__(site, process, exec_at_ns)
        self._binaries = binaries
        self._port = port

    def control_port(self) -> int:
        return self._port

    def process_info(self) -> list[dict[str, Any]]:
        """What getAllProcessInfo says."""
        connection = self._unix()
        try:
            answer = _post(connection, xmlrpc.client.dumps((), "supervisor.getAllProcessInfo"))
        finally:
            connection.close()
        found: Any = xmlrpc.client.loads(answer)[0][0]
        return list(found)

    def count_exits(self) -> int:
        """How many exits of programs the history holds."""
        connection = self._unix()
        count, after = 0, 0
        while True:
            body = xmlrpc.client.dumps(("", 0, 1000, 0, after, "exit"), "vigil.getHistory")
            found: Any = xmlrpc.client.loads(_post(connection, body))[0][0]
            if not found:
                connection.close()
                return count
            count, after = count + len(found), found[-1]["id"]

    def ask_state(self, by_tcp: bool) -> None:
        """getState over a connection of its own. Raises OSError, EOFError."""
        connection = (
            http.client.HTTPConnection("127.0.0.1", self._port, timeout=60) if by_tcp else self._unix()
        )
        if not _is_answering(connection):
            raise EOFError("an answer that is none")

    def send_event(self, text: str) -> None:
        """One REMOTE_COMMUNICATION."""
        connection = self._unix()
        _post(connection, xmlrpc.client.dumps(("survival", text), "supervisor.sendRemoteCommEvent"))
        connection.close()

    def wait_until_up(self, timeout_seconds: float = 30.0) -> None:
        wait_for(self._unix_answers, timeout_seconds, "an answer on the unix socket")
        wait_for(self._inet_answers, timeout_seconds, "an answer on the TCP socket")

    def ask_all_processes(self) -> int:
        return self._timed("supervisor.getAllProcessInfo")

    def send_events(self, number: int) -> None:
        call = {"methodName": "supervisor.sendRemoteCommEvent", "params": ["bench", "x" * 20]}
        connection = self._unix()
        while number > 0:
            calls = [call] * min(number, EVENTS_A_REQUEST)
            answer = _post(connection, xmlrpc.client.dumps((calls,), "system.multicall"))
            accepted = xmlrpc.client.loads(answer)[0][0]
            if accepted != [True] * len(calls):
                raise RuntimeError(f"sendRemoteCommEvent answered {accepted[:2]}")
            number -= len(calls)
        connection.close()

    def status_argv(self) -> list[str]:
        return [str(self._binaries / "supervisorctl"), "-c", str(self.site.root / "d.conf"), "status"]

    def stop_everything_by_control(self) -> None:
        connection = self._unix()
        _post(connection, xmlrpc.client.dumps((False,), "supervisor.stopAllProcesses"))
        connection.close()

    def _unix(self) -> UnixConnection:
        return UnixConnection(self.site.root / "s", 60.0)

    def _timed(self, method: str) -> int:
        connection = self._unix()
        connection.connect()
        body = xmlrpc.client.dumps((), method)
        before = time.monotonic_ns()
        answer = _post(connection, body)
        taken = time.monotonic_ns() - before
        connection.close()
        if b"<fault>" in answer:
            raise RuntimeError(f"{method} answered a fault: {answer[:300]!r}")
        return taken

    def _unix_answers(self) -> bool:
        return _is_answering(self._unix())

    def _inet_answers(self) -> bool:
        return _is_answering(http.client.HTTPConnection("127.0.0.1", self._port, timeout=10))


class Classic(Contender):
    """A supervisord, given by the directory of its commands."""

    def __init__(self, name: str, title: str, binaries: Path) -> None:
        self.name = name
        self.title = title
        self.binaries = binaries

    def version(self) -> str:
        """Its own version: `supervisord -v` of Vigil says which Supervisor it stands in for."""
        argv = [str(self.binaries / "supervisord"), "-v"]
        if self.name == "vigil":
            argv = [str(self.binaries / "python"), "-c", "import vigild; print(vigild.__version__)"]
        return subprocess.run(argv, capture_output=True, text=True, timeout=30).stdout.strip()

    def launch(self, site: Site, setup: Setup) -> ClassicDaemon:
        port = free_port()
        path = site.root / "d.conf"
        path.write_text(configuration(site, setup, port))
        process, before = start(site, self.argv(path))
        return ClassicDaemon(site, process, before, self.binaries, port)

    def launch_again(self, daemon: Daemon) -> ClassicDaemon:
        assert isinstance(daemon, ClassicDaemon)
        process, before = start(daemon.site, self.argv(daemon.site.root / "d.conf"))
        return ClassicDaemon(daemon.site, process, before, self.binaries, daemon.control_port())

    def upgrade(self, daemon: Daemon) -> Daemon:
        """Vigil has a command for it; Supervisor's packages stop the daemon and start it."""
        if self.name != "vigil":
            return super().upgrade(daemon)
        argv = [str(self.binaries / "supervisorctl"), "-c", str(daemon.site.root / "d.conf"), "upgrade"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        if done.returncode != 0 or "***" in done.stdout:
            raise RuntimeError(f"supervisorctl upgrade: {done.stdout}{done.stderr}".strip())
        return daemon

    def argv(self, configuration_path: Path) -> list[str]:
        return [str(self.binaries / "supervisord"), "-n", "-c", str(configuration_path)]


def configuration(site: Site, setup: Setup, port: int) -> str:
    """The configuration file; logs are AUTO unless the program names one, as users have it."""
    files = 200 + 8 * setup.processes
    parts = [
        f"[unix_http_server]\nfile={site.root}/s\n",
        f"[inet_http_server]\nport=127.0.0.1:{port}\n",
        f"[supervisord]\nlogfile={site.root}/d.log\npidfile={site.root}/d.pid\nchildlogdir={site.root}\n"
        f"silent=true\nminfds={max(1024, files)}\n",
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n",
        f"[supervisorctl]\nserverurl=unix://{site.root}/s\n",
    ]
    parts += [_program(program) for program in setup.programs]
    if setup.listener:
        parts.append(
            f"[eventlistener:l]\ncommand={' '.join(setup.listener)}\nevents=REMOTE_COMMUNICATION\n"
            f"buffer_size={setup.listener_buffer}\nstartsecs=0\n"
        )
    if setup.more:
        parts.append(setup.more)
    return "\n".join(parts)


def _program(program: Program) -> str:
    lines = [
        f"[program:{program.name}]",
        f"command={' '.join(program.argv)}",
        "startsecs=0",
        "autorestart=true",
    ]
    if program.copies > 1:
        lines += [f"numprocs={program.copies}", "process_name=%(program_name)s_%(process_num)d"]
    if program.log is not None:
        lines += [
            f"stdout_logfile={program.log}",
            f"stdout_logfile_maxbytes={program.rotation.maxbytes}",
            f"stdout_logfile_backups={program.rotation.backups}",
        ]
    return "\n".join([*lines, *(f"{key}={value}" for key, value in program.options), ""])


def _is_answering(connection: http.client.HTTPConnection) -> bool:
    try:
        return b"RUNNING" in _post(connection, xmlrpc.client.dumps((), "supervisor.getState"))
    except http.client.HTTPException as error:
        raise EOFError(str(error)) from error
    finally:
        connection.close()


def _post(connection: http.client.HTTPConnection, body: str) -> bytes:
    connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
    return connection.getresponse().read()
