"""The whole daemon, real programs, real signals: what no lower layer can show."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.daemon import MARK, Daemon, bin_dir
from support.ports import free_port
from support.until import DEADLINE_SECONDS, until
from vigild.client.supervisor import Supervisor

LOOP = "command=/bin/sh -c 'echo up; exec sleep 1000'\nstartsecs=0\n"


def say(daemon: Daemon, name: str, text: str) -> None:
    """Write to a program's stdin."""
    with Supervisor.at(f"unix://{daemon.socket}") as client:
        client.send_stdin(name, text)


def test_a_killed_program_comes_back_and_its_output_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with Daemon(tmp_path, f"[program:web]\n{LOOP}stdout_logfile={log}\n") as daemon:
        first = daemon.pid("web")
        os.kill(first, signal.SIGKILL)
        until(lambda: daemon.pid("web") not in (0, first))
        until(lambda: log.exists() and log.read_text() == "up\nup\n")


def test_a_restart_reads_the_configuration_anew_in_the_same_process(tmp_path: Path) -> None:
    with Daemon(tmp_path, f"[program:old]\n{LOOP}") as daemon:
        before = daemon.ctl("pid").out
        daemon.conf.write_text(daemon.conf.read_text().replace("program:old", "program:new"))
        daemon.process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]
        until(lambda: "new" in daemon.ctl("status").out)
        daemon.wait_state("new", "RUNNING")
        assert "old" not in daemon.ctl("status").out
        assert daemon.ctl("pid").out == before


def test_a_restart_into_a_broken_configuration_is_refused_and_nothing_stops(tmp_path: Path) -> None:
    with Daemon(tmp_path, f"[program:web]\n{LOOP}") as daemon:
        pid = daemon.pid("web")
        daemon.conf.write_text(daemon.conf.read_text() + "\n[program:bad]\nautostart=maybe\n")
        assert "CANT_REREAD" in daemon.ctl("reload").out + daemon.ctl("reload").err
        daemon.process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]
        until(lambda: "going on as before" in daemon.log())
        assert daemon.pid("web") == pid


def test_reopening_logs_follows_an_external_rotation(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    conf = f"[program:web]\ncommand=/bin/cat\nstdout_logfile={log}\nstartsecs=0\n"
    with Daemon(tmp_path, conf) as daemon:
        say(daemon, "web", "one\n")
        until(lambda: log.read_text() == "one\n")
        log.rename(tmp_path / "web.log.1")
        (tmp_path / "supervisord.log").rename(tmp_path / "old.log")
        daemon.process.send_signal(signal.SIGUSR2)  # type: ignore[union-attr]
        until(lambda: log.exists() and (tmp_path / "supervisord.log").exists())
        say(daemon, "web", "two\n")
        until(lambda: log.read_text() == "two\n")
        assert (tmp_path / "web.log.1").read_text() == "one\n"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_it_ends_cleanly_and_leaves_nothing(tmp_path: Path, signum: signal.Signals) -> None:
    with Daemon(tmp_path, f"[program:web]\n{LOOP}") as daemon:
        pid = daemon.pid("web")
        assert (tmp_path / "supervisord.pid").exists()
        daemon.process.send_signal(signum)  # type: ignore[union-attr]
        assert daemon.wait_end() == 0
        assert not (tmp_path / "supervisord.pid").exists()
        assert not daemon.socket.exists()
        assert not Path(f"/proc/{pid}").exists()


def test_a_second_daemon_on_the_same_socket_starts_nothing(tmp_path: Path) -> None:
    with Daemon(tmp_path, f"[program:web]\n{LOOP}") as daemon:
        second = tmp_path / "second"
        second.mkdir()
        other = Daemon(second, "", log_path=second / "log")
        other.conf.write_text(daemon.conf.read_text().replace("/supervisord.", "/second."))
        other.start(wait=False)
        assert other.wait_end() == 2
        assert "already listening" in other.words()
        other.stop()
        assert "web" in daemon.ctl("status").out


@pytest.mark.parametrize(
    ("options", "longest_wait"), [("samples=false", "for ever"), ("", "until the next sample")]
)
def test_an_idle_daemon_does_not_wake_up(
    tmp_path: Path, short_tmp: Path, options: str, longest_wait: str
) -> None:
    programs = "".join(f"[program:p{n}]\ncommand=/bin/sleep 1000\nstartsecs=0\n" for n in range(5))
    frame = (
        f"[supervisord]\nlogfile={tmp_path}/supervisord.log\npidfile={tmp_path}/pid\nchildlogdir={tmp_path}\n{options}\n"
        f"[unix_http_server]\nfile={short_tmp}/s\n[supervisorctl]\nserverurl=unix://{short_tmp}/s\n"
    )
    with Daemon(tmp_path, frame + programs) as daemon:
        daemon.wait_state("p4", "RUNNING")
        syscall = Path(f"/proc/{daemon.process.pid}/syscall")  # type: ignore[union-attr]

        # Idle means: it waits for events, and for ever, or for the one sample a minute. The kernel shows the call it
        # is in with its arguments; the fourth of epoll_wait is the timeout, and -1 is for ever.
        def is_idle() -> bool:
            words = syscall.read_text().split()
            timeout = int(words[4], 16) & 0xFFFFFFFF if len(words) > 4 else 0
            return timeout == 0xFFFFFFFF if options else 30_000 < timeout <= 60_000

        until(is_idle, what=f"the daemon to wait {longest_wait}")


def test_a_thousand_log_lines_a_millisecond_do_not_delay_control(tmp_path: Path) -> None:
    conf = "".join(
        f"[program:flood{n}]\ncommand=/bin/sh -c 'exec yes {n}'\nstdout_logfile={tmp_path}/flood{n}\n"
        "stdout_logfile_maxbytes=1MB\nstdout_logfile_backups=1\nstartsecs=0\n"
        for n in range(3)
    )
    with Daemon(tmp_path, conf + f"[program:web]\n{LOOP}") as daemon:
        until((tmp_path / "flood0.1").exists)
        for _ in range(5):
            first = daemon.pid("web")
            os.kill(first, signal.SIGKILL)
            until(lambda first=first: daemon.pid("web") not in (0, first))  # type: ignore[misc]
        assert daemon.ctl("stop", "all").code == 0


@pytest.mark.needs_root
@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to give it up")
def test_a_daemon_that_gives_up_root_serves_and_logs(tmp_path: Path, short_tmp: Path) -> None:
    os.chown(short_tmp, 65534, 65534)
    conf = (
        f"[supervisord]\nuser=65534\nlogfile={short_tmp}/log\npidfile={short_tmp}/pid\nchildlogdir={short_tmp}\n"
        f"[unix_http_server]\nfile={short_tmp}/s\nchmod=0700\n"
        f"[supervisorctl]\nserverurl=unix://{short_tmp}/s\n[program:who]\n"
        f"command=/bin/sh -c 'id -u; exec sleep 1000'\nstdout_logfile={short_tmp}/who\nstartsecs=0\n"
    )
    with Daemon(tmp_path, conf, log_path=short_tmp / "log") as daemon:
        daemon.wait_state("who", "RUNNING")
        until(lambda: (short_tmp / "who").read_text() == "65534\n")
        assert (short_tmp / "s").stat().st_uid == 65534
        assert "Set uid to user 65534 succeeded" in daemon.log()


def test_a_program_defined_twice_is_told_of_with_both_places(tmp_path: Path) -> None:
    twice = "[program:web]\ncommand=/bin/cat\n[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
    with Daemon(tmp_path, twice) as daemon:
        daemon.wait_state("web", "RUNNING")
        told = next(line for line in daemon.log().splitlines() if "begun again" in line)
        assert told.count(str(daemon.conf)) == 2


def test_only_an_open_port_is_called_critical(tmp_path: Path, short_tmp: Path) -> None:
    port = free_port()
    conf = (
        f"[supervisord]\nuser={os.getuid()}\nlogfile={tmp_path}/log\npidfile={tmp_path}/pid\nchildlogdir={tmp_path}\n"
        f"[unix_http_server]\nfile={short_tmp}/s\n[inet_http_server]\nport=127.0.0.1:{port}\n"
        f"[supervisorctl]\nserverurl=unix://{short_tmp}/s\n"
    )
    with Daemon(tmp_path, conf, log_path=tmp_path / "log") as daemon:
        critical = [line.split(" ", 3)[3] for line in daemon.log().splitlines() if " CRIT " in line]
        assert critical == ["Server 'inet_http_server' running without any HTTP authentication checking"]


def test_it_can_be_started_with_closed_standard_descriptors(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, f"[program:web]\n{LOOP}")
    shell = ["sh", "-c", f"exec {bin_dir()}/supervisord -c {daemon.conf} <&- >&- 2>&-"]
    subprocess.run(
        shell, env={**os.environ, MARK: daemon.mark}, cwd=tmp_path, check=True, timeout=DEADLINE_SECONDS
    )
    until(lambda: daemon.ctl("status").out.split()[1:2] == ["RUNNING"])
    until(lambda: "entered RUNNING state" in daemon.log())
    pid = int(daemon.ctl("pid").out)
    assert daemon.ctl("shutdown").code == 0
    until(lambda: not Path(f"/proc/{pid}").exists())
    daemon.stop()


def test_a_term_in_the_middle_of_a_restart_is_heard(tmp_path: Path) -> None:
    with Daemon(tmp_path, f"[program:web]\n{LOOP}") as daemon:
        daemon.process.send_signal(signal.SIGHUP)  # type: ignore[union-attr]
        until(lambda: daemon.log().count("supervisord started") == 2 or "stopped: web" in daemon.log())
        daemon.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
        assert daemon.wait_end() == 0
