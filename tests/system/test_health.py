"""Readiness and health with a real daemon and real programs, over a crash of the daemon and an upgrade of it."""

import sys
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.until import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

# A service as it is written for systemd: it is told what to do by lines in a file, and notifies what they say.
SERVICE = """\
import os, socket, sys, time

def notify(text):
    address = os.environ["NOTIFY_SOCKET"]
    if address.startswith("@"):
        address = "\\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
        speaker.sendto(text.replace(";", "\\n").encode(), address)

print(os.environ.get("WATCHDOG_USEC"), flush=True)
said = 0
while True:
    try:
        lines = open(sys.argv[1]).read().splitlines()
    except FileNotFoundError:
        lines = []
    for line in lines[said:]:
        try:
            notify(line)
        except OSError:
            break
        said += 1
    time.sleep(0.01)
"""
SERVER = """\
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if os.path.exists(sys.argv[1] + "/sick") else 200)
        self.end_headers()

    def log_message(self, *words):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
open(sys.argv[1] + "/port", "w").write(str(server.server_port))
server.serve_forever()
"""
LISTENER = """\
import sys

while True:
    sys.stdout.write("READY\\n")
    sys.stdout.flush()
    header = dict(field.split(":") for field in sys.stdin.readline().split())
    payload = sys.stdin.read(int(header["len"])).replace("\\n", " ")
    with open(sys.argv[1], "a") as file:
        file.write(f"{header['eventname']} {payload}\\n")
    sys.stdout.write("RESULT 2\\nOK")
"""
NOTIFYING = """\
[program:service]
command={python} {tmp}/service.py {tmp}/say
readiness=notify
readiness_timeout=60
{more}
"""


def says(tmp_path: Path, line: str) -> None:
    with (tmp_path / "say").open("a") as file:
        file.write(f"{line}\n")


def notifying(tmp_path: Path, more: str = "") -> Daemon:
    (tmp_path / "service.py").write_text(SERVICE)
    return Daemon(tmp_path, NOTIFYING.format(python=sys.executable, tmp=tmp_path, more=more))


def shows(daemon: Daemon, words: str, name: str = "service") -> None:
    until(lambda: words in daemon.ctl("status", name).out, what=f"{words!r} in the status of {name}")


def test_a_program_written_for_systemd_is_ready_when_it_says_so_whichever_daemon_hears_it(
    tmp_path: Path,
) -> None:
    with notifying(tmp_path) as daemon:
        says(tmp_path, "STATUS=loading 1 of 3")
        shows(daemon, 'STARTING  waiting for notify; "loading 1 of 3"')
        pid = daemon.ctl("pid", "service").out
        daemon.kill()
        daemon.start()
        shows(daemon, 'STARTING  waiting for notify; "loading 1 of 3"')
        says(tmp_path, "STATUS=loading 2 of 3")
        shows(daemon, "2 of 3")
        assert daemon.ctl("pid", "service").out == pid
        says(tmp_path, "READY=1;STATUS=serving")
        shows(daemon, '; ready; "serving"')
        assert "RUNNING" in daemon.ctl("status", "service").out
        daemon.kill()
        daemon.start()
        shows(daemon, '; ready; "serving"')
        assert daemon.ctl("pid", "service").out == pid


def test_a_watchdog_goes_on_under_the_next_daemon_and_restarts_who_is_silent(tmp_path: Path) -> None:
    with notifying(tmp_path, "watchdog_secs=2") as daemon:
        says(tmp_path, "READY=1;WATCHDOG=1")
        shows(daemon, "; ready")
        pid = daemon.ctl("pid", "service").out
        daemon.kill()
        daemon.start()
        until(lambda: daemon.ctl("pid", "service").out not in (pid, "0\n"), what="another process")
        assert daemon.log_path is not None
        log = daemon.log_path.read_text()
        assert "restarting service: watchdog: no WATCHDOG=1 within 2 seconds" in log
        assert "exited: service (terminated by SIGABRT" in log
        assert (tmp_path / "say").exists()


def test_start_waits_until_it_is_ready_and_says_why_it_is_not(tmp_path: Path) -> None:
    conf = """\
    [program:late]
    command=sleep 1000
    autostart=false
    readiness=exec:/bin/sh -c "echo not yet; test -e {tmp}/flag"
    readiness_timeout=5
    startretries=0

    [program:talks]
    command=/bin/sh -c "echo loading; echo server up in 5 ms; exec sleep 1000"
    autostart=false
    readiness=log:up in \\d+ ms
    """.replace("    ", "")
    with Daemon(tmp_path, conf.format(tmp=tmp_path)) as daemon:
        assert daemon.ctl("start", "late").code
        shows(daemon, 'FATAL     not ready within 5 seconds (exec:/bin/sh -c "echo not yet;', "late")
        shows(daemon, "exit status 1: not yet)", "late")
        (tmp_path / "flag").touch()
        assert daemon.ctl("start", "late").out == "late: started\n"
        shows(daemon, "; ready", "late")
        assert daemon.ctl("start", "talks").out == "talks: started\n"


def test_an_unhealthy_program_is_told_of_and_restarted_and_an_upgrade_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "ears.py").write_text(LISTENER)
    conf = f"""\
[program:web]
command={sys.executable} {tmp_path}/server.py {tmp_path}
healthcheck=exec:/bin/sh -c 'exec {sys.executable} {tmp_path}/ask.py'
healthcheck_interval=0.2
healthcheck_timeout=60
healthcheck_retries=2
healthcheck_start_period=30
on_unhealthy=restart, exec:/bin/sh -c 'echo $VIGIL_HEALTH $VIGIL_ANSWER >> {tmp_path}/told'
startsecs=0

[eventlistener:ears]
command={sys.executable} {tmp_path}/ears.py {tmp_path}/heard
events=PROCESS_HEALTH_HEALTHY,PROCESS_HEALTH_UNHEALTHY
"""
    (tmp_path / "ask.py").write_text(
        "import urllib.request\n"
        f"port = open({str(tmp_path / 'port')!r}).read()\n"
        "print(urllib.request.urlopen('http://127.0.0.1:' + port).status)\n"
    )
    with Daemon(tmp_path, conf) as daemon:
        shows(daemon, "; healthy, ", "web")
        pid = daemon.ctl("pid", "web").out
        upgraded = daemon.ctl("upgrade")
        assert upgraded.code == 0, upgraded
        shows(daemon, "; healthy, ", "web")
        assert daemon.ctl("pid", "web").out == pid
        (tmp_path / "sick").touch()
        until((tmp_path / "told").exists, what="the command of on_unhealthy")
        until(lambda: "unhealthy exit status 1: " in (tmp_path / "told").read_text())
        until(lambda: daemon.ctl("pid", "web").out not in (pid, "0\n"), what="another process")
        (tmp_path / "sick").unlink()
        shows(daemon, "; healthy, ", "web")
        until(lambda: (tmp_path / "heard").read_text().count("\n") > 1, what="what the listener heard")
        heard = (tmp_path / "heard").read_text().splitlines()
        assert "PROCESS_HEALTH_HEALTHY processname:web groupname:web" in heard[0]
        assert f"pid:{pid.strip()} from_health:healthy failures:2 exit status 1: " in heard[1]
        assert heard[1].startswith("PROCESS_HEALTH_UNHEALTHY")


def test_what_was_sent_while_the_daemon_executed_itself_anew_is_heard(tmp_path: Path) -> None:
    with notifying(tmp_path) as daemon:
        says(tmp_path, "STATUS=loading")
        shows(daemon, "loading")
        upgraded = daemon.ctl("upgrade")
        assert upgraded.code == 0, upgraded
        says(tmp_path, "READY=1")
        shows(daemon, "; ready")
