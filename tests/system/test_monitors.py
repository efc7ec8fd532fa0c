"""Monitors of a real daemon: told once, judged, acted upon, and known over the daemon's death."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.daemon import Daemon, alive, wait_gone
from support.until import DEADLINE_SECONDS, until

RECORD = "/bin/sh -c 'echo $VIGIL_MONITOR $VIGIL_EVENT $VIGIL_TEXT >> {tmp}/told'"


def monitor(daemon: Daemon, name: str) -> dict[str, Any]:
    outcome = run(daemon, "monitors", "--json", name)
    found: dict[str, Any] = json.loads(outcome)
    return found


def run(daemon: Daemon, *words: str) -> str:
    command, *rest = words
    argv = [daemon.bin / "vigil", command, "-c", daemon.conf, *rest]
    return subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE_SECONDS).stdout


def wait_state(daemon: Daemon, name: str, state: str) -> dict[str, Any]:
    def reached() -> dict[str, Any] | None:
        known = monitor(daemon, name)
        return known if known["state"] == state else None

    found = until(reached, what=f"{name} to be {state}")
    assert found is not None
    return found


def worker_of(daemon: Daemon) -> list[psutil.Process]:
    assert daemon.process is not None
    children = psutil.Process(daemon.process.pid).children()
    return [child for child in children if alive(child) and "vigild.checks" in child.cmdline()]


@pytest.mark.slow
def test_a_file_fails_recovers_and_is_known_over_the_death_of_everybody(tmp_path: Path) -> None:
    record = RECORD.format(tmp=tmp_path)
    conf = f"""
[program:cat]
command=cat
[monitor:flag]
type=file
path={tmp_path}/flag
interval=1
rules=
  if failed then alert critical, exec "{record}"
    else if recovered then exec "{record}"
"""
    flag, told = tmp_path / "flag", tmp_path / "told"
    with Daemon(tmp_path, conf) as daemon:
        known = wait_state(daemon, "flag", "failed")
        assert known["error"] == f"{flag} does not exist"
        until(told.exists)
        (worker,) = worker_of(daemon)
        worker.send_signal(signal.SIGKILL)
        until(lambda: [other for other in worker_of(daemon) if other.pid != worker.pid])
        wait_state(daemon, "flag", "failed")
        workers = worker_of(daemon)
        daemon.kill()
        wait_gone(workers)
        daemon.start()
        wait_state(daemon, "flag", "failed")
        flag.touch()
        wait_state(daemon, "flag", "passed")
        until(lambda: len(told.read_text().splitlines()) == 2)
        assert told.read_text().splitlines() == [
            f"flag failed failed: {flag} does not exist",
            "flag recovered not failed",
        ]
        history = run(daemon, "history", "flag")
        assert ["failed", "passed"] == [
            line.split("monitor ")[1].split(":")[0] for line in history.splitlines() if "monitor " in line
        ]
        run(daemon, "monitors", "flag", "--pause")
        assert monitor(daemon, "flag")["state"] == "disabled"
        run(
            daemon,
            "monitors",
            "flag",
            "--resume",
        )
        wait_state(daemon, "flag", "passed")


@pytest.mark.slow
def test_a_pause_outlasts_the_end_of_the_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    conf = f"[monitor:there]\ntype=file\npath={tmp_path}\n[monitor:other]\ntype=file\npath={tmp_path}\n"
    with Daemon(tmp_path, conf) as daemon:
        wait_state(daemon, "there", "passed")
        run(daemon, "monitors", "there", "--pause")
        assert monitor(daemon, "there")["state"] == "disabled"
        daemon.stop()
        daemon.start()
        wait_state(daemon, "other", "passed")
        assert monitor(daemon, "there")["state"] == "disabled"
        run(daemon, "monitors", "there", "--resume")
        daemon.stop()
        daemon.start()
        wait_state(daemon, "there", "passed")


@pytest.mark.slow
def test_a_server_that_does_not_answer_has_its_program_restarted_and_reread_takes_effect(
    tmp_path: Path,
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and never listens
        url = f"tcp://127.0.0.1:{held.getsockname()[1]}"
        conf = f"""
[program:cat]
command=cat
[monitor:port]
type=host
url={url}
interval=1
program=cat
rules=if failed for 2 cycles then restart
"""
        with Daemon(tmp_path, conf) as daemon:
            daemon.wait_state("cat", "RUNNING")
            pid = daemon.ctl("pid", "cat").out.strip()
            until(lambda: daemon.ctl("pid", "cat").out.strip() not in (pid, "0"))
            assert wait_state(daemon, "port", "failed")["error"] == "connection refused"
            daemon.conf.write_text(daemon.conf.read_text().partition("[monitor:port]")[0])
            daemon.ctl("reread")
            assert "nothing is monitored" in run(daemon, "monitors")


def test_without_monitors_there_is_no_monitor_process(tmp_path: Path) -> None:
    with Daemon(tmp_path, "[program:cat]\ncommand=cat\n") as daemon:
        daemon.wait_state("cat", "RUNNING")
        assert worker_of(daemon) == []
        assert "nothing is monitored" in run(daemon, "monitors")


@pytest.mark.slow
@pytest.mark.needs_root
def test_a_filesystem_that_fills_past_its_bound_and_is_emptied(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let us mount")
    conf = f"""
[monitor:small]
type=filesystem
path={small}
interval=1
rules=if space > 80% for 2 cycles then alert
"""
    try:
        with Daemon(tmp_path, conf) as daemon:
            assert wait_state(daemon, "small", "passed")["values"]["mounted"] is True
            (small / "big").write_bytes(b"x" * 950_000)
            assert wait_state(daemon, "small", "failed")["trouble"].endswith("> 80% for 2 cycles")
            (small / "big").unlink()
            wait_state(daemon, "small", "passed")
            log = daemon.log_path.read_text() if daemon.log_path else ""
            assert log.count("monitor small failed: space ") == 1
            assert log.count("monitor small recovered: space ") == 1
    finally:
        subprocess.run(["umount", str(small)], check=True)
