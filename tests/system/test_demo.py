"""`make demo` as a newcomer sees it: without a terminal, ended by a signal, nothing left behind."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.until import DEADLINE_SECONDS, until

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = {"flaky", "watcher", "web", "worker:worker_00", "worker:worker_01"}


class Demo:
    """A running demo and what it has printed so far."""

    def __init__(self, output: Path) -> None:
        self.output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, ROOT / "examples" / "demo" / "run.py"],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        return self.output.read_text()

    def wait_for(self, pattern: str) -> re.Match[str]:
        try:
            return until(lambda: re.search(pattern, self.text(), re.M), what=f"{pattern!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the demo said:\n{self.text()}") from None

    def end_by(self, signum: int) -> int:
        os.killpg(self.process.pid, signum)
        return self.process.wait(DEADLINE_SECONDS)


@pytest.fixture
def demo(short_tmp: Path) -> Iterator[Demo]:
    demo = Demo(short_tmp / "output")
    yield demo
    if demo.process.poll() is None:
        demo.end_by(signal.SIGTERM)


def processes_of(directory: str) -> list[int]:
    """Pids of all that run with this demo's directory in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"DEMO_DIR={directory}".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_the_demo_shows_its_programs_and_what_becomes_of_them(demo: Demo) -> None:
    url = demo.wait_for(r"curl (http://127\.0\.0\.1:\d+/)")[1]
    rows = dict(re.findall(r"^(\S+) +(RUNNING|STARTING|STOPPED|BACKOFF|EXITED|FATAL) ", demo.text(), re.M))
    assert PROCESSES == set(rows)
    demo.wait_for(r"^event \| web: STARTING -> RUNNING")
    with urllib.request.urlopen(url) as answer:
        assert b"supervised as web" in answer.read()
    demo.wait_for(r"^event \| flaky: RUNNING -> EXITED  \(not expected\)")
    demo.wait_for(r"^event \| flaky: EXITED -> STARTING")


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_demo_and_nothing_is_left(demo: Demo, signum: int) -> None:
    directory = demo.wait_for(r"^Logs: +(\S+)/\*\.log")[1]
    assert processes_of(directory)
    assert 0 == demo.end_by(signum)
    assert "The daemon and all its programs have ended." in demo.text()
    assert not Path(directory).exists()
    assert [] == processes_of(directory)


@pytest.mark.slow
def test_a_demo_that_nobody_watches_any_more_ends() -> None:
    command = [sys.executable, ROOT / "examples" / "demo" / "run.py"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process.stdout as output:
        directory = next(match[1] for line in output if (match := re.match(r"Logs: +(\S+)/", line)))
    assert 1 == process.wait(
        DEADLINE_SECONDS
    )  # it notices with the next line, which the flaky program sees to
    assert not Path(directory).exists()
    assert [] == processes_of(directory)
