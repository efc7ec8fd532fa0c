"""circus: its own INI file, control over ZeroMQ by circusctl."""

import subprocess
from pathlib import Path

from benchmarks.kit.contender import Contender, Daemon, Program, Setup, UnsupportedError, wait_for
from benchmarks.kit.site import Site, clean_environment, free_port, start


class CircusDaemon(Daemon):
    def __init__(
        self, site: Site, process: subprocess.Popen[bytes], at_ns: int, binaries: Path, port: int
    ) -> None:
        super().__init__(site, process, at_ns)
        self._binaries = binaries
        self._port = port

    def control_port(self) -> int:
        return self._port

    def wait_until_up(self, timeout_seconds: float = 30.0) -> None:
        wait_for(self._answers, timeout_seconds, "an answer to circusctl")

    def status_argv(self) -> list[str]:
        endpoint = f"tcp://127.0.0.1:{self._port}"
        return [str(self._binaries / "circusctl"), "--timeout", "30", "--endpoint", endpoint, "status"]

    def _answers(self) -> bool:
        argv = self.status_argv()
        done = subprocess.run(argv, capture_output=True, timeout=60, env=clean_environment(self.site))
        return done.returncode == 0


class Circus(Contender):
    name = "circus"
    title = "circus"

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries

    def version(self) -> str:
        done = subprocess.run(
            [self.binaries / "circusd", "--version"], capture_output=True, text=True, timeout=30
        )
        return done.stdout.strip()

    def launch(self, site: Site, setup: Setup) -> CircusDaemon:
        if setup.listener:
            raise UnsupportedError("its events go to ZeroMQ subscribers, not to listeners on pipes")
        port = free_port()
        path = site.root / "c.ini"
        head = (
            f"[circus]\nendpoint = tcp://127.0.0.1:{port}\npubsub_endpoint = tcp://127.0.0.1:{free_port()}\n"
        )
        path.write_text("\n".join([head, *(_watcher(program) for program in setup.programs)]))
        return self._run(site, port)

    def launch_again(self, daemon: Daemon) -> CircusDaemon:
        return self._run(daemon.site, daemon.control_port())

    def _run(self, site: Site, port: int) -> CircusDaemon:
        argv = [str(self.binaries / "circusd"), "--log-output", f"{site.root}/c.log", f"{site.root}/c.ini"]
        process, before = start(site, argv)
        return CircusDaemon(site, process, before, self.binaries, port)


def _watcher(program: Program) -> str:
    lines = [
        f"[watcher:{program.name}]",
        f"cmd = {' '.join(program.argv)}",
        f"numprocesses = {program.copies}",
    ]
    lines.append("copy_env = true")
    if ("autorestart", "unexpected") in program.options:
        lines.append("respawn = False")
    if program.log is not None:
        lines += [
            "stdout_stream.class = FileStream",
            f"stdout_stream.filename = {program.log}",
            f"stdout_stream.max_bytes = {program.rotation.maxbytes}",
            f"stdout_stream.backup_count = {program.rotation.backups}",
        ]
    return "\n".join([*lines, ""])
