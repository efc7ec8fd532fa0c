"""Alerts of a real daemon to real receivers: over HTTP and SMTP, over outages, kills and a reread."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.daemon import Daemon, Outcome
from support.receivers import HttpReceiver, Reply
from support.smtp_server import SmtpServer
from support.until import until

CONF = """
[alert:ops]
url = {hook}/SECRET
      smtp://{smtp}/?from=vigil@example.com&to=ops@example.com
batch_seconds = 0

[program:job]
command = sh -c 'echo "last words of %(process_num)d" >&2; exit 3'
process_name = %(process_num)d
numprocs = 4
autostart = false
autorestart = false
startsecs = 0
"""


def vigil(daemon: Daemon, *words: str) -> Outcome:
    command = [str(daemon.bin / "vigil"), *words, "-c", str(daemon.conf)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return Outcome(done.returncode, done.stdout, done.stderr)


def standing(daemon: Daemon, key: str) -> Any:
    """How the alert stands."""
    (alert,) = json.loads(vigil(daemon, "alert", "list", "--json").out)
    return alert[key]


def deliverer(daemon: Daemon) -> psutil.Process | None:
    assert daemon.process is not None
    for child in psutil.Process(daemon.process.pid).children():
        try:
            if "vigild.alerts" in child.cmdline():
                return child
        except psutil.Error:
            continue
    return None


@pytest.fixture
def hook() -> Iterator[HttpReceiver]:
    with HttpReceiver() as receiver:
        yield receiver


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def daemon(tmp_path: Path, hook: HttpReceiver, smtp: SmtpServer) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, CONF.format(hook=hook.base, smtp=smtp.address))
    framed = daemon.conf.read_text()
    daemon.conf.write_text(framed.replace("[supervisord]", f"[supervisord]\nstate_dir={tmp_path}/state"))
    with daemon:
        yield daemon


def names(hook: HttpReceiver) -> list[str]:
    """What the webhook took, by program."""
    return [trouble["name"] for arrived in hook.requests for trouble in arrived.json["troubles"]]


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_comes_twice_over_outages_and_kills(
    daemon: Daemon, hook: HttpReceiver, smtp: SmtpServer
) -> None:
    hook.usual = Reply(503)
    smtp.replies["MAIL"] = "451 not now"
    daemon.ctl("start", "job:0")
    until(lambda: hook.requests and "MAIL" in smtp.verbs, what="the first try")
    until(lambda: standing(daemon, "failing_since"))
    first = until(lambda: deliverer(daemon))
    first.kill()
    daemon.ctl("start", "job:1")
    until(lambda: (new := deliverer(daemon)) is not None and new.pid != first.pid)
    until(lambda: standing(daemon, "waiting") == 4, what="two messages for two receivers")
    daemon.kill()
    daemon.start()
    until(lambda: standing(daemon, "waiting") == 6, what="the death of the daemon for two receivers")
    daemon.ctl("start", "job:2")
    until(lambda: standing(daemon, "waiting") == 8, what="four messages for two receivers")

    hook.requests.clear()
    hook.usual = Reply(200)
    del smtp.replies["MAIL"]
    done = vigil(daemon, "alert", "test", "ops")
    assert 0 == done.code, done.err
    until(lambda: standing(daemon, "waiting") == 0, what="all to arrive")
    tests = [arrived for arrived in hook.requests if arrived.json["troubles"][0]["kind"] == "test"]
    assert 1 == len(tests)
    told = sorted(name for name in names(hook) if name.startswith("job"))
    assert ["job:0", "job:1", "job:2"] == told
    assert len(hook.requests) == len({arrived.json["identity"] for arrived in hook.requests})
    killed = [
        trouble
        for arrived in hook.requests
        for trouble in arrived.json["troubles"]
        if trouble["kind"] == "daemon"
    ]
    assert 1 == len(killed)
    assert len(hook.requests) == len(smtp.letters)
    for number in range(3):
        assert 1 == len([letter for letter in smtp.letters if f"last words of {number}" in letter.data])
    everything = "".join([daemon.words(), vigil(daemon, "alert", "list", "--json").out, done.out])
    assert "SECRET" not in everything


@pytest.mark.slow
def test_an_address_that_is_mended_gets_what_waited(daemon: Daemon, hook: HttpReceiver) -> None:
    good = daemon.conf.read_text()
    daemon.conf.write_text(good.replace(f"{hook.base}/SECRET", "http://127.0.0.1:1/"))
    assert 0 == daemon.ctl("reread").code
    daemon.ctl("start", "job:3")
    until(lambda: "failing" in vigil(daemon, "alert", "list").out)
    assert [] == hook.requests
    failed = vigil(daemon, "alert", "test", "ops")
    assert 1 == failed.code
    assert "http://127.0.0.1:1/*** failed" in failed.err
    daemon.conf.write_text(good)
    daemon.ctl("reread")
    until(lambda: names(hook))
    assert ["job:3"] == names(hook)
    history = vigil(daemon, "history").out
    assert "alert ops told: job:3 " in history

    hook.usual = Reply(403, body="no such robot")
    daemon.ctl("start", "job:0")
    until(lambda: standing(daemon, "refused"))
    status = vigil(daemon, "status")
    assert 3 == status.code
    assert f"alert ops: refused: {hook.base}/***: HTTP status 403" in status.out
    assert "no such robot" in status.out
    hook.requests.clear()
    hook.usual = Reply(200)
    daemon.conf.write_text(good.replace("/SECRET", "/MENDED"))
    daemon.ctl("reread")
    until(lambda: names(hook))
    assert [("/MENDED", "job:0")] == [
        (one.path, name) for one, name in zip(hook.requests, names(hook), strict=True)
    ]
    until(lambda: standing(daemon, "waiting") == 0)
    assert "alert ops" not in vigil(daemon, "status").out


@pytest.mark.slow
def test_the_deliverer_ends_with_the_daemon(daemon: Daemon) -> None:
    child = until(lambda: deliverer(daemon))
    assert "SECRET" not in " ".join([*child.cmdline(), *child.environ().values()])
    assert daemon.process is not None
    os.kill(daemon.process.pid, signal.SIGKILL)
    daemon.process.wait()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


ROUNDS = 8
HURRIED = """
[alert:now]
url = {hook}/now
      smtp://{smtp}/?from=vigil@example.com&to=ops@example.com
batch_seconds = 0
max_per_hour = 0
programs = job:*

[alert:soon]
url = {hook}/soon
batch_seconds = 2
max_per_hour = 0
programs = job:*

[program:job]
command = sh -c 'exit 3'
process_name = %(process_num)d
numprocs = {rounds}
autostart = false
autorestart = false
startsecs = 0
"""


@pytest.mark.slow
def test_at_no_moment_of_a_kill_or_an_upgrade_is_anything_lost_or_sent_twice(
    tmp_path: Path, hook: HttpReceiver, smtp: SmtpServer
) -> None:
    seed = random.randrange(1 << 32)
    moments = random.Random(seed)
    conf = HURRIED.format(hook=hook.base, smtp=smtp.address, rounds=ROUNDS)

    def told(path: str) -> list[str]:
        arrived = [one for one in hook.requests if one.path == path]
        return sorted(trouble["name"] for one in arrived for trouble in one.json["troubles"])

    def letters() -> list[str]:
        return sorted(name for name in jobs for letter in smtp.letters if f"{name} " in letter.data)

    jobs = [f"job:{number}" for number in range(ROUNDS)]
    with Daemon(tmp_path, conf, env={"STATE_DIRECTORY": str(tmp_path / "state")}) as daemon:
        for number, job in enumerate(jobs):
            assert daemon.ctl("start", job).code == 0
            daemon.wait_state(job, "EXITED")
            moment = time.monotonic() + moments.choice([0.0, 0.05, 0.2, 0.5]) * moments.random()
            until(lambda at=moment: time.monotonic() >= at)  # type: ignore[misc]
            if number % 2:
                assert daemon.ctl("upgrade").code == 0
            else:
                daemon.kill()
                daemon.start()
        until(lambda: len(told("/now")) >= ROUNDS, what=f"all to be told, seed {seed}")
        until(lambda: len(told("/soon")) >= ROUNDS, what=f"all to be told together, seed {seed}")
        until(lambda: len(letters()) >= ROUNDS, what=f"all letters, seed {seed}")
        assert daemon.stop() == 0
    assert (jobs, jobs, jobs) == (told("/now"), told("/soon"), letters()), f"seed {seed}"


@pytest.mark.slow
def test_what_is_being_collected_when_the_daemon_is_stopped_is_told_by_the_next(
    tmp_path: Path, hook: HttpReceiver, smtp: SmtpServer
) -> None:
    conf = HURRIED.format(hook=hook.base, smtp=smtp.address, rounds=2).replace(
        "batch_seconds = 2", "batch_seconds = 3600"
    )
    with Daemon(tmp_path, conf, env={"STATE_DIRECTORY": str(tmp_path / "state")}) as daemon:
        for number in range(2):
            assert daemon.ctl("start", f"job:{number}").code == 0
            daemon.wait_state(f"job:{number}", "EXITED")
            assert daemon.stop() == 0
            assert [] == [one.path for one in hook.requests if one.path == "/soon"]
            daemon.start()
        daemon.conf.write_text(daemon.conf.read_text().replace("batch_seconds = 3600", "batch_seconds = 0"))
        assert daemon.ctl("reread").code == 0
        until(lambda: [one for one in hook.requests if one.path == "/soon"])
        (arrived,) = [one for one in hook.requests if one.path == "/soon"]
        assert ["job:0", "job:1"] == sorted(trouble["name"] for trouble in arrived.json["troubles"])
