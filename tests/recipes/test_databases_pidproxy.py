"""docs/recipes/databases-pidproxy.md"""

import os
import signal
import socket

import psutil
import pytest

from recipes.book import Kitchen, lives_a_full_life, stops_cleanly
from support.daemon import family
from support.until import until

pytestmark = pytest.mark.slow


def server_pid(kitchen: Kitchen, name: str) -> int:
    return int(kitchen.read(f"{name}.pid").strip() or 0)


def answers(kitchen: Kitchen) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", kitchen.port), 5) as connection:
            return connection.recv(10) == b"ok\n"
    except OSError:
        return False


def kill_server(kitchen: Kitchen, name: str) -> int:
    pid = int(until(lambda: server_pid(kitchen, name), what=f"the pidfile of {name}"))
    os.kill(pid, signal.SIGKILL)
    return pid


def crash_mongo(kitchen: Kitchen) -> None:
    kill_server(kitchen, "mongo")


def test_a_server_with_a_pidfile_lives_a_full_life(kitchen: Kitchen) -> None:
    with kitchen.running("databases-pidproxy") as daemon:
        lives_a_full_life(daemon, "mongo", lambda: answers(kitchen), crash=lambda pid: crash_mongo(kitchen))
        log = kitchen.read("mongo.log")
        assert "mongo: got SIGINT, writing everything out\nmongo: clean shutdown\n" in log
        assert log.count("was not shut down cleanly") == 1  # after the crash, and after nothing else
        assert "exited: mongo (exit status 137; not expected)" in daemon.log()


def test_a_shutdown_from_within_leaves_it_down(kitchen: Kitchen) -> None:
    with kitchen.running("databases-pidproxy") as daemon:
        daemon.wait_state("mongo", "RUNNING")
        os.kill(server_pid(kitchen, "mongo"), signal.SIGTERM)
        daemon.wait_state("mongo", "EXITED")
        assert "exited: mongo (exit status 0; expected)" in daemon.log()


def test_signals_pass_the_script_that_guards_the_server(kitchen: Kitchen) -> None:
    with kitchen.running("databases-pidproxy") as daemon:
        daemon.wait_state("mysql", "RUNNING")
        until(lambda: server_pid(kitchen, "mysql"), what="the server behind the script")
        assert len(family(daemon.pid("mysql"))) == 3  # pidproxy, the script, the server
        assert daemon.ctl("signal", "HUP", "mysql").code == 0
        until(lambda: "mysql: reopened its logs" in kitchen.read("mysql.log"), what="HUP to arrive")
        stops_cleanly(daemon, "mysql", lambda: bool(server_pid(kitchen, "mysql")))
        assert "mysql: got SIGTERM, writing everything out\nmysql: clean shutdown\n" in kitchen.read(
            "mysql.log"
        )


def test_the_script_brings_its_server_back_and_supervisord_sees_nothing_of_it(kitchen: Kitchen) -> None:
    with kitchen.running("databases-pidproxy") as daemon:
        daemon.wait_state("mysql", "RUNNING")
        supervised, old = daemon.pid("mysql"), kill_server(kitchen, "mysql")
        until(lambda: server_pid(kitchen, "mysql") not in (0, old), what="another server")
        assert "mysql: was not shut down cleanly, recovering" in kitchen.read("mysql.log")
        assert daemon.pid("mysql") == supervised
        assert psutil.pid_exists(supervised)
