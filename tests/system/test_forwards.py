"""Output of a real daemon's programs arrives at a receiver, whoever dies, and never holds anybody up."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.daemon import Daemon, alive, wait_gone
from support.syslog_server import SyslogServer
from support.until import DEADLINE_SECONDS, until

TICKER = """\
[program:tick]
command=sh -c 'trap "echo tick last words; exit" TERM; n=0; while :; do n=$((n+1)); echo tick $n; sleep 0.01; done'
stdout_logfile={tmp}/tick.log
stderr_logfile=NONE
startsecs=0
"""
SILENT = """\
[program:silent]
command=sh -c 'echo only here >&2; exec sleep 1000'
stdout_logfile=NONE
stderr_logfile=NONE
"""
FLOOD_BYTES = 32 << 20
FLOOD = """
import os, sys
piece = b"x" * 99 + b"\\n"
for _ in range(int(sys.argv[1]) // 100000):
    os.write(1, piece * 1000)
open(sys.argv[2], "w").close()
while input():
    print("tick", 1, flush=True)
"""


def forward(name: str, url: str, *options: str) -> str:
    return "\n".join([f"[forward:{name}]", f"url={url}", "batch_seconds=0.1", *options, "", ""])


def workers_of(daemon: Daemon) -> list[psutil.Process]:
    assert daemon.process is not None
    children = psutil.Process(daemon.process.pid).children()
    return [child for child in children if alive(child) and "vigild.forwards" in child.cmdline()]


def vigil(daemon: Daemon, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [str(daemon.bin / "vigil"), "forward", "-c", str(daemon.conf), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE_SECONDS)


def standing(daemon: Daemon, name: str = "a") -> dict[str, Any]:
    forwards: list[dict[str, Any]] = json.loads(vigil(daemon, "list", "--json").stdout)
    return next(each for each in forwards if each["name"] == name)


def ticks(lines: list[bytes]) -> set[int]:
    return {int(number) for line in lines for number in re.findall(rb"^tick (\d+)$", line.strip())}


def reread(daemon: Daemon, *forwards: str) -> None:
    kept = daemon.conf.read_text().partition("[forward:")[0]
    daemon.conf.write_text(kept + "".join(forwards))
    outcome = daemon.ctl("reread")
    assert outcome.code == 0, outcome


def test_all_of_it_arrives_over_deaths_upgrades_and_rereads(tmp_path: Path) -> None:
    conf = TICKER.format(tmp=tmp_path) + SILENT
    with SyslogServer() as a, SyslogServer() as b, Daemon(tmp_path, conf + forward("a", a.url)) as daemon:

        def goes_on(*servers: SyslogServer) -> None:
            aims = [max(ticks(server.lines), default=0) + 20 for server in servers]
            until(
                lambda: all(
                    max(ticks(server.lines), default=0) > aim
                    for server, aim in zip(servers, aims, strict=True)
                ),
                what="more of it to arrive",
            )

        goes_on(a)
        until(lambda: any(b"only here" in line for line in a.lines))
        daemon.kill()
        daemon.start()
        goes_on(a)
        assert daemon.ctl("upgrade").code == 0
        goes_on(a)
        tick, pid = forward("b", b.url, "programs=tick", "channels=stdout"), daemon.pid("tick")
        reread(daemon, forward("a", a.url), tick)
        goes_on(a, b)
        reread(daemon, tick)
        until(lambda: len(json.loads(vigil(daemon, "list", "--json").stdout)) == 1)
        goes_on(b)
        assert daemon.pid("tick") == pid
        assert daemon.stop() == 0
        assert any(b"tick last words" in line for line in b.lines)
        logged = ticks((tmp_path / "tick.log").read_bytes().splitlines())
        for server in (a, b):
            got = ticks(server.lines)
            assert got <= logged
            assert [] == sorted(set(range(min(got), max(got) + 1)) - got)  # at least once, from its first on
        assert min(ticks(a.lines)) == 1
        assert max(ticks(b.lines)) == max(logged)
        assert max(ticks(a.lines)) < max(logged)


def test_a_forwarder_that_is_killed_is_there_again(tmp_path: Path) -> None:
    with (
        SyslogServer() as server,
        Daemon(tmp_path, TICKER.format(tmp=tmp_path) + forward("a", server.url)) as daemon,
    ):
        until(lambda: len(ticks(server.lines)) > 20)
        (worker,) = workers_of(daemon)
        worker.kill()
        wait_gone([worker])
        seen = max(ticks(server.lines))
        until(lambda: max(ticks(server.lines)) > seen + 200, what="output after the death of the forwarder")
        assert [each.pid for each in workers_of(daemon)] != [worker.pid]
        assert "the forwarder ended (terminated by SIGKILL); it is started again in 1 s" in daemon.log()
        waited = set(range(max(ticks(server.lines)) - 20, max(ticks(server.lines))))
        assert waited <= ticks(server.lines)  # what came while there was none has waited


def test_one_that_takes_nothing_slows_nobody_and_what_is_lost_is_counted(tmp_path: Path) -> None:
    (tmp_path / "flood.py").write_text(FLOOD)
    program = f"""\
[program:flood]
command={sys.executable} {tmp_path}/flood.py {FLOOD_BYTES} {tmp_path}/done
autostart=false
stdout_logfile={tmp_path}/flood.log
stdout_logfile_maxbytes=0
"""
    with SyslogServer() as server, Daemon(tmp_path, program + forward("a", server.url)) as daemon:
        (worker,) = until(lambda: workers_of(daemon))
        until(lambda: standing(daemon)["url"])  # it has come up
        assert daemon.process is not None
        memory = psutil.Process(daemon.process.pid).memory_info
        before = memory().rss
        worker.send_signal(signal.SIGSTOP)
        assert daemon.ctl("start", "flood").code == 0
        until((tmp_path / "done").exists, what="the flood to be over, with nobody to take it")
        until(lambda: (tmp_path / "flood.log").stat().st_size >= FLOOD_BYTES // 100000 * 100000)
        assert memory().rss - before < 16 << 20
        unsent = standing(daemon)["unsent_bytes"]
        assert FLOOD_BYTES // 2 < unsent < FLOOD_BYTES
        worker.send_signal(signal.SIGCONT)
        until(lambda: server.messages, what="what was kept to arrive")
        assert "losing" in vigil(daemon, "list").stdout
        assert standing(daemon)["unsent_bytes"] == unsent


def test_a_receiver_that_is_away_is_waited_for_and_said(tmp_path: Path) -> None:
    url = "syslog+tcp://127.0.0.1:{port}"
    with (
        SyslogServer() as server,
        Daemon(tmp_path, TICKER.format(tmp=tmp_path) + forward("a", server.url)) as daemon,
    ):
        until(lambda: ticks(server.lines))
        tried = vigil(daemon, "test", "a")
        assert (tried.returncode, tried.stderr) == (0, "")
        until(lambda: any(b"Vigil tries out the forward a" in line for line in server.lines))
        shown = url.format(port=server.port)
        server.go_away()
        until(lambda: f"forward a to {shown} fails: " in daemon.log(), what="the log to say so")
        assert vigil(daemon, "test", "a").returncode != 0
        assert standing(daemon)["failing_since"]
        server.come_back()
        until(lambda: f"forward a to {shown} delivers again" in daemon.log())
        newest = max(ticks(server.lines))
        assert set(range(1, newest + 1)) - ticks(server.lines) == set()


@pytest.mark.slow
def test_an_outage_loses_nothing_whatever_becomes_of_the_daemon_meanwhile(tmp_path: Path) -> None:
    conf = TICKER.format(tmp=tmp_path).replace("echo tick", "echo tick $$").replace("$$ last", "last")
    with SyslogServer() as server, Daemon(tmp_path, conf + forward("a", server.url)) as daemon:

        def written() -> set[bytes]:
            return set((tmp_path / "tick.log").read_bytes().splitlines())

        def goes_on() -> None:
            """The forwarder of now has failed, and holds something."""
            until(lambda: standing(daemon)["failing_since"] and standing(daemon)["waiting_lines"])

        until(lambda: server.lines)
        server.go_away()
        goes_on()
        assert daemon.ctl("upgrade").code == 0
        goes_on()
        daemon.kill()
        daemon.start()
        goes_on()
        assert daemon.ctl("reload").code == 0
        goes_on()
        assert daemon.stop() == 0
        kept = r"the forwarder: forward a: \d+ lines \(\d+ bytes\) were not delivered; they are kept for the next"
        assert re.search(kept, daemon.log())
        before = written()
        daemon.start()
        server.come_back()
        until(lambda: before <= set(server.lines), what="all that was written during the outage")
        assert daemon.stop() == 0
        assert written() <= set(server.lines)


@pytest.mark.slow
def test_without_a_forward_there_is_no_forwarder_and_the_last_one_goes(tmp_path: Path) -> None:
    with SyslogServer() as server, Daemon(tmp_path, TICKER.format(tmp=tmp_path)) as daemon:
        daemon.wait_state("tick", "RUNNING")
        assert workers_of(daemon) == []
        assert vigil(daemon, "test", "a").returncode != 0
        reread(daemon, forward("a", server.url))
        until(lambda: ticks(server.lines))
        workers = workers_of(daemon)
        reread(daemon)
        wait_gone(workers)
        assert "defect" not in daemon.log()
