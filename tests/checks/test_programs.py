import os
import subprocess
import threading
import time

import psutil
import pytest

from support.until import DEADLINE_SECONDS, until
from vigild.checks import programs
from vigild.checks.programs import Commands, ProgramCheck
from vigild.checks.reading import Reading


def run(*argv: str, seconds: float = 20.0, **more: object) -> Reading:
    return ProgramCheck({"argv": list(argv), **more}, seconds).look()


def test_what_a_command_says_and_how_it_ends() -> None:
    reading = run(
        "sh", "-c", "echo fine; echo warned >&2; echo $X in $PWD", environment={"X": "y"}, directory="/"
    )
    assert reading.error == ""
    assert reading.values["status"] == 0
    assert reading.values["output"] == "fine warned y in /"
    assert 0 <= reading.values["duration"] < 20  # type: ignore[operator]


def test_a_status_that_is_not_zero_fails() -> None:
    reading = run("sh", "-c", "echo low on paper; exit 3")
    assert (reading.values["status"], reading.error) == (3, "exit status 3: low on paper")
    assert run("false").error == "exit status 1"


def test_one_that_is_killed_has_no_status() -> None:
    reading = run("sh", "-c", "kill -SEGV $$")
    assert "status" not in reading.values
    assert reading.error == "killed by SIGSEGV"


def test_one_that_cannot_be_started() -> None:
    with pytest.raises(FileNotFoundError):
        run("/nonexistent")


def test_one_that_takes_too_long_is_killed_with_its_children() -> None:
    reading = run("sh", "-c", "echo begun; sleep 4321 & echo $!; wait", seconds=2.0)
    assert reading.error == "it did not end within 2 s, and was killed"
    begun, pid = str(reading.values["output"]).split()
    assert begun == "begun"
    until(lambda: not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == "zombie")


def test_what_it_leaves_running_with_its_output_is_not_waited_for() -> None:
    begun = time.monotonic()
    reading = run("sh", "-c", "sleep 1000 & echo $!")
    assert time.monotonic() - begun < 500
    os.kill(int(str(reading.values["output"])), 9)


def test_much_output_is_read_and_the_last_of_it_kept() -> None:
    reading = run("sh", "-c", "yes abcdefgh | head -c 3000000; echo; echo the end")
    assert reading.values["status"] == 0
    assert len(str(reading.values["output"])) <= 500


def test_closing_its_output_does_not_end_it() -> None:
    reading = run("sh", "-c", "exec >&- 2>&-; sleep 0.2; exit 4")
    assert reading.values["status"] == 4


@pytest.mark.needs_root
def test_it_runs_as_another_user() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    reading = run("id", uid=65534)
    assert "uid=65534" in str(reading.values["output"])
    assert "(root)" not in str(reading.values["output"])


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    commands = Commands()
    monkeypatch.setattr(programs, "COMMANDS", commands)
    return commands


def test_at_the_end_all_that_run_are_killed(commands: Commands) -> None:
    found: list[Reading] = []
    thread = threading.Thread(target=lambda: found.append(run("sleep", "4321")))
    thread.start()
    until(lambda: psutil.Process().children())
    commands.end_all()
    thread.join()
    assert found[0].error == "killed by SIGKILL"


def test_one_that_is_just_being_started_at_the_end_is_killed_and_none_after_it(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_made, goes_on = threading.Event(), threading.Event()

    class Slow(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[call-overload]
            is_made.set()
            goes_on.wait()

    monkeypatch.setattr(subprocess, "Popen", Slow)
    monkeypatch.setattr(programs, "START_SECONDS", DEADLINE_SECONDS)
    found: list[Reading] = []
    thread = threading.Thread(target=lambda: found.append(run("sleep", "4321")))
    thread.start()
    assert is_made.wait(DEADLINE_SECONDS)
    ender = threading.Thread(target=commands.end_all)
    ender.start()
    until(lambda: commands.is_over)
    goes_on.set()
    ender.join()
    thread.join()
    assert found[0].error == "killed by SIGKILL"
    with pytest.raises(OSError, match="the monitor process ends"):
        run("true")
