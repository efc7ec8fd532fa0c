"""Rules with a real daemon and programs that take more than they may."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.until import DEADLINE_SECONDS, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

GROWS = """\
import pathlib, subprocess, sys, time

flag = pathlib.Path(sys.argv[1])
if not flag.exists():
    flag.touch()
    # In a child: what counts is the whole tree.
    subprocess.run([sys.executable, "-c", "import time; kept = bytearray(b'x') * (150 << 20); time.sleep(600)"])
time.sleep(600)
"""
BURNS = "while True: pass"


def vigil(daemon: Daemon, *words: str) -> str:
    command = [str(daemon.bin / "vigil"), *words, "-c", str(daemon.conf)]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS).stdout


# 1 %: on a loaded machine even a program that burns what it can gets little.
def test_a_program_that_takes_too_much_is_restarted_and_why_says_so(tmp_path: Path) -> None:
    (tmp_path / "grows.py").write_text(GROWS)
    (tmp_path / "burns.py").write_text(BURNS)
    conf = f"""\
[program:grows]
command={sys.executable} {tmp_path}/grows.py {tmp_path}/grown
memory_max=100MB
stopasgroup=true

[program:burns]
command={sys.executable} {tmp_path}/burns.py
rules = if cpu > 1% for 2 cycles then exec "/bin/sh -c 'echo $VIGIL_TEXT > {tmp_path}/told'", stop
"""
    with Daemon(tmp_path, conf) as daemon:
        daemon.wait_state("grows", "RUNNING")
        until(lambda: "restarting grows: memory_max: " in daemon.log(), what="the restart")
        daemon.wait_state("grows", "RUNNING")
        until(lambda: "MB > 100 MB" in vigil(daemon, "why", "grows"), what="the story")
        story = vigil(daemon, "why", "grows")
        assert "; Vigil ended it: memory_max: " in story
        assert "it took more memory than memory_max allows" in story

        daemon.wait_state("burns", "STOPPED")
        until(lambda: "% > 1%" in (tmp_path / "told").read_text(), what="the command of the rule")
        history = vigil(daemon, "history", "burns")
        assert "rule: cpu " in history
        assert "by a rule" in history
