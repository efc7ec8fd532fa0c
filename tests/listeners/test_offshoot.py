"""Work in a child: its answer, its failure, its death, its deadline."""

import os
import signal
import sys

import pytest

from support.until import until
from vigild.listeners.offshoot import Outcome, WorkError, in_child


def test_the_answer_comes_back() -> None:
    assert Outcome("grüße" * 50_000) == in_child(lambda: "grüße" * 50_000, 20)


def test_failures_come_back_in_words() -> None:
    def fail(error: Exception) -> str:
        raise error

    assert Outcome(error="no luck") == in_child(lambda: fail(WorkError("no luck")), 20)
    assert Outcome(error="never", permanent=True) == in_child(lambda: fail(WorkError("never", True)), 20)
    assert "[Errno 2] gone" == in_child(lambda: fail(OSError(2, "gone")), 20).error
    assert "ValueError" == in_child(lambda: fail(ValueError()), 20).error


def test_a_death_is_told() -> None:
    def die() -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return ""

    assert "ended before it was done" in in_child(die, 20).error


def test_a_deadline_ends_it_and_what_it_started() -> None:
    reading, writing = os.pipe()

    def hang() -> str:
        pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", "import signal; signal.pause()"])
        os.write(writing, str(pid).encode())
        signal.pause()
        return ""

    assert "gave no answer" in in_child(hang, 0.5).error
    os.close(writing)
    with os.fdopen(reading) as file:
        grandchild = int(file.read())

    def gone() -> bool:
        try:
            with open(f"/proc/{grandchild}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    until(gone)


def test_what_it_prints_is_not_on_our_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    def chat() -> str:
        os.write(1, b"chatter")
        return ""

    in_child(chat, 20)
    assert ("", "chatter") == capfd.readouterr()
