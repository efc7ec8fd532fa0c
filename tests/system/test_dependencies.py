"""Dependencies with a real daemon and real programs: order, words, restarts, kill -9, upgrade, the end."""

import os
import re
from pathlib import Path
from xmlrpc.client import ServerProxy

from support.daemon import Daemon
from support.until import until

STACK = """\
[program:web]
command=/bin/sh -c "echo web >> {tmp}/order; exec sleep 1000"
startsecs=0
depends_on=db,migrate:completed
priority=1

[program:migrate]
command=/bin/sh -c "until test -e {tmp}/go; do sleep 0.02; done; echo migrate >> {tmp}/order; exit $(cat {tmp}/go)"
startsecs=0
autorestart=false
depends_on=db
priority=2

[program:db]
command=/bin/sh -c "trap 'echo db ends >> {tmp}/order; exit' TERM; echo db >> {tmp}/order; while :; do sleep 0.05; done"
startsecs=0
stopasgroup=false
"""


def order(tmp_path: Path) -> list[str]:
    path = tmp_path / "order"
    return path.read_text().splitlines() if path.exists() else []


def go(tmp_path: Path, status: int) -> None:
    (tmp_path / "go.new").write_text(f"{status}\n")
    (tmp_path / "go.new").rename(tmp_path / "go")


def test_a_stack_comes_up_in_order_says_what_it_waits_for_and_goes_down_in_reverse(tmp_path: Path) -> None:
    conf = STACK.replace(
        "echo web >> {tmp}/order; exec sleep 1000",
        "trap 'echo web ends >> {tmp}/order; exit' TERM; echo web >> {tmp}/order; while :; do sleep 0.05; done",
    )
    with Daemon(tmp_path, conf.format(tmp=tmp_path)) as daemon:
        daemon.wait_state("migrate", "RUNNING")
        assert daemon.status("web").split(maxsplit=2)[1:] == ["STARTING", "waiting for migrate (completed)"]
        assert daemon.pid("web") == 0
        go(tmp_path, 0)
        daemon.wait_state("web", "RUNNING")
        until(lambda: order(tmp_path) == ["db", "migrate", "web"], what="the order of the start")
        assert daemon.ctl("stop", "all").code == 0
        assert order(tmp_path)[3:] == ["web ends", "db ends"]
        assert daemon.ctl("start", "web").out == "web: ERROR (abnormal termination)\n", (
            "db was stopped by hand"
        )
        assert "waiting for db (running; STOPPED)" in daemon.status("web")
        daemon.ctl("start", "db")
        daemon.wait_state("web", "RUNNING")
        until(lambda: order(tmp_path)[-1] == "web", what="web")
        assert daemon.stop() == 0
    assert order(tmp_path)[-2:] == ["web ends", "db ends"], "the daemon ends in the same order"


def test_one_that_waits_waits_on_over_kill_9_and_an_upgrade(tmp_path: Path) -> None:
    with Daemon(tmp_path, STACK.format(tmp=tmp_path)) as daemon:
        daemon.wait_state("migrate", "RUNNING")
        pids = daemon.pid("db"), daemon.pid("migrate")
        daemon.kill()
        daemon.start()
        assert "waiting for migrate (completed)" in daemon.status("web")
        assert daemon.ctl("upgrade").code == 0
        assert "waiting for migrate (completed)" in daemon.status("web")
        assert (daemon.pid("db"), daemon.pid("migrate"), daemon.pid("web")) == (*pids, 0)
        go(tmp_path, 0)
        daemon.wait_state("web", "RUNNING")
        until(lambda: order(tmp_path) == ["db", "migrate", "web"], what="each of them once")


def test_a_job_that_failed_keeps_others_waiting_until_it_is_mended(tmp_path: Path) -> None:
    with Daemon(tmp_path, STACK.format(tmp=tmp_path)) as daemon:
        go(tmp_path, 3)
        until(lambda: "exited with status 3" in daemon.status("web"), what="the reason")
        assert len(re.findall("'web' goes on waiting for", daemon.log())) == 1
        with ServerProxy("http://x", transport=_transport(daemon)) as server:
            facts = server.vigil.getProcessInfo("web")
        assert facts["waiting_for"] == [  # type: ignore[index, call-overload]
            {"name": "migrate", "condition": "completed", "trouble": "exited with status 3"}
        ]
        go(tmp_path, 0)
        daemon.ctl("start", "migrate")
        daemon.wait_state("web", "RUNNING")


def _transport(daemon: Daemon):  # type: ignore[no-untyped-def]
    from supervisor.xmlrpc import SupervisorTransport

    return SupervisorTransport("", "", f"unix://{daemon.socket}")


def test_one_that_asks_for_it_is_restarted_with_its_dependency_also_over_kill_9(tmp_path: Path) -> None:
    conf = """\
[program:db]
command=sleep 1000
startsecs=0

[program:web]
command=sleep 1000
startsecs=0
depends_on=db
restart_with_dependency=true

[program:calm]
command=sleep 1000
startsecs=0
depends_on=db
"""
    with Daemon(tmp_path, conf) as daemon:
        for name in ("web", "calm"):
            daemon.wait_state(name, "RUNNING")
        web, calm = daemon.pid("web"), daemon.pid("calm")
        assert daemon.ctl("restart", "db").code == 0
        until(lambda: daemon.pid("web") not in (0, web), what="web anew")
        daemon.wait_state("web", "RUNNING")
        web = daemon.pid("web")
        daemon.kill()
        os.kill(daemon_child(daemon, "db"), 9)
        daemon.start()
        until(lambda: daemon.pid("web") not in (0, web), what="web anew after a crash of both")
        assert daemon.pid("calm") == calm


def daemon_child(daemon: Daemon, name: str) -> int:
    found = re.findall(rf"spawned: '{name}' with pid (\d+)", daemon.log())
    return int(found[-1])


def test_update_changes_a_dependency_and_warns_of_a_removed_one(tmp_path: Path) -> None:
    conf = "[program:db]\ncommand=sleep 1000\nstartsecs=0\n\n[program:web]\ncommand=sleep 1000\nstartsecs=0\n"
    with Daemon(tmp_path, conf) as daemon:
        daemon.wait_state("web", "RUNNING")
        text = daemon.conf.read_text()
        daemon.conf.write_text(text + "depends_on=dbb\n")
        assert "did you mean db?" in daemon.ctl("reread").out
        daemon.conf.write_text(text + "depends_on=db\n")
        assert daemon.ctl("update").out == "web: stopped\nweb: updated process group\n"
        daemon.wait_state("web", "RUNNING")
        assert daemon.ctl("stop", "db").code == 0
        assert daemon.state("web") == "RUNNING", "a stop concerns nobody else"
        assert daemon.ctl("remove", "db").code == 0
        assert "db is removed, but web depends on it" in daemon.log()
