"""docs/recipes/mariadb.md"""

import psutil
import pytest

from recipes.book import Kitchen, comes_back, lives_a_full_life, need, need_root, run, wait_serving
from support.daemon import family
from support.until import until

pytestmark = pytest.mark.slow


@pytest.fixture
def mariadb(kitchen: Kitchen) -> Kitchen:
    """A kitchen with an empty database."""
    need("mariadb-server", "/usr/bin/mysqld_safe")
    installer = need("mariadb-server", "mariadb-install-db", "mysql_install_db")
    need("mariadb-client", "mariadb", "mysql")
    need_root("user=mysql")
    kitchen.lend("mysql", "pidproxy")
    data = kitchen.directory("data", "mysql")
    quick = ("--skip-test-db", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M", "--no-defaults")
    made = run(
        installer,
        *quick[-1:],
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        *quick[:-1],
        user="mysql",
        cwd=data,
    )
    assert made.code == 0, made.out + made.err
    # The script and the server write socket, pidfile and log beside the data.
    kitchen.dir.chmod(0o777)
    return kitchen


def query(kitchen: Kitchen, sql: str) -> str:
    where = ("-h", "127.0.0.1", "-P", str(kitchen.port), "-u", "root", "--protocol=tcp")
    return run("mariadb", "--no-defaults", *where, "-N", "-B", "-e", sql).out.strip()


def server_pid(kitchen: Kitchen) -> int:
    return int(kitchen.read("mysqld.pid").strip() or 0)


def test_mariadb_lives_a_full_life_and_keeps_its_data(mariadb: Kitchen) -> None:
    with mariadb.running("mariadb") as daemon:
        wait_serving(daemon, lambda: query(mariadb, "select 6 * 7") == "42")
        query(mariadb, "create database d; create table d.t (v text); insert into d.t values ('kept')")
        lives_a_full_life(
            daemon,
            "mariadb",
            lambda: query(mariadb, "select v from d.t") == "kept",
            crash=kill_script_and_server,
        )
        assert "Shutdown complete" in mariadb.read("mysqld.err")
        until(lambda: not server_pid(mariadb), what="the server's pidfile to go")


def kill_script_and_server(pid: int) -> None:
    """Both guards' charges die; pidproxy is left to notice that its command has ended."""
    proxy, *others = family(pid)
    assert "pidproxy" in " ".join(proxy.cmdline())
    for process in others:
        process.kill()


def test_mysqld_safe_brings_the_server_back_by_itself(mariadb: Kitchen) -> None:
    with mariadb.running("mariadb") as daemon:
        wait_serving(daemon, lambda: query(mariadb, "select 6 * 7") == "42")
        proxy, server = daemon.pid("mariadb"), server_pid(mariadb)
        assert psutil.Process(server).username() == "mysql"
        psutil.Process(server).kill()
        until(lambda: server_pid(mariadb) not in (0, server), what="mysqld_safe to start another server")
        wait_serving(daemon, lambda: query(mariadb, "select 6 * 7") == "42")
        assert daemon.pid("mariadb") == proxy
        assert comes_back(daemon, "mariadb", 0, lambda: True) == proxy
