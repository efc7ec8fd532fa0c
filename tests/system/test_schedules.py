"""Schedules with a real daemon: what was missed over its death, what is in the way, and what an upgrade leaves."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from support.daemon import Daemon
from support.until import until

CONF = """\
[program:job]
command=/bin/sh -c "echo run >> {tmp}/runs; sleep 600"
schedule=@yearly
schedule_timezone=UTC
schedule_missed=once
schedule_overlap=queue
stopasgroup=true
"""


def schedule(daemon: Daemon) -> dict[str, Any]:
    command = [str(daemon.bin / "vigil"), "schedule", "--json", "-c", str(daemon.conf)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (job,) = json.loads(done.stdout)["schedules"]
    assert isinstance(job, dict)
    return job


def make_it_overdue(state: Path) -> None:
    """As if no daemon had run for two years."""
    (file,) = state.glob("schedules-*.json")
    document = json.loads(file.read_text())
    document["schedules"]["job"]["handled"] = time.time() - 2 * 366 * 86400
    file.write_text(json.dumps(document))


def runs(tmp: Path) -> int:
    path = tmp / "runs"
    return path.read_text().count("run") if path.exists() else 0


def test_a_run_outlives_the_daemon_and_is_not_run_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("STATE_DIRECTORY", str(state))
    conf = CONF.format(tmp=tmp_path)
    with Daemon(tmp_path, conf):
        until(lambda: bool(list(state.glob("schedules-*.json"))), what="the file of schedules")
    assert runs(tmp_path) == 0
    make_it_overdue(state)

    with Daemon(tmp_path, conf) as daemon:
        daemon.wait_state("job", "RUNNING")
        until(lambda: runs(tmp_path) == 1, what="the run")
        pid = daemon.pid("job")
        assert "schedule: job missed 2 runs from " in daemon.log()
        first = schedule(daemon)
        assert (first["outcome"], first["state"]) == ("", "RUNNING")
        assert first["next_at"] > time.time()

        daemon.kill()
        daemon.start()
        daemon.wait_state("job", "RUNNING")
        assert daemon.pid("job") == pid
        assert daemon.ctl("upgrade").code == 0
        assert daemon.pid("job") == pid
        until(lambda: schedule(daemon)["last_start_at"] == first["last_start_at"], what="the same run")

        assert daemon.ctl("stop", "job").out == "job: stopped\n"
        assert schedule(daemon)["outcome"] == "stopped"
        assert ", next Jan " in daemon.status("job") or ", next Dec " in daemon.status("job")

        subprocess.run([daemon.bin / "vigil", "schedule", "--pause", "job", "-c", daemon.conf], check=True)
        daemon.kill()
        make_it_overdue(state)
        daemon.start()
        assert ", schedule paused" in daemon.status("job")
        assert schedule(daemon)["paused"] is True
        assert runs(tmp_path) == 1


def test_where_no_program_has_a_schedule_any_more_nothing_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("STATE_DIRECTORY", str(state))
    conf = CONF.format(tmp=tmp_path)
    with Daemon(tmp_path, conf):
        until(lambda: bool(list(state.glob("schedules-*.json"))), what="the file of schedules")
    with Daemon(tmp_path, conf.replace("schedule", ";schedule").replace("sleep 600", "exec sleep 600")):
        until(lambda: not list(state.glob("schedules-*.json")), what="the end of the file of schedules")
