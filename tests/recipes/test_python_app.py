"""docs/recipes/python-app.md"""

import re

import psutil
import pytest

from recipes.book import Kitchen, comes_back, kill_group, kill_main, lives_a_full_life, wait_serving
from support.daemon import family, wait_gone
from support.until import until

pytestmark = pytest.mark.slow
WORKERS = ("app:worker_00", "app:worker_01")


@pytest.fixture
def app(kitchen: Kitchen) -> Kitchen:
    kitchen.directory("queue")
    return kitchen


def test_the_web_program_lives_a_full_life(app: Kitchen) -> None:
    with app.running("python-app") as daemon:
        lives_a_full_life(daemon, "app:web", lambda: app.http().endswith(" done\n"), crash=kill_main)
        assert '"GET / HTTP/1.1" 200' in app.read("web.log")  # stderr, redirected


def test_the_workers_do_what_the_web_program_takes_in_and_survive_crashes(app: Kitchen) -> None:
    with app.running("python-app") as daemon:
        wait_serving(daemon, lambda: app.http() == "0 done\n")
        for _ in range(10):
            assert app.http("/", b"job") == "queued\n"
        until(lambda: app.http() == "10 done\n", what="ten jobs done")
        for name in WORKERS:
            pid = daemon.pid(name)
            kill_group(pid)
            comes_back(daemon, name, pid, lambda: True)
        assert app.http("/", b"job") == "queued\n"
        until(lambda: app.http() == "11 done\n", what="the eleventh job")


def test_stopasgroup_reaches_the_worker_behind_its_shell(app: Kitchen) -> None:
    with app.running("python-app") as daemon:
        until(lambda: "worker 0 of pid" in app.read("worker_0.log"), what="the first worker's word")
        shell, *rest = family(daemon.pid(WORKERS[0]))
        assert rest, "a shell that waits for its child"
        assert f"worker 0 of pid {rest[0].pid}" in app.read("worker_0.log")
        assert psutil.Process(shell.pid).name() == "sh"
        assert daemon.ctl("stop", WORKERS[0]).code == 0
        wait_gone([shell, *rest])
        daemon.wait_state(WORKERS[1], "RUNNING")


def test_the_group_restarts_as_one_and_status_lists_it(app: Kitchen) -> None:
    with app.running("python-app") as daemon:
        for name in ("app:web", *WORKERS):
            daemon.wait_state(name, "RUNNING")
        status = daemon.ctl("status")
        assert status.code == 0
        line = r"%s +RUNNING   pid \d+, uptime 0:\d\d:\d\d\n"
        assert re.fullmatch("".join(line % name for name in ("app:web", *WORKERS)), status.out)
        restarted = daemon.ctl("restart", "app:*")
        down = "app:web: stopped\napp:worker_00: stopped\napp:worker_01: stopped\n"
        up = "app:worker_00: started\napp:worker_01: started\napp:web: started\n"
        assert restarted.code == 0
        assert sorted(restarted.out.splitlines()) == sorted((down + up).splitlines())
        wait_serving(daemon, lambda: app.http() != "")
        stopped = daemon.ctl("stop", "all")
        assert (stopped.code, stopped.err) == (0, "")
        assert sorted(stopped.out.splitlines()) == sorted(down.splitlines())
