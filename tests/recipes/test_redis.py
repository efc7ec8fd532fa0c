"""docs/recipes/redis.md"""

import os
import pwd

import psutil
import pytest

from recipes.book import Kitchen, comes_back, kill_main, lives_a_full_life, need, need_root, run, wait_serving

pytestmark = pytest.mark.slow


def test_redis_lives_a_full_life_and_keeps_its_data(kitchen: Kitchen) -> None:
    need("redis-server", "/usr/bin/redis-server")
    need_root("user=redis")
    kitchen.directory("data", "redis")

    def ask(*words: str) -> str:
        return run("redis-cli", "-p", str(kitchen.port), *words).out.strip()

    with kitchen.running("redis") as daemon:
        wait_serving(daemon, lambda: ask("PING") == "PONG")
        assert ask("SET", "key", "value") == "OK"
        lives_a_full_life(daemon, "redis", lambda: ask("GET", "key") == "value", crash=kill_main)
        assert "Redis is now ready to exit" in kitchen.read("redis.log")


def test_the_server_runs_as_its_user_and_the_log_stays_the_daemons(kitchen: Kitchen) -> None:
    need("redis-server", "/usr/bin/redis-server")
    need_root("user=redis")
    kitchen.directory("data", "redis")
    account = pwd.getpwnam("redis")
    with kitchen.running("redis") as daemon:
        daemon.wait_state("redis", "RUNNING")
        server = psutil.Process(daemon.pid("redis"))
        assert set(server.uids()) == {account.pw_uid}
        assert set(server.gids()) == {account.pw_gid}
        assert groups_of(server.pid) == set(os.getgrouplist("redis", account.pw_gid))
        assert server.cwd() == str(kitchen.dir / "data")
        log = kitchen.dir / "redis.log"
        assert (log.stat().st_uid, log.stat().st_gid) == (0, 0)
        assert (kitchen.dir / "data" / "appendonlydir").stat().st_uid == account.pw_uid
        kill_main(server.pid)
        again = comes_back(daemon, "redis", server.pid, lambda: True)
        assert set(psutil.Process(again).uids()) == {account.pw_uid}


def groups_of(pid: int) -> set[int]:
    """The supplementary groups, which psutil does not tell."""
    with open(f"/proc/{pid}/status") as status:
        (line,) = (line for line in status if line.startswith("Groups:"))
    return {int(group) for group in line.split()[1:]}
