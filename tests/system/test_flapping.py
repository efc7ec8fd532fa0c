"""Flapping with a real daemon: what a listener, the log and `status` tell of a program that dies again and again."""

import sys
from pathlib import Path

from support.daemon import Daemon
from support.until import until

LISTENER = """\
import sys

while True:
    sys.stdout.write("READY\\n")
    sys.stdout.flush()
    header = dict(field.split(":") for field in sys.stdin.readline().split())
    payload = sys.stdin.read(int(header["len"]))
    with open(sys.argv[1], "a") as file:
        file.write(f"{header['eventname']} {payload}\\n")
    sys.stdout.write("RESULT 2\\nOK")
"""
CONF = """\
[program:web]
command=/bin/sh -c "test -e {tmp}/mended && exec sleep 1000; exit 1"
startsecs=0
flapping=3/5s

[program:job]
command=/bin/sh -c "exit 1"
startsecs=0
autostart=false
flapping=3/30s
on_flapping=fatal

[eventlistener:ears]
command={python} {tmp}/ears.py {tmp}/heard
events=PROCESS_FLAPPING,PROCESS_FLAPPING_CLEARED
"""


def test_a_flapping_program_still_flaps_for_the_daemon_that_comes_after_a_crash(tmp_path: Path) -> None:
    conf = "[program:web]\ncommand=/bin/sh -c 'exit 1'\nstartsecs=0\nflapping=3/1h\nrestart_limit=2\n"
    with Daemon(tmp_path, conf) as daemon:
        until(lambda: "restarting in 2s (flapping)" in daemon.status("web"), what="the second delay")
        daemon.kill()
        daemon.start()
        until(lambda: "(flapping)" in daemon.status("web"), what="status to tell of it")
        spawned = daemon.log().count("spawned: 'web'")
        until(lambda: daemon.log().count("spawned: 'web'") > spawned, what="the next restart")
        assert daemon.log().count("flapping: web had 3 restarts") == 1, "told of once"


def test_a_program_that_dies_again_and_again_is_told_of_slowed_down_and_forgiven(tmp_path: Path) -> None:
    (tmp_path / "ears.py").write_text(LISTENER)
    heard = tmp_path / "heard"
    heard.touch()
    with Daemon(tmp_path, CONF.format(tmp=tmp_path, python=sys.executable)) as daemon:
        began = "PROCESS_FLAPPING processname:web groupname:web from_state:EXITED restarts:3 window_seconds:5 action:backoff"
        until(lambda: heard.read_text().splitlines() == [began], what="the event")
        until(lambda: "(flapping)" in daemon.ctl("status", "web").out, what="status to tell of it")
        (tmp_path / "mended").touch()
        over = "PROCESS_FLAPPING_CLEARED processname:web groupname:web from_state:RUNNING reason:quiet"
        until(lambda: heard.read_text().splitlines() == [began, over], what="the end of it")
        assert "(flapping)" not in daemon.ctl("status", "web").out
        log = daemon.log()
        assert "flapping: web had 3 restarts within 5 seconds; restarts wait from now on, 1s at first" in log
        assert "flapping is over: web has stayed up" in log

        daemon.ctl("start", "job")
        daemon.wait_state("job", "FATAL")
        status = daemon.ctl("status", "job").out
        assert "Flapping: restarted 3 times in 30 seconds (process log may have details)" in status
