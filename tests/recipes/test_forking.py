"""Real daemons that put themselves in the background, under `forking = true`: stop, crash, restart; nobody survives."""

import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from recipes.book import Kitchen, free_port, need, need_root, run
from support.daemon import Daemon, alive, family, wait_gone
from support.until import until

pytestmark = pytest.mark.slow

TREE = "forking=true\nkillmode=tree\nautorestart=true\nstartsecs=1\nstopwaitsecs=20\n"


@dataclass(frozen=True)
class Server:
    """A section of a configuration, and what to ask to see that it serves."""

    section: str
    port: int

    def serves(self) -> bool:
        """Does somebody listen?"""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


def nginx(place: Path, *, pidfile: bool = True) -> Server:
    program, port = need("nginx", "/usr/sbin/nginx"), free_port()
    (place / "nginx.conf").write_text(
        f"user www-data;\nworker_processes 2;\npid {place}/nginx.pid;\nerror_log {place}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; server {{ listen 127.0.0.1:{port}; }} }}\n"
    )
    said = f"pidfile={place}/nginx.pid\n" if pidfile else ""
    return Server(
        f"[program:server]\ncommand={program} -c {place}/nginx.conf\nstopsignal=QUIT\n{said}{TREE}", port
    )


def nginx_without_pidfile(place: Path) -> Server:
    return nginx(place, pidfile=False)


def php_fpm(place: Path) -> Server:
    program, port = need("php-fpm", "/usr/sbin/php-fpm*"), free_port()
    (place / "fpm.conf").write_text(
        f"[global]\npid={place}/fpm.pid\nerror_log={place}/fpm.log\ndaemonize=yes\n"
        f"[www]\nuser=www-data\nlisten=127.0.0.1:{port}\npm=static\npm.max_children=2\n"
    )
    command = f"command={program} --daemonize -y {place}/fpm.conf"
    return Server(f"[program:server]\n{command}\npidfile={place}/fpm.pid\nstopsignal=QUIT\n{TREE}", port)


def redis(place: Path) -> Server:
    program, port = need("redis-server", "/usr/bin/redis-server"), free_port()
    command = f"command={program} --port {port} --bind 127.0.0.1 --daemonize yes --save '' --dir {place}"
    return Server(f"[program:server]\n{command} --pidfile {place}/redis.pid\n{TREE}", port)


SERVERS = [nginx, nginx_without_pidfile, php_fpm, redis]


def wait_main(daemon: Daemon, server: Server, not_pid: int = 0) -> int:
    """Wait until the real process is supervised and serves; its pid."""
    main = 0

    def runs() -> bool:
        nonlocal main
        words = daemon.status("server").replace(",", "").split()
        main = int(words[3]) if words[1:3] == ["RUNNING", "pid"] else 0
        return main not in (0, not_pid) and server.serves()

    try:
        until(runs, what="the real process to be supervised and to serve")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{daemon.words()}") from None
    return main


def assert_nobody_listens(server: Server) -> None:
    until(lambda: not server.serves(), what="the port to be free")


@pytest.mark.parametrize("make", SERVERS)
def test_a_server_in_the_background_is_supervised(kitchen: Kitchen, make: Callable[[Path], Server]) -> None:
    need_root("servers switch users")
    server = make(kitchen.dir)
    with Daemon(kitchen.dir, server.section) as daemon:
        main = wait_main(daemon, server)
        everyone = family(main)
        assert psutil.Process(main).ppid() == daemon.process.pid  # type: ignore[union-attr]

        # A crash: what the dead one left is ended first, then it is started anew, with its port free.
        os.kill(main, 9)
        again = wait_main(daemon, server, not_pid=main)
        assert "exited: server (terminated by SIGKILL; not expected)" in daemon.log()
        wait_gone(everyone)

        everyone = family(again)
        assert daemon.ctl("restart", "server").code == 0
        third = wait_main(daemon, server, not_pid=again)
        wait_gone(everyone)

        everyone = family(third)
        stopped = daemon.ctl("stop", "server")
        assert (stopped.code, stopped.out) == (0, "server: stopped\n"), daemon.words()
        assert not [process for process in everyone if alive(process)]  # none at all, at once
        assert_nobody_listens(server)
        assert not daemon.descendants()

        # And the end of the daemon ends it too.
        assert daemon.ctl("start", "server").code == 0
        everyone = family(wait_main(daemon, server))
        daemon.ctl("shutdown")
        daemon.wait_end()
        assert not [process for process in everyone if alive(process)]


def mysql_data(kitchen: Kitchen) -> Path:
    installer = need("mariadb-server", "mariadb-install-db", "mysql_install_db")
    data = kitchen.directory("data", "mysql")
    made = run(
        installer, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
        "--skip-test-db", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M",
        user="mysql", cwd=data,
    )  # fmt: skip
    assert made.code == 0, made.out + made.err
    kitchen.dir.chmod(0o777)
    return data


def mysqld_safe(data: Path, place: Path, port: int) -> str:
    program = need("mariadb-server", "/usr/bin/mysqld_safe")
    return (
        f"{program} --no-defaults --user=mysql --datadir={data} --port={port} --bind-address=127.0.0.1"
        f" --socket={place}/m.sock --pid-file={place}/m.pid --log-error={place}/m.err"
        " --innodb-log-file-size=8M --innodb-buffer-pool-size=16M"
    )


def test_mysqld_safe_in_the_foreground_takes_its_server_with_it(kitchen: Kitchen) -> None:
    need_root("user=mysql")
    place, port = kitchen.dir, free_port()
    command = mysqld_safe(mysql_data(kitchen), place, port)
    section = f"[program:server]\ncommand={command}\nkillmode=tree\nstopasgroup=true\nstopwaitsecs=30\n"
    server = Server(section, port)
    with Daemon(place, server.section) as daemon:
        script = wait_main(daemon, server)
        everyone = family(script)
        assert len(everyone) > 1
        os.kill(script, 9)  # the guard dies; its server must not be there twice
        again = wait_main(daemon, server, not_pid=script)
        wait_gone(everyone)
        everyone = family(again)
        assert daemon.ctl("stop", "server").out == "server: stopped\n"
        assert not [process for process in everyone if alive(process)]
        assert "Shutdown complete" in (place / "m.err").read_text()


def test_mysqld_safe_in_the_background_is_followed_to_the_server(kitchen: Kitchen) -> None:
    need_root("user=mysql")
    place, port = kitchen.dir, free_port()
    command = mysqld_safe(mysql_data(kitchen), place, port)
    section = f"[program:server]\ncommand=sh -c '{command} &'\npidfile={place}/m.pid\n{TREE}"
    server = Server(section, port)
    with Daemon(place, server.section) as daemon:
        main = wait_main(daemon, server)
        assert psutil.Process(main).name() in ("mariadbd", "mysqld")
        assert daemon.ctl("stop", "server").out == "server: stopped\n"
        assert not daemon.descendants()
        assert "Shutdown complete" in (place / "m.err").read_text()
