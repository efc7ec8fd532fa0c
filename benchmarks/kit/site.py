"""A place for one measurement: a short temporary directory, its FIFOs, and the end of everything started in it."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.kit import procfs
from benchmarks.kit.notes import Notes
from benchmarks.kit.payload import Payload

PR_SET_CHILD_SUBREAPER = 36
MEMORY = "/dev/shm"
MEMORY_BYTES = 1 << 30
DIRECTORY_VARIABLE = "BENCH_DIRECTORY"


def directory() -> str:
    """Where sites are made: in memory if there is room, so that no disk, and nobody else's use of it, is measured.

    ext4, for one, looks longer and longer for a free inode after thousands of files were removed.
    """
    chosen = os.environ.get(DIRECTORY_VARIABLE)
    if chosen:
        return chosen
    with contextlib.suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
            return MEMORY
    return tempfile.gettempdir()


@dataclass(slots=True)
class Site:
    """Where one daemon runs. Everything in it is ended and removed when the measurement is over."""

    root: Path
    payload: Payload
    _notes: list[Notes] = field(default_factory=list)

    def make_notes(self, name: str, keep_open: bool = False) -> Notes:
        notes = Notes(self.root / name, keep_open)
        self._notes.append(notes)
        return notes

    def close(self) -> None:
        for notes in self._notes:
            notes.close()
        shutil.rmtree(self.root, ignore_errors=True)


@contextlib.contextmanager
def make_site(payload: Payload) -> Iterator[Site]:
    adopt_orphans()
    site = Site(Path(tempfile.mkdtemp(prefix="vb-", dir=directory())), payload)
    try:
        yield site
    finally:
        end_descendants()
        site.close()


def adopt_orphans() -> None:
    """Become the parent of what a daemon leaves behind, so that it can be found and ended by pid."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants(timeout_seconds: float = 10.0) -> None:
    """SIGKILL every process below this one (oldest first, so that no supervisor restarts one) and reap it."""
    deadline = time.monotonic() + timeout_seconds
    while below := procfs.descendants(os.getpid()):
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        reap()
        if time.monotonic() > deadline:
            raise RuntimeError(f"cannot end the processes {below}: they outlive SIGKILL")
        time.sleep(0.005)


def reap() -> None:
    """Let go of those that have ended, as the first process of a machine does."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(site: Site) -> dict[str, str]:
    """The same small environment for every contender."""
    kept = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    root = str(site.root)
    places = {"HOME": root, "XDG_RUNTIME_DIR": root, "TMPDIR": root, "STATE_DIRECTORY": f"{root}/state"}
    return kept | places


def start(
    site: Site, argv: list[str], environment: dict[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a daemon in the site; return it with the monotonic nanoseconds just before its exec."""
    with open(site.root / "daemon.out", "ab") as output:
        before = time.monotonic_ns()
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=site.root,
            env=clean_environment(site) | (environment or {}),
            start_new_session=True,
        )
    return process, before
