"""docs/recipes/nginx.md"""

import psutil
import pytest

from recipes.book import (
    Kitchen,
    comes_back,
    kill_main,
    lives_a_full_life,
    need,
    wait_serving,
)
from support.daemon import alive, family
from support.until import until

pytestmark = pytest.mark.slow


def test_nginx_lives_a_full_life(kitchen: Kitchen) -> None:
    need("nginx", "/usr/sbin/nginx")
    with kitchen.running("nginx") as daemon:
        lives_a_full_life(daemon, "nginx", lambda: kitchen.http() == "served by nginx\n")
        assert "shutting down" in kitchen.read("nginx-error.log")  # QUIT: gracefully
        assert '"GET / HTTP/1.1" 200' in kitchen.read("nginx-access.log")


def test_the_quoted_directives_are_one_argument(kitchen: Kitchen) -> None:
    need("nginx", "/usr/sbin/nginx")
    with kitchen.running("nginx") as daemon:
        daemon.wait_state("nginx", "RUNNING")
        # The title that nginx gives itself is its command line, blanks between the arguments.
        title = " ".join(psutil.Process(daemon.pid("nginx")).cmdline()).rstrip()
        assert title.endswith("/nginx.conf -g daemon off; error_log /dev/stderr info;")


def test_orphaned_workers_hold_the_port_until_they_are_ended(kitchen: Kitchen) -> None:
    need("nginx", "/usr/sbin/nginx")

    def serves() -> bool:
        return kitchen.http() == "served by nginx\n"

    with kitchen.running("nginx") as daemon:
        wait_serving(daemon, serves)
        master = daemon.pid("nginx")
        _, *workers = family(master)
        kill_main(master)
        until(
            lambda: "Address already in use" in kitchen.read("nginx-error.log"),
            what="a master that cannot bind",
        )
        assert all(alive(worker) for worker in workers)
        assert serves()
        for worker in workers:
            worker.kill()
        assert comes_back(daemon, "nginx", master, serves) != master
