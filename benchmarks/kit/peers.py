"""Installs the peers, each into a virtual environment of its own under .peers/: tools of the bench, never dependencies."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    requirement: str
    command: str


SUPERVISOR = Peer("supervisor", "supervisor==4.3.0", "supervisord")
CIRCUS = Peer("circus", "circus==0.19", "circusd")


class NotInstalledError(Exception):
    """A peer cannot be had on this machine; the table says why."""


def install(peer: Peer, peers_directory: Path) -> Path:
    """Return the directory of the peer's commands, installing it if it is not there yet."""
    home = peers_directory / f"bench-{peer.requirement}"
    if not (home / "bin" / peer.command).exists():
        _run([sys.executable, "-m", "venv", str(home)], peer)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, peer.requirement], peer)
    return home / "bin"


def _run(argv: list[str], peer: Peer) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalledError(f"cannot install {peer.requirement}: {error}") from error
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
        raise NotInstalledError(f"cannot install {peer.requirement}: {reason[0]}")
