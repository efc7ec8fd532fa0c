"""When nobody answers, the user learns which file was read, what was tried, and whether the daemon runs."""

import os
import socket
import stat
from pathlib import Path

import pytest

from vigild.classic.supervisorctl import main
from vigild.cli.ctl.options import Options
from vigild.cli.ctl.unreachable import explanation
from vigild.client.errors import UnreachableError

CONFIG = """\
[unix_http_server]
file=%(here)s/s.sock
password=hidden
username=u
[supervisord]
pidfile=%(here)s/d.pid
[supervisorctl]
serverurl=unix://%(here)s/s.sock
username=u
password=hidden
"""


@pytest.fixture
def config(short_tmp: Path) -> Path:
    path = short_tmp / "s.conf"
    path.write_text(CONFIG)
    return path


def ask(config: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str, int]:
    status = main(["-c", str(config), *(words or ("status",))])
    captured = capsys.readouterr()
    assert "hidden" not in captured.out + captured.err
    return captured.out, captured.err, status


def test_no_socket_and_no_daemon(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err, status = ask(config, capsys)
    assert (out, status) == (f"unix://{config.parent}/s.sock no such file\n", 4)
    assert f"configuration: {config} (named with -c)" in err
    assert (
        f"tried: unix socket {config.parent}/s.sock (serverurl in [supervisorctl]): it does not exist" in err
    )
    assert f"there is no pidfile {config.parent}/d.pid; start it with: supervisord -c {config}" in err


def test_a_daemon_that_runs(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "d.pid").write_text(f"{os.getpid()}\n")
    assert f"process {os.getpid()} runs, which pidfile {config.parent}/d.pid names" in ask(config, capsys)[1]


def test_a_pidfile_left_behind(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pid = os.posix_spawn("/bin/true", ["true"], os.environ)
    os.waitpid(pid, 0)
    (config.parent / "d.pid").write_text(str(pid))
    assert f"names {pid}, which is gone" in ask(config, capsys)[1]
    (config.parent / "d.pid").write_text("nonsense")
    assert "cannot read a pid" in ask(config, capsys)[1]


def test_a_socket_left_behind(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(config.parent / "s.sock"))
    out, err, status = ask(config, capsys, "pid")
    assert (out, status) == (f"unix://{config.parent}/s.sock refused connection\n", 4)
    assert "nobody listens on it" in err


def test_a_file_where_the_socket_should_be(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "s.sock").write_text("")
    assert "that is a file, not a socket" in ask(config, capsys)[1]


def test_another_socket_than_the_daemons(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    err = ask(config, capsys, "-s", f"unix://{config.parent}/nodir/x.sock", "status")[1]
    assert f"there is no directory {config.parent}/nodir" in err
    assert "(named with -s)" in err
    assert f"that daemon would listen on {config.parent}/s.sock" in err


def test_a_port(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("[supervisord]\n[supervisorctl]\nserverurl=http://u:hidden@127.0.0.1:1\n")
    out, err, status = ask(config, capsys)
    assert (out, status) == ("http://127.0.0.1:1 refused connection\n", 4)
    assert "tried: http://127.0.0.1:1 over TCP" in err
    assert "no [inet_http_server]" in err


def test_a_file_with_errors(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(CONFIG + "[program:x]\ncommand=/bin/cat\nnumprocs=many\n")
    assert "vigil check" in ask(config, capsys)[1]


def test_no_permission(short_tmp: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        path = short_tmp / "s"
        server.bind(str(path))
        path.chmod(stat.S_IRUSR)
        options = Options(server_url=f"unix://{path}")
        lines = explanation(options, UnreachableError("x", PermissionError(13, "Permission denied")))
    assert "no file was found" in lines[0]
    assert "with mode 0400, and this is user" in lines[1]


def test_actions_that_do_not_ask_first_explain_too(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err, status = ask(config, capsys, "avail")
    assert out.startswith("error: <class 'FileNotFoundError'>, [Errno 2] No such file or directory: file: ")
    assert "tried: unix socket" in err
    assert status == 1
    out, err, status = ask(config, capsys, "shutdown")
    assert out == f"ERROR: unix://{config.parent}/s.sock no such file (already shut down?)\n"
    assert status == 1
