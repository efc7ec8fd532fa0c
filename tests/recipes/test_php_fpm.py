"""docs/recipes/php-fpm.md"""

import re

import pytest

from recipes.book import (
    Kitchen,
    comes_back,
    kill_group,
    lives_a_full_life,
    need,
    need_root,
    stops_cleanly,
    wait_serving,
)
from support.daemon import family, wait_gone

pytestmark = pytest.mark.slow

ANSWER = "six times seven is 42, says php-fpm\n"


@pytest.fixture
def site(kitchen: Kitchen) -> Kitchen:
    need("nginx", "nginx")
    need_root("a pool and a socket of www-data")
    kitchen.command("php-fpm", need("php-fpm", "/usr/sbin/php-fpm*"))
    return kitchen


def test_php_fpm_lives_a_full_life_behind_nginx(site: Kitchen) -> None:
    with site.running("php-fpm") as daemon:
        lives_a_full_life(daemon, "site:php-fpm", lambda: site.http("/?a=b") == ANSWER)
        assert daemon.state("site:nginx") == "RUNNING"
        assert "PHP message: asked" in site.read("php-fpm.log")
        assert "Finishing ..." in site.read("php-fpm.log")  # QUIT: gracefully


def test_the_group_stops_as_one_and_starts_in_the_order_of_priority(site: Kitchen) -> None:
    def serves() -> bool:
        return site.http() == ANSWER

    with site.running("php-fpm") as daemon:
        wait_serving(daemon, serves)
        php, nginx = daemon.pid("site:php-fpm"), daemon.pid("site:nginx")
        everything = [*family(php), *family(nginx)]
        stopped = daemon.ctl("stop", "site:*")
        assert (stopped.code, stopped.err) == (0, "")
        assert sorted(stopped.out.splitlines()) == ["site:nginx: stopped", "site:php-fpm: stopped"]
        wait_gone(everything)
        started = daemon.ctl("start", "site:*")
        assert (started.code, started.err) == (0, "")
        assert sorted(started.out.splitlines()) == ["site:nginx: started", "site:php-fpm: started"]
        wait_serving(daemon, serves)
        assert re.findall(r"spawned: '([\w-]+)'", daemon.log()) == ["php-fpm", "nginx"] * 2


def test_a_crash_of_nginx_leaves_php_alone(site: Kitchen) -> None:
    def serves() -> bool:
        return site.http() == ANSWER

    with site.running("php-fpm") as daemon:
        wait_serving(daemon, serves)
        php, nginx = daemon.pid("site:php-fpm"), daemon.pid("site:nginx")
        kill_group(nginx)
        comes_back(daemon, "site:nginx", nginx, serves)
        assert daemon.pid("site:php-fpm") == php
        stops_cleanly(daemon, "site:nginx", serves)
