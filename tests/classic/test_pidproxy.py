"""pidproxy with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.until import until

# A wrapper that starts a server, writes its pid, and passes no signals on: the reason for pidproxy.
WRAPPER = """\
import subprocess, sys, os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
server = subprocess.Popen([sys.executable, "-c", sys.argv[2]], preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
if sys.argv[1] != "-":
    with open(sys.argv[1] + ".new", "w") as file:
        file.write("%d\\n" % server.pid)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
sys.exit(server.wait() % 256)
"""
SERVER = """\
import signal, sys, time
def hup(*_):
    print("server got HUP", flush=True)
def term(*_):
    print("server got TERM", flush=True)
    sys.exit(0)
signal.signal(signal.SIGHUP, hup)
signal.signal(signal.SIGTERM, term)
print("server ready", flush=True)
while True:
    time.sleep(100)
"""


@contextmanager
def proxy(root: Path, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    with (root / "out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "vigild.classic.pidproxy", *arguments],
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": "src"},
        )
    try:
        yield process
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def said(root: Path) -> str:
    return (root / "out").read_text()


def wrapper(root: Path, pidfile: str, server: str = SERVER) -> list[str]:
    script = root / "wrapper.py"
    script.write_text(WRAPPER)
    return [str(root / "pid"), sys.executable, str(script), pidfile, server]


def ended(process: "subprocess.Popen[bytes]") -> int:
    until(lambda: process.poll() is not None, what="pidproxy to end")
    return process.returncode


@pytest.mark.slow
def test_signals_go_to_the_process_in_the_pidfile(tmp_path: Path) -> None:
    with proxy(tmp_path, *wrapper(tmp_path, str(tmp_path / "pid"))) as process:
        until(lambda: "server ready" in said(tmp_path))
        process.send_signal(signal.SIGHUP)
        until(lambda: "server got HUP" in said(tmp_path))
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert ended(process) == 0
        assert "server got TERM" in said(tmp_path)
        assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


@pytest.mark.slow
def test_a_pidfile_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    with proxy(tmp_path, *wrapper(tmp_path, str(tmp_path / "late"))) as process:
        until(lambda: "server ready" in said(tmp_path))
        process.send_signal(signal.SIGTERM)
        until(lambda: f"Can't read child pidfile {tmp_path}/pid!" in said(tmp_path))
        (tmp_path / "late").rename(tmp_path / "pid")
        assert ended(process) == 0
        assert "server got TERM" in said(tmp_path)


@pytest.mark.slow
def test_without_a_pidfile_the_command_itself_is_ended(tmp_path: Path) -> None:
    with proxy(tmp_path, str(tmp_path / "pid"), "sleep", "1000") as process:
        until(lambda: Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert ended(process) == 0
        assert time.monotonic() - began >= 1.5  # the pidfile had its chance
    assert "sending SIGTERM to sleep" in said(tmp_path)


@pytest.mark.parametrize("text", ["nonsense", "0", "-1", "99999999999999999999", ""])
@pytest.mark.slow
def test_a_pidfile_without_a_usable_pid_signals_nobody_else(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)
    with proxy(tmp_path, str(tmp_path / "pid"), "sleep", "1000") as process:
        until(lambda: Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
        process.send_signal(signal.SIGUSR1)
        until(lambda: "Can't read child pidfile" in said(tmp_path))
        assert process.poll() is None


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_ends_with_the_command(tmp_path: Path, script: str, status: int) -> None:
    with proxy(tmp_path, str(tmp_path / "pid"), "sh", "-c", script) as process:
        assert status == ended(process)


def test_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    with proxy(tmp_path, str(tmp_path / "pid"), "/no/such/command") as process:
        assert ended(process) == 127
    assert "cannot run /no/such/command: No such file or directory" in said(tmp_path)


def test_usage(tmp_path: Path) -> None:
    for arguments in ((), ("pidfile",)):
        with proxy(tmp_path, *arguments) as process:
            assert ended(process) == 1
        assert "<pidfile name> <command> [<cmdarg1> ...]" in said(tmp_path)


def test_the_command_starts_with_no_signal_blocked(tmp_path: Path) -> None:
    with proxy(tmp_path, str(tmp_path / "pid"), "grep", "SigBlk", "/proc/self/status") as process:
        assert ended(process) == 0
    assert said(tmp_path).split() == ["SigBlk:", "0000000000000000"]
