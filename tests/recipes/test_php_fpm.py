"""docs/recipes/php-fpm.md"""

import re

import pytest

from recipes.book import Kitchen, comes_back, kill_group, lives_a_full_life, need, stops_cleanly, wait_serving
from support.daemon import Daemon, Outcome, family, wait_gone

pytestmark = pytest.mark.slow

ANSWER = "six times seven is 42, says php-fpm\n"


@pytest.fixture
def site(kitchen: Kitchen) -> Kitchen:
    need("nginx", "nginx")
    kitchen.command("php-fpm", need("php-fpm", "/usr/sbin/php-fpm*"))
    return kitchen


def test_php_fpm_lives_a_full_life_behind_nginx(site: Kitchen) -> None:
    with site.running("php-fpm") as daemon:
        lives_a_full_life(daemon, "site:php-fpm", lambda: site.http("/?a=b") == ANSWER)
        assert daemon.state("site:nginx") == "RUNNING"
        assert "PHP message: asked" in site.read("php-fpm.log")
        assert "Finishing ..." in site.read("php-fpm.log")  # QUIT: gracefully


def test_the_group_starts_and_stops_in_order(site: Kitchen) -> None:
    def serves() -> bool:
        return site.http() == ANSWER

    with site.running("php-fpm") as daemon:
        wait_serving(daemon, serves)
        php, nginx = daemon.pid("site:php-fpm"), daemon.pid("site:nginx")
        everything = [*family(php), *family(nginx)]
        stopped = daemon.ctl("stop", "site:*")
        assert stopped == Outcome(0, "site:nginx: stopped\nsite:php-fpm: stopped\n", "")
        wait_gone(everything)
        assert daemon.ctl("start", "site:*") == Outcome(0, "site:php-fpm: started\nsite:nginx: started\n", "")
        wait_serving(daemon, serves)
        assert order_of(daemon, "spawned") == ["php-fpm", "nginx"] * 2
        assert order_of(daemon, "stopped") == ["nginx", "php-fpm"]


def order_of(daemon: Daemon, verb: str) -> list[str]:
    return re.findall(rf"{verb}: '?([\w-]+)", daemon.log())


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
