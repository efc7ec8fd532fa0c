"""The deliverer as a process: pipes, threads, kills, and no more than its share of memory."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.build import alert, edge
from support.until import DEADLINE_SECONDS, until
from vigild.alerts import machine
from vigild.alerts.loop import open_outbox
from vigild.core.history import OutputEnd
from vigild.wire.edges import edge_to_struct

# A sender that appends what it is given to a file, fails while another file is there, and hangs while a third is.
SENDER = """
import json, os, sys, time
from vigild.alerts import loop
from vigild.alerts.sending import Message, Outcome, DELIVERED
from vigild.alerts.machine import Process
folder = sys.argv[1]
if os.path.exists(folder + "/patient"):
    loop.SEND_ON_SECONDS, loop.LAST_SECONDS = 30.0, 60.0
if os.path.exists(folder + "/alone"):
    loop.LAST_SECONDS, loop.ALONE_SECONDS = 0.0, 60.0
def compose(self, digest, origin, settings):
    names = [telling.edge.name for telling in digest.tellings]
    return Message(digest.identity, "title", json.dumps(names), digest.severity, digest.at, origin)
Process.compose = compose
def send(receiver, message, timeout):
    if os.path.exists(folder + "/broken"):
        raise RuntimeError("SECRET")
    with open(folder + "/sent", "a") as file:
        file.write(message.text + "\\n")
    while os.path.exists(folder + "/hang"):
        time.sleep(0.01)
    return DELIVERED
status = loop.run(send)
sys.stderr.flush()
os._exit(status)
"""


class Worker:
    """A deliverer as the daemon has one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = str(folder / "alerts.db")
        self.number = 0
        self.told: list[dict[str, Any]] = []
        self.begin()

    def begin(self, stdout: int | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SENDER, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=stdout or open(self.folder / "told", "ab"),  # noqa: SIM115
            stderr=open(self.folder / "stderr", "ab"),  # noqa: SIM115
        )
        daemon = {"identifier": "supervisor", "host": "box", "outbox": self.path}
        self.say({"type": "config", "daemon": daemon, "alerts": [alert(batch_seconds=0)]})

    def be_patient(self, stdout: int | None = None) -> None:
        """Let it be slow at the end: how fast this test goes must not matter."""
        self.kill()
        (self.folder / "patient").touch()
        self.begin(stdout)

    def say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, *names: str) -> None:
        for name in names:
            self.number += 1
            self.say({"type": "edge", "id": self.number, "edge": edge_to_struct(edge(name))})

    def heard(self, kind: str) -> list[dict[str, Any]]:
        lines = (self.folder / "told").read_text().splitlines()
        return [message for message in map(json.loads, lines) if message["type"] == kind]

    @property
    def kept(self) -> set[int]:
        return {number for message in self.heard("kept") for number in message["ids"]}

    @property
    def sent(self) -> list[str]:
        path = self.folder / "sent"
        lines = path.read_text().splitlines() if path.exists() else []
        return [name for line in lines for name in json.loads(line)]

    def kill(self) -> None:
        self.process.kill()
        self.close()

    def close(self) -> int:
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        return self.process.wait(DEADLINE_SECONDS)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(tmp_path)
    yield worker
    worker.process.kill()
    worker.close()
    import gc

    gc.collect()


pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_it_keeps_what_it_is_told_delivers_it_and_ends_with_its_stdin(worker: Worker) -> None:
    worker.hear("a", "b")
    until(lambda: {"a", "b"} == set(worker.sent))
    until(lambda: worker.heard("delivered"))
    assert {1, 2} == worker.kept
    assert 0 == worker.close()
    assert "" == (worker.folder / "stderr").read_text()


def test_what_is_kept_outlives_kills_and_a_receiver_that_is_broken(worker: Worker) -> None:
    broken = worker.folder / "broken"
    broken.touch()
    for turn in range(3):
        worker.hear(f"a{turn}", f"b{turn}")
        until(lambda: worker.number in worker.kept)
        worker.kill()
        worker.begin()
    until(lambda: any("RuntimeError" in r["alerts"]["ops"]["error"] for r in worker.heard("report")))
    broken.unlink()
    worker.kill()
    worker.begin()
    expected = {f"{letter}{turn}" for letter in "ab" for turn in range(3)}
    until(lambda: expected == set(worker.sent))
    assert len(expected) == len(worker.sent)
    assert "SECRET" not in (worker.folder / "told").read_text()


def test_one_that_is_about_to_end_is_waited_for(worker: Worker) -> None:
    worker.be_patient()
    hang = worker.folder / "hang"
    hang.touch()
    worker.hear("a")
    until(lambda: worker.sent)
    old = worker.process
    assert old.stdin is not None
    old.stdin.close()
    worker.begin()
    hang.unlink()
    assert 0 == old.wait(DEADLINE_SECONDS)
    worker.hear("b")
    until(lambda: "b" in worker.sent)
    assert ["a", "b"] == worker.sent


def test_what_arrives_when_the_daemon_is_gone_is_not_sent_again(worker: Worker) -> None:
    reader, writer = os.pipe()
    worker.be_patient(writer)
    os.close(writer)
    hang = worker.folder / "hang"
    hang.touch()
    worker.hear("a")
    until(lambda: worker.sent)
    os.close(reader)
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    hang.unlink()
    assert 0 == worker.process.wait(DEADLINE_SECONDS)
    worker.begin()
    worker.hear("b")
    until(lambda: "b" in worker.sent)
    assert ["a", "b"] == worker.sent
    assert "" == (worker.folder / "stderr").read_text()


def test_one_that_nobody_waits_for_has_more_time(worker: Worker) -> None:
    reader, writer = os.pipe()
    (worker.folder / "alone").touch()
    worker.kill()
    worker.begin(writer)
    os.close(writer)
    hang = worker.folder / "hang"
    hang.touch()
    worker.hear("a")
    until(lambda: worker.sent)
    os.close(reader)
    assert worker.process.stdin is not None
    old = worker.process
    worker.process.stdin.close()
    worker.begin()  # it waits for the other one, or would send the same
    worker.hear("b")
    hang.unlink()
    assert 0 == old.wait(DEADLINE_SECONDS)
    until(lambda: "b" in worker.sent)
    assert ["a", "b"] == worker.sent


def test_what_waits_for_a_message_on_its_way_goes_out_at_the_end(worker: Worker) -> None:
    worker.be_patient()
    hang = worker.folder / "hang"
    hang.touch()
    worker.hear("a")
    until(lambda: worker.sent)
    worker.hear("b")
    until(lambda: 2 in worker.kept)
    assert worker.process.stdin is not None
    worker.process.stdin.close()
    hang.unlink()
    assert 0 == worker.process.wait(DEADLINE_SECONDS)
    assert ["a", "b"] == worker.sent


def test_a_receiver_that_hangs_does_not_hold_up_the_end(worker: Worker) -> None:
    (worker.folder / "hang").touch()
    worker.hear("a")
    until(lambda: worker.sent)
    assert 0 == worker.close()


def test_a_thousand_troubles_are_kept_and_told(worker: Worker) -> None:
    worker.hear(*(f"p{number}" for number in range(1000)))
    until(lambda: len(worker.kept) == 1000)
    until(lambda: len(worker.sent) >= 1000)
    assert 1000 == len(set(worker.sent)) == len(worker.sent)


def test_what_is_no_message_is_said_and_left(worker: Worker) -> None:
    assert worker.process.stdin is not None
    worker.process.stdin.write(b"hello\n[]\n")
    worker.hear("a")
    until(lambda: worker.sent)
    assert 2 == (worker.folder / "stderr").read_text().count("the daemon said what is no message")


def test_an_outbox_that_cannot_be_written_is_said_and_people_are_told_all_the_same(worker: Worker) -> None:
    daemon = {"identifier": "x", "host": "box", "outbox": f"{worker.folder}/blocked/alerts.db"}
    (worker.folder / "blocked").touch()
    worker.say({"type": "config", "daemon": daemon, "alerts": [alert(batch_seconds=0)]})
    worker.hear("web")
    until(lambda: worker.heard("delivered"))
    assert "the outbox cannot be written" in (worker.folder / "stderr").read_text()
    assert "cannot be written" in worker.heard("report")[-1]["alerts"]["ops"]["error"]


def test_a_daemon_that_is_gone_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    daemon = {"identifier": "x", "host": "box", "outbox": f"{tmp_path}/alerts.db"}
    config = {"type": "config", "daemon": daemon, "alerts": [alert()]}
    done = subprocess.run(
        [sys.executable, "-c", SENDER, str(tmp_path)],
        input=json.dumps(config).encode() + b"\n",
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert (0, b"") == (done.returncode, done.stderr)


def test_a_damaged_outbox_is_set_aside_and_said(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    path.write_bytes(b"nothing" * 1000)
    said: list[str] = []
    outbox = open_outbox(str(path), said.append)
    outbox.close()
    assert [f"the outbox was damaged, or made by a newer Vigil; it is now {path}.unreadable"] == said


def test_the_machine_knows_zones_logs_and_names(tmp_path: Path) -> None:
    process = machine.Process(1, lambda: None, lambda *_: machine.Outcome(True), machine.deque())
    shanghai = process.offset_at("Asia/Shanghai")
    own = process.offset_at("")
    assert shanghai is not None
    assert own is not None
    assert 8 * 3600.0 == shanghai(1e9)
    assert float(time.localtime(1e9).tm_gmtoff) == own(1e9)
    assert process.offset_at("Mars/Olympus") is None
    assert process.new_identity() != process.new_identity()
    assert 0 <= process.chance() <= 1
    assert abs(process.now() - time.time()) < 5
    log = tmp_path / "log"
    log.write_text("one\ntwo\n")
    facts = log.stat()
    ends = (
        OutputEnd("stderr", str(log), facts.st_dev, facts.st_ino, facts.st_size),
        OutputEnd("stdout", str(tmp_path / "none"), 1, 1, 1),
    )
    one = edge()
    found = process.last_lines(
        type(one)(1.0, one.kind, one.severity, "program", "web", "down", "x", {}, ends)
    )
    assert {"stderr": ("one", "two")} == found


def test_it_is_killed_by_the_usual_signal(worker: Worker) -> None:
    worker.process.send_signal(signal.SIGTERM)
    assert -signal.SIGTERM == worker.process.wait(DEADLINE_SECONDS)
