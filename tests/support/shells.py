"""The shells themselves, to complete in: what is offered after TAB is asked from each in its own way."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.until import DEADLINE_SECONDS

VIGIL = Path(sys.executable).with_name("vigil")


def shell(name: str) -> str:
    """Its path; the test is skipped where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def environment() -> dict[str, str]:
    """Ours with the commands under test first, and nothing of the user's."""
    path = f"{VIGIL.parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "LANG") if name in os.environ}
    return {**kept, "PATH": path, "HOME": "/nonexistent", "TERM": "dumb"}


def run(words: list[str], **more: str) -> str:
    """What it prints."""
    ended = subprocess.run(
        words, env={**environment(), **more}, capture_output=True, text=True, timeout=DEADLINE_SECONDS
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def typed(words: list[str], setup: str, line: str, awaited: str) -> str:
    """Type into an interactive shell on a terminal of its own until it shows `awaited`; what it showed since `line`."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(words[0], words, environment())
    shown = ""
    try:
        os.write(terminal, f"{setup}; print -r -- rea''dy\r".encode())
        shown = _read(terminal, "ready\r")
        os.write(terminal, line.encode())
        shown = _read(terminal, awaited)
    finally:
        os.close(terminal)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    return shown


def _read(terminal: int, awaited: str) -> str:
    shown, deadline = "", time.monotonic() + DEADLINE_SECONDS
    while awaited not in shown:
        assert time.monotonic() < deadline, f"no {awaited!r} in {shown!r}"
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
            shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    return shown
