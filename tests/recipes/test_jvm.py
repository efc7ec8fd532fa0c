"""docs/recipes/jvm.md"""

import resource
from datetime import datetime, timedelta

import psutil
import pytest

from recipes.book import Kitchen, comes_back, kill_main, lives_a_full_life, missing, need, run, wait_serving
from support.daemon import Daemon
from support.until import until

pytestmark = pytest.mark.slow

ANSWER = "hello, 100% of you; JAVA_HOME is []\n"


@pytest.fixture
def shop(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> Kitchen:
    """A kitchen with a JDK, in an environment where JAVA_HOME points nowhere."""
    need("default-jdk-headless", "java")
    if "jdk.compiler" not in run("java", "--list-modules").out:
        missing("needs the package default-jdk-headless: this java is a runtime without the compiler")
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4096:
        missing("needs root: minfds=4096 is above the hard limit of open files")
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    return kitchen


def test_the_jvm_lives_a_full_life(shop: Kitchen) -> None:
    with shop.running("jvm") as daemon:
        lives_a_full_life(daemon, "shop", lambda: shop.http() == ANSWER, crash=kill_main)
        assert "closed the shop" in shop.read("shop.log")  # TERM: the shutdown hooks have run


def test_it_is_starting_until_startsecs_have_passed_although_it_serves(shop: Kitchen) -> None:
    with shop.running("jvm") as daemon:
        pid = until(lambda: daemon.pid("shop"), what="the JVM's pid")
        daemon.wait_state("shop", "RUNNING")
        assert daemon.pid("shop") == pid
        # The daemon's own times: how soon a client gets to look is another matter.
        begun = told_at(daemon, "spawned: 'shop'")
        assert told_at(daemon, "stayed up for > than 3 seconds (startsecs)") - begun >= timedelta(seconds=2.9)


def told_at(daemon: Daemon, words: str) -> datetime:
    """When the only line of the daemon's log with these words was written."""
    (line,) = (line for line in daemon.log().splitlines() if words in line)
    return datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f")


def test_a_death_before_startsecs_is_a_failed_start_and_tried_again(shop: Kitchen) -> None:
    with shop.running("jvm") as daemon:
        pid = until(lambda: daemon.pid("shop"), what="the JVM's pid")
        kill_main(pid)
        comes_back(daemon, "shop", pid, lambda: shop.http() == ANSWER)
        assert "exited: shop (terminated by SIGKILL; not expected)" in daemon.log()


def test_exit_143_is_a_clean_end_and_stays_down(shop: Kitchen) -> None:
    with shop.running("jvm") as daemon:
        daemon.wait_state("shop", "RUNNING")
        wait_serving(daemon, lambda: shop.http() == ANSWER)
        psutil.Process(daemon.pid("shop")).terminate()
        daemon.wait_state("shop", "EXITED")
        assert "exited: shop (exit status 143; expected)" in daemon.log()
        assert daemon.ctl("start", "shop").out == "shop: started\n"
        wait_serving(daemon, lambda: shop.http() == ANSWER)


def test_minfds_raises_the_limit_of_the_daemon_and_of_its_children(shop: Kitchen) -> None:
    need("util-linux", "prlimit")
    prefix = ("prlimit", "--nofile=256:8192")
    with shop.running("jvm", command_prefix=prefix) as daemon:
        assert daemon.process is not None
        pid = until(lambda: daemon.pid("shop"), what="the JVM's pid")
        for process in (daemon.process.pid, pid):
            soft, _hard = psutil.Process(process).rlimit(psutil.RLIMIT_NOFILE)
            assert soft >= 4096
