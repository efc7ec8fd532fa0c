"""daemontools, runit and s6: a directory a service, one small supervisor process each, from Debian's packages.

Where the machine has them, those are measured. Else the packages are downloaded and unpacked under .peers/, not
installed, so that nothing of the machine changes; s6 knows its own path and works only where it is installed.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kit import procfs
from benchmarks.kit.contender import Contender, Daemon, Program, Setup, UnsupportedError
from benchmarks.kit.peers import NotInstalledError
from benchmarks.kit.site import Site, start


@dataclass(frozen=True, slots=True)
class Suite:
    """How one of the three is had and spoken to."""

    name: str
    packages: tuple[str, ...]
    scanner: str
    logger: Callable[[Program], str]
    status: tuple[str, ...]
    down: tuple[str, ...]
    relocatable: bool = True


DAEMONTOOLS = Suite(
    "daemontools",
    ("daemontools",),
    "svscan",
    lambda program: f"multilog s{min(program.rotation.maxbytes, 16_777_215)} n2",
    ("svstat",),
    ("svc", "-dx"),
)
RUNIT = Suite(
    "runit", ("runit",), "runsvdir", lambda program: "svlogd", ("sv", "status"), ("sv", "-w", "0", "exit")
)
S6 = Suite(
    "s6",
    ("s6",),
    "s6-svscan",
    lambda program: f"s6-log n1 s{program.rotation.maxbytes}",
    ("s6-svstat",),
    ("s6-svc", "-dx"),
    relocatable=False,
)
LONG_AGO_SECONDS = 1_000_000_000


class ServiceDirsDaemon(Daemon):
    """A running scanner with its supervisors."""

    def __init__(
        self,
        site: Site,
        process: subprocess.Popen[bytes],
        at_ns: int,
        contender: "ServiceDirs",
        services: list[Path],
    ) -> None:
        super().__init__(site, process, at_ns)
        self._contender = contender
        self._services = services

    def pids(self) -> list[int]:
        return [
            self.process.pid,
            *(p for p in procfs.descendants(self.process.pid) if not self._is_payload(p)),
        ]

    def _is_payload(self, pid: int) -> bool:
        return self.site.payload.mark in procfs.command_line(pid)

    def environment(self) -> dict[str, str] | None:
        return self._contender.environment()

    def status_argv(self) -> list[str]:
        return self._tool(self._contender.suite.status)

    def stop_everything_by_control(self) -> None:
        raise UnsupportedError("the order to stop is how this suite is ended: see the row of SIGTERM")

    def terminate(self) -> None:
        """End the scanner first, then tell every supervisor to stop its program and end."""
        os.kill(self.process.pid, signal.SIGTERM)
        argv = self._tool(self._contender.suite.down)
        subprocess.run(argv, env=os.environ | self._contender.environment(), capture_output=True, timeout=120)

    def _tool(self, words: tuple[str, ...]) -> list[str]:
        found = shutil.which(words[0], path=self._contender.environment()["PATH"])
        if found is None:
            raise UnsupportedError(f"{words[0]} is not in the package")
        return [found, *words[1:], *(map(str, self._services))]


class ServiceDirs(Contender):
    """One of the suites, unpacked."""

    def __init__(self, suite: Suite, peers_directory: Path) -> None:
        self.suite = suite
        self.name = suite.name
        self.title = suite.name
        self._home = peers_directory / f"bench-{suite.name}"
        self.least_life_seconds = 1.1  # each starts a program at most once a second, by design
        if shutil.which(suite.scanner) is None and not (self._home / "unpacked").exists():
            _unpack(suite, self._home)

    def version(self) -> str:
        note = self._home / "unpacked"
        return note.read_text().strip() if note.exists() else "(installed)"

    def environment(self) -> dict[str, str]:
        places = [self._home / place for place in ("usr/bin", "command", "usr/sbin", "bin", "sbin")]
        libraries = [str(path) for path in (self._home / "usr/lib").glob("*-linux-gnu*")]
        path = ":".join([*map(str, places), os.environ.get("PATH", os.defpath)])
        return {"PATH": path, "LD_LIBRARY_PATH": ":".join(libraries)}

    def launch(self, site: Site, setup: Setup) -> ServiceDirsDaemon:
        if setup.listener:
            raise UnsupportedError("no event listeners")
        services = site.root / "services"
        made = [
            _service(services, program, index, self.suite)
            for program in setup.programs
            for index in range(program.copies)
        ]
        os.utime(
            services, (LONG_AGO_SECONDS, LONG_AGO_SECONDS)
        )  # runsvdir waits a second for a fresh directory
        argv = [self._command(self.suite.scanner), str(services)]
        process, before = start(site, argv, self.environment())
        return ServiceDirsDaemon(site, process, before, self, made)

    def _command(self, name: str) -> str:
        found = shutil.which(name, path=self.environment()["PATH"])
        if found is None:
            raise NotInstalledError(f"{name} is not in the package {self.suite.packages[0]}")
        return found


def _service(services: Path, program: Program, index: int, suite: Suite) -> Path:
    directory = services / (program.name if program.copies == 1 else f"{program.name}_{index}")
    _script(directory / "run", f"exec {' '.join(program.argv)}")
    if program.log is not None:
        kept = directory / "log" / "main"
        kept.mkdir(parents=True)
        (kept / "config").write_text(f"s{program.rotation.maxbytes}\nn2\n")
        _script(directory / "log" / "run", f"exec {suite.logger(program)} ./main")
        program.log.symlink_to(kept / "current")
    return directory


def _script(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def _unpack(suite: Suite, home: Path) -> None:
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if not suite.relocatable:
        raise NotInstalledError(f"optional: it is measured where `apt-get install {suite.name}` has been run")
    if apt is None or dpkg is None:
        raise NotInstalledError("optional: it comes from Debian's packages, and this machine has no apt-get")
    home.mkdir(parents=True, exist_ok=True)
    try:
        fetch = [apt, "-q", "-o", "APT::Sandbox::User=root", "download", *suite.packages]
        subprocess.run(fetch, cwd=home, check=True, capture_output=True, timeout=120)
        for package in home.glob("*.deb"):
            subprocess.run([dpkg, "-x", str(package), str(home)], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotInstalledError(f"optional: cannot download its Debian packages: {error}") from error
    main = next(home.glob(f"{suite.packages[0]}_*.deb")).name
    (home / "unpacked").write_text(main.split("_")[1].replace("%3a", ":"))
