"""docs/recipes/fastcgi.md"""

import pwd
import socket
import stat
from pathlib import Path

import psutil
import pytest

from recipes.book import Kitchen, comes_back, kill_main, lives_a_full_life, need, need_root, wait_serving
from support.daemon import family, wait_gone
from support.until import until

pytestmark = pytest.mark.slow
BOTH = ("responder:responder_00", "responder:responder_01")


@pytest.fixture
def responder(kitchen: Kitchen) -> Kitchen:
    need("nginx", "nginx")
    need_root("user=www-data")
    kitchen.lend("www-data")
    return kitchen


def accepts(path: Path) -> bool:
    """True when somebody listens on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_a_responder_lives_a_full_life(responder: Kitchen) -> None:
    with responder.running("fastcgi") as daemon:
        daemon.wait_state(BOTH[0], "RUNNING")
        assert daemon.ctl("stop", BOTH[0]).code == 0
        # Alone, it must be the one that answers.
        lives_a_full_life(
            daemon, BOTH[1], lambda: responder.http().startswith("responder_01 "), crash=kill_main
        )


def test_both_take_from_one_socket_that_belongs_to_the_web_server(responder: Kitchen) -> None:
    with responder.running("fastcgi") as daemon:
        for name in BOTH:
            daemon.wait_state(name, "RUNNING")
        pids = {f"responder_0{n} {daemon.pid(name)}\n" for n, name in enumerate(BOTH)}
        seen: set[str] = set()

        def both_have_answered() -> bool:
            seen.add(responder.http())
            return pids <= seen

        until(both_have_answered, what="answers of both")
        status = (responder.dir / "responder.sock").stat()
        account = pwd.getpwnam("www-data")
        assert stat.S_ISSOCK(status.st_mode)
        assert stat.S_IMODE(status.st_mode) == 0o600
        assert (status.st_uid, status.st_gid) == (account.pw_uid, 0)  # an owner alone leaves the group
        assert psutil.Process(daemon.pid(BOTH[0])).username() == "www-data"


def test_the_socket_outlives_a_crash_as_long_as_another_responder_lives(responder: Kitchen) -> None:
    path = responder.dir / "responder.sock"
    with responder.running("fastcgi") as daemon:
        wait_serving(daemon, lambda: responder.http() != "")
        before = path.stat().st_ino
        for name in BOTH:
            pid = daemon.pid(name)
            dying = family(pid)
            kill_main(pid)
            wait_gone(dying)  # until then it can still accept, and take the connection with it
            # Not refused: what the other one does not take waits in the socket's queue.
            assert responder.http().startswith("responder_0")
            comes_back(daemon, name, pid, lambda: True)
        assert path.stat().st_ino == before


def test_all_responders_come_back_from_a_crash_of_all(responder: Kitchen) -> None:
    with responder.running("fastcgi") as daemon:
        wait_serving(daemon, lambda: responder.http() != "")
        old = {name: daemon.pid(name) for name in BOTH}
        for pid in old.values():
            kill_main(pid)
        for name, pid in old.items():
            comes_back(daemon, name, pid, lambda: True)
        wait_serving(daemon, lambda: responder.http() != "")


def test_the_socket_closes_when_the_last_responder_has_stopped(responder: Kitchen) -> None:
    with responder.running("fastcgi") as daemon:
        wait_serving(daemon, lambda: responder.http() != "")
        for name in BOTH:
            daemon.wait_state(name, "RUNNING")
        everything = [process for name in BOTH for process in family(daemon.pid(name))]
        assert daemon.ctl("stop", BOTH[0]).code == 0
        assert responder.http().startswith("responder_01 ")
        assert daemon.ctl("stop", "responder:*").code == 0
        wait_gone(everything)
        assert not accepts(responder.dir / "responder.sock")
        assert responder.http() == ""  # 502
        assert daemon.ctl("start", "responder:*").code == 0
        wait_serving(daemon, lambda: responder.http() != "")
