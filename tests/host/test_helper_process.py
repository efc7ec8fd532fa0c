"""Processes of the daemon's own: their outcome, their bounds, and that they are told apart from programs."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from vigild.host.helper_process import MAX_OUTPUT_BYTES, HelperOutcome, HelperProcesses
from vigild.host.reaper import Reaper


def outcome_of(*argv: str, directory: str = "/", seconds: float = 60.0) -> HelperOutcome:
    async def play() -> HelperOutcome:
        helpers = HelperProcesses()
        strangers: list[int] = []

        def reaped(pid: int, status: int) -> None:
            if not helpers.claim(pid, status):
                strangers.append(pid)

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, Reaper(reaped).reap)
        outcome = await helpers.run(argv, directory=directory, environment={"A": "b"}, seconds=seconds)
        while helpers._running:
            await asyncio.sleep(0.01)
        assert strangers == []
        return outcome

    return asyncio.run(play())


def test_it_tells_the_status_and_both_outputs() -> None:
    outcome = outcome_of("/bin/sh", "-c", "echo $A; echo oops >&2; pwd; exit 3", directory="/usr")
    assert outcome.wait_status is not None
    assert os.waitstatus_to_exitcode(outcome.wait_status) == 3
    assert outcome.output == b"b\noops\n/usr\n"


def test_one_that_takes_too_long_is_ended_with_all_it_started() -> None:
    outcome = outcome_of("/bin/sh", "-c", "echo waiting; sleep 1000; true", seconds=0.2)
    assert outcome.wait_status is None


def test_the_end_of_a_long_output_is_kept() -> None:
    outcome = outcome_of("/bin/sh", "-c", "yes | head -c 200000; echo the point")
    assert len(outcome.output) == MAX_OUTPUT_BYTES
    assert outcome.output.endswith(b"the point\n")


def test_a_descendant_that_holds_its_output_is_not_waited_for(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    outcome = outcome_of("/bin/sh", "-c", f"sleep 1000 & echo $! > {pid_file}; echo done")
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    assert outcome == HelperOutcome(0, b"done\n")


def test_what_cannot_be_started_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        outcome_of("/no/such/program")
    assert caught.value.filename == "/no/such/program"
    with pytest.raises(FileNotFoundError) as caught:
        outcome_of("/bin/true", directory=str(tmp_path / "gone"))
    assert caught.value.filename == str(tmp_path / "gone")
