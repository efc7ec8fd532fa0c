"""What programs leave behind, seen by the users of a real daemon."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from support.daemon import Daemon, alive
from support.until import until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")

# A program with a helper that goes its own way: another session, and the pid written down.
PROGRAM = """\
import os, signal, subprocess, sys, time
helper = subprocess.Popen(["sleep", "1000"], start_new_session=True)
with open(sys.argv[1], "a") as file:
    print(helper.pid, file=file)
signal.pause()
"""

# A program that puts itself in the background, as they all do: fork twice, lead a session.
BACKGROUND = """\
import os, signal, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
with open(sys.argv[1], "w") as file:
    print(os.getpid(), file=file)
print("in the background", flush=True)
signal.pause()
"""


def helpers(place: Path) -> list[psutil.Process]:
    """Those that have been started so far and live."""
    path = place / "helpers"
    pids = path.read_text().split() if path.exists() else []
    found = []
    for pid in pids:
        try:
            process = psutil.Process(int(pid))
        except psutil.NoSuchProcess:
            continue
        if alive(process):
            found.append(process)
    return found


def program(place: Path, text: str, more: str) -> str:
    (place / "program.py").write_text(text)
    return f"[program:w]\ncommand={sys.executable} {place}/program.py {place}/helpers\n{more}"


def test_what_a_stopped_program_left_behind_is_shown_until_it_is_gone(tmp_path: Path) -> None:
    with Daemon(tmp_path, program(tmp_path, PROGRAM, "")) as daemon:
        daemon.wait_state("w", "RUNNING")
        until(lambda: helpers(tmp_path), what="the helper")
        (helper,) = helpers(tmp_path)
        assert daemon.ctl("stop", "w").out == "w: stopped\n"
        shown = f"; left behind: 1 process ({helper.pid} sleep)"
        until(lambda: daemon.status("w").endswith(shown), what="the leftover in status")
        assert helper.ppid() == daemon.process.pid  # type: ignore[union-attr]
        assert f"w left behind: {helper.pid} sleep; killmode=tree would end that with it" in daemon.log()
        helper.kill()
        until(lambda: "left behind" not in daemon.status("w"), what="the leftover to go from status")


def test_under_killmode_tree_nobody_survives_a_stop_or_a_crash(tmp_path: Path) -> None:
    more = "killmode=tree\nautorestart=true\n"
    with Daemon(tmp_path, program(tmp_path, PROGRAM, more)) as daemon:
        daemon.wait_state("w", "RUNNING")
        until(lambda: helpers(tmp_path), what="the helper")
        (helper,) = helpers(tmp_path)
        os.kill(daemon.pid("w"), signal.SIGKILL)
        until(lambda: [h for h in helpers(tmp_path) if h.pid != helper.pid], what="the next run")
        assert not alive(helper)
        (helper,) = helpers(tmp_path)
        daemon.wait_state("w", "RUNNING")
        assert daemon.ctl("stop", "w").out == "w: stopped\n"
        assert not alive(helper)
        assert daemon.state("w") == "STOPPED"


def test_a_program_that_goes_to_the_background_is_followed(tmp_path: Path) -> None:
    more = f"forking=true\nstdout_logfile={tmp_path}/w.log\n"
    with Daemon(tmp_path, program(tmp_path, BACKGROUND, more)) as daemon:
        daemon.wait_state("w", "RUNNING")
        main = daemon.pid("w")
        assert (tmp_path / "helpers").read_text() == f"{main}\n"
        assert (tmp_path / "w.log").read_text() == "in the background\n"
        os.kill(main, signal.SIGUSR1)  # ends it; we are told so, being its parent
        until(
            lambda: "exited: w (terminated by SIGUSR1; not expected)" in daemon.log(), what="its real status"
        )
        until(lambda: daemon.pid("w") not in (0, main), what="a restart")
        daemon.wait_state("w", "RUNNING")
        assert daemon.ctl("signal", "TERM", "w").code == 0
        daemon.wait_state("w", "RUNNING", "STARTING", "BACKOFF", "EXITED")
        daemon.ctl("stop", "w")
        assert not daemon.descendants()


def test_the_group_of_a_process_in_the_background_is_the_one_that_it_is_in(tmp_path: Path) -> None:
    more = "forking=true\nkillmode=group\nstopwaitsecs=60\n"
    with Daemon(tmp_path, program(tmp_path, BACKGROUND, more)) as daemon:
        daemon.wait_state("w", "RUNNING")
        main = daemon.pid("w")
        assert os.getpgid(main) != main  # it forked twice
        assert daemon.ctl("stop", "w").out == "w: stopped\n"
        assert "stopped: w (terminated by SIGTERM)" in daemon.log()


def test_the_process_in_the_background_survives_the_daemon_and_is_supervised_by_the_next(
    tmp_path: Path,
) -> None:
    with Daemon(tmp_path, program(tmp_path, BACKGROUND, "forking=true\nautorestart=true\n")) as daemon:
        daemon.wait_state("w", "RUNNING")
        main = daemon.pid("w")
        daemon.kill()
        daemon.start()
        daemon.wait_state("w", "RUNNING")
        assert daemon.pid("w") == main
        os.kill(main, signal.SIGKILL)
        until(lambda: daemon.pid("w") not in (0, main), what="a restart")
        daemon.wait_state("w", "RUNNING")
        assert daemon.ctl("stop", "w").out == "w: stopped\n"
        assert not daemon.descendants()


def test_a_program_that_goes_to_the_background_unasked_is_recognised(tmp_path: Path) -> None:
    more = "startretries=0\n"
    with Daemon(tmp_path, program(tmp_path, BACKGROUND, more)) as daemon:
        daemon.wait_state("w", "FATAL")
        hint = "it puts itself in the background; run it in the foreground, or say forking=true"
        until(lambda: daemon.status("w").endswith(hint), what="the hint in status")
        assert f"running: {hint}" in daemon.log()


def test_a_launcher_that_leaves_nobody_is_a_failed_start_in_words(tmp_path: Path) -> None:
    with Daemon(tmp_path, "[program:w]\ncommand=true\nforking=true\nstartretries=0\n") as daemon:
        line = daemon.wait_state("w", "FATAL")
        assert line.endswith(
            "the launcher exited and left no process behind; if it does its work and ends, drop forking=true"
        )
