"""Fail with the program; and the same as process 1 of a pid namespace, as in a container."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from support.daemon import Daemon
from support.until import DEADLINE_SECONDS, until

OTHER = "[program:other]\ncommand=sleep 1000\n"


@pytest.mark.parametrize(
    ("script", "more", "code"),
    [
        ("sleep 0.1; exit 3", "autorestart=false\nstartsecs=0\n", 3),
        ("kill -TERM $$", "autorestart=false\nstartsecs=0\n", 143),
        ("exit 0", "autorestart=false\nstartsecs=0\n", 0),
        ("exit 4", "startretries=0\nstartsecs=5\n", 4),
    ],
)
def test_the_daemon_ends_in_order_and_with_the_programs_status(
    tmp_path: Path, script: str, more: str, code: int
) -> None:
    section = f"[program:e]\ncommand=sh -c '{script}'\nessential=true\n{more}"
    daemon = Daemon(tmp_path, section + OTHER)
    try:
        daemon.start(wait=False)
        assert daemon.wait_end() == code, daemon.words()
        assert "e is essential and has ended" in daemon.log()
        assert "stopped: other" in daemon.log()
        assert not daemon.descendants()
    finally:
        daemon.stop()


def test_a_stop_by_hand_does_not_end_the_daemon(tmp_path: Path) -> None:
    with Daemon(tmp_path, "[program:e]\ncommand=sleep 1000\nessential=true\n") as daemon:
        daemon.wait_state("e", "RUNNING")
        daemon.ctl("stop", "e")
        assert daemon.state("e") == "STOPPED"
        assert daemon.ctl("pid").code == 0


def can_unshare() -> bool:
    """May we make a pid namespace?"""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    tried = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"], capture_output=True)
    return tried.returncode == 0


needs_namespaces = pytest.mark.skipif(not can_unshare(), reason="needs root and pid namespaces")
UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")

APP = """\
import os, signal, sys, time
def told(signum, frame):
    print("told", signal.Signals(signum).name, flush=True)
signal.signal(signal.SIGUSR1, told)
signal.signal(signal.SIGWINCH, told)
for number in range(20):  # strangers: children that nobody waits for, whose parent is gone
    if not os.fork():
        if not os.fork():
            time.sleep(0.05)
            os._exit(number)
        os._exit(0)
    os.wait()
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
os._exit(7)
"""


@needs_namespaces
def test_as_process_1_it_reaps_forwards_and_fails_with_the_program(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    end = tmp_path / "end"
    section = (
        f"[program:app]\ncommand={sys.executable} {tmp_path}/app.py {end}\nessential=true\n"
        f"autorestart=false\nstdout_logfile={tmp_path}/app.log\n"
    )
    with Daemon(tmp_path, section + OTHER, command_prefix=UNSHARE) as daemon:
        daemon.wait_state("app", "RUNNING")
        assert daemon.ctl("pid").out == "1\n"
        log = tmp_path / "app.log"
        until(lambda: "ready" in log.read_text(), what="the program")
        assert daemon.process is not None
        (init,) = psutil.Process(daemon.process.pid).children()

        def zombies() -> list[psutil.Process]:
            return [child for child in init.children() if child.status() == psutil.STATUS_ZOMBIE]

        until(lambda: len(init.children()) == 2 and not zombies(), what="the strangers to be reaped")
        assert "WARN" not in daemon.log()  # quietly
        for name in ("SIGUSR1", "SIGWINCH"):
            os.kill(init.pid, getattr(signal, name))
            until(lambda name=name: f"told {name}" in log.read_text(), what=f"{name} to be handed on")
        end.touch()
        assert daemon.wait_end() == 7
        assert "stopped: other" in daemon.log()


@needs_namespaces
def test_as_process_1_a_term_ends_all_in_order(tmp_path: Path) -> None:
    with Daemon(tmp_path, OTHER, command_prefix=UNSHARE) as daemon:
        daemon.wait_state("other", "RUNNING")
        assert daemon.process is not None
        (init,) = psutil.Process(daemon.process.pid).children()
        os.kill(init.pid, signal.SIGTERM)
        assert daemon.wait_end() == 0
        assert "received SIGTERM indicating exit request" in daemon.log()
        assert "stopped: other" in daemon.log()


@needs_namespaces
def test_as_process_1_it_stays_in_the_foreground(tmp_path: Path) -> None:
    conf = (
        f"[supervisord]\nlogfile={tmp_path}/supervisord.log\npidfile={tmp_path}/pid\n"
        "[program:e]\ncommand=sh -c 'exit 5'\nessential=true\nstartsecs=0\nautorestart=false\n"
    )
    (tmp_path / "c.conf").write_text(conf)
    command = [*UNSHARE, str(Path(sys.executable).parent / "supervisord"), "-c", str(tmp_path / "c.conf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert done.returncode == 5
    assert "staying in the foreground" in (tmp_path / "supervisord.log").read_text()
