"""docs/recipes/postgresql.md"""

import grp
import os
import pwd
import shutil
from pathlib import Path

import pytest

from recipes.book import Kitchen, kill_main, lives_a_full_life, need, need_root, run, wait_serving
from support.daemon import Daemon

pytestmark = pytest.mark.slow


@pytest.fixture
def postgres(kitchen: Kitchen) -> Kitchen:
    """A kitchen with an empty database."""
    server = need("postgresql", "/usr/lib/postgresql/*/bin/postgres", "postgres")
    need("postgresql-client", "psql")
    need_root("user=postgres")
    data = kitchen.directory("data", "postgres")
    data.chmod(0o700)
    initdb = str(Path(server).resolve().parent / "initdb")
    made = run(
        initdb, "-D", str(data), "-A", "trust", "-E", "UTF8", "--locale=C", "-N", user="postgres", cwd=data
    )
    assert made.code == 0, made.err
    kitchen.command("postgres", server)
    return kitchen


def query(kitchen: Kitchen, sql: str) -> str:
    where = ("-h", "127.0.0.1", "-p", str(kitchen.port), "-U", "postgres")
    return run("psql", *where, "-X", "-A", "-t", "-q", "-c", sql, "postgres").out.strip()


def test_postgresql_lives_a_full_life_and_keeps_its_data(postgres: Kitchen) -> None:
    with postgres.running("postgresql") as daemon:
        wait_serving(daemon, lambda: query(postgres, "select 6 * 7") == "42")
        query(postgres, "create table t (v text); insert into t values ('kept')")
        lives_a_full_life(
            daemon, "postgresql", lambda: query(postgres, "select v from t") == "kept", crash=kill_main
        )
        log = postgres.read("postgresql.log")
        assert "received fast shutdown request" in log  # INT
        assert "database system is shut down" in log
        assert has_its_groups(daemon)


def has_its_groups(daemon: Daemon) -> bool:
    """The account's supplementary groups arrive (on Debian: ssl-cert)."""
    daemon.ctl("start", "postgresql")
    account = pwd.getpwnam("postgres")
    with open(f"/proc/{daemon.pid('postgresql')}/status") as status:
        (line,) = (line for line in status if line.startswith("Groups:"))
    return {int(group) for group in line.split()[1:]} == set(os.getgrouplist("postgres", account.pw_gid))


def test_postgresql_refuses_root_and_is_given_up(postgres: Kitchen) -> None:
    shutil.chown(postgres.dir / "data", 0, grp.getgrgid(0).gr_name)
    with postgres.running("postgresql") as daemon:
        daemon.ctl("stop", "postgresql")
        drop_in = postgres.dir / "conf.d" / "postgresql.conf"
        drop_in.write_text(
            drop_in.read_text().replace("user=postgres\n", "").replace("retries=10", "retries=0")
        )
        daemon.ctl("update")
        line = daemon.wait_state("postgresql", "FATAL")
        assert line.endswith("Exited too quickly (process log may have details)")
        assert '"root" execution of the PostgreSQL server is not permitted' in postgres.read("postgresql.log")
