"""The part of an upgrade before the exec: what is refused, and that everything is as before then."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from support.machine import ListLog
from vigild.core.errors import Fault, VigilError
from vigild.daemon import upgrade as upgrading
from vigild.daemon.lineage import Image
from vigild.daemon.upgrade import Upgrade
from vigild.host.handover import HANDOVER_FORMAT, Package
from vigild.host.helper_process import HelperProcesses
from vigild.host.reaper import Reaper

OK = f"OK: Vigil 9.9 on Python 3.99.0, handover {HANDOVER_FORMAT}"


class FakeServer:
    def __init__(self) -> None:
        self.story: list[str] = []

    def hold(self) -> None:
        self.story.append("hold")

    async def settle(self, seconds: float) -> None:
        self.story.append("settle")

    def resume(self) -> None:
        self.story.append("resume")


class Attempt:
    """One upgrade to an image that is a shell script, and what it left."""

    def __init__(self, script: str, tmp_path: Path) -> None:
        self.program = tmp_path / "python"
        self.program.write_text(f"#!/bin/sh\n{script}\n")
        self.program.chmod(0o755)
        self.image = Image(str(self.program), ("-x", "script"), str(tmp_path), {"A": "b"})
        self.log = ListLog()
        self.server = FakeServer()
        self.is_ending = False
        self.pack_error: OSError | None = None
        self.error = ""
        self.refusal = ""

    def pack(self) -> Package:
        if self.pack_error is not None:
            raise self.pack_error
        return Package({}, {})

    def run(self, times: int = 1) -> "Attempt":
        asyncio.run(self._play(times))
        return self

    async def _play(self, times: int) -> None:
        helpers = HelperProcesses()
        upgrade = Upgrade(
            self.image,
            helpers,
            self.log,
            pack=self.pack,
            go_on=lambda: self.server.story.append("go on"),
            may_go_on=lambda: not self.is_ending,
        )
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGCHLD, Reaper(lambda pid, status: upgrade.claim(pid, status) and None).reap
        )
        tasks = [upgrade.begin([self.server]) for _ in range(times)]  # type: ignore[list-item]
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, VigilError):
                self.refusal = str(outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
        if upgrade._task is not None:
            await upgrade._task
        while helpers._running:
            await asyncio.sleep(0.01)
        self.error = upgrade.error


def test_code_that_is_not_fit_is_refused_with_its_words(tmp_path: Path) -> None:
    attempt = Attempt(
        'echo "Error: $3 of $A: no such module"; echo "For help, use x -h"; exit 2', tmp_path
    ).run()
    assert attempt.refusal == "FAILED: --check of b: no such module"
    assert attempt.log.lines == [
        ("critical", "not upgraded, going on as before: --check of b: no such module")
    ]
    assert attempt.server.story == []


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 0", "the check of the new code ended with wait status 0"),
        ("echo 4.3.0", "FAILED: 4.3.0"),
        ("kill -9 $$", "the check of the new code ended with wait status 9"),
        (f"echo '{OK}0'", "Vigil 9.9 takes over in another way than this one hands over"),
        (f"echo '{OK}'; exit 1", "FAILED: OK: Vigil 9.9"),
    ],
)
def test_only_a_vigil_that_says_ok_is_fit(tmp_path: Path, script: str, words: str) -> None:
    attempt = Attempt(script, tmp_path).run()
    assert words in attempt.refusal
    assert attempt.server.story == []


def test_a_check_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrading, "CHECK_SECONDS", 0.2)
    attempt = Attempt("echo thinking; exec sleep 1000", tmp_path).run()
    assert "did not end within 0.2 seconds" in attempt.refusal


def test_of_a_traceback_its_last_line_is_told_and_all_of_it_logged(tmp_path: Path) -> None:
    attempt = Attempt(
        "echo 'Traceback (most recent call last):'; echo ' here'; echo 'ValueError: x'; exit 1", tmp_path
    )
    assert attempt.run().refusal == "FAILED: the new code cannot be loaded: ValueError: x"
    assert "here\nValueError: x" in attempt.log.text()


def test_an_installation_that_is_gone_is_told_of(tmp_path: Path) -> None:
    attempt = Attempt("", tmp_path)
    attempt.program.unlink()
    assert (
        f"cannot start {attempt.program}: No such file or directory; was the installation"
        in attempt.run().refusal
    )
    attempt.image = Image(attempt.image.executable, (), str(tmp_path / "gone"), {})
    assert f"cannot start {tmp_path}/gone" in attempt.run().refusal


def test_an_installation_that_our_user_may_not_run_is_told_of(tmp_path: Path) -> None:
    attempt = Attempt("", tmp_path)
    attempt.program.chmod(0o644)
    assert f"is run by the user that this daemon has become (uid {os.geteuid()})" in attempt.run().refusal


@pytest.mark.parametrize(("executable", "directory"), [("", "/"), ("/bin/sh", "")])
def test_a_process_that_does_not_know_how_it_was_started_is_not_upgraded(
    tmp_path: Path, executable: str, directory: str
) -> None:
    attempt = Attempt("", tmp_path)
    attempt.image = Image(executable, (), directory, {})
    assert "could not tell the" in attempt.run().refusal


def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    attempt = Attempt(f"echo '{OK}'; rm $0", tmp_path).run(times=2)
    assert attempt.refusal == "FAILED: another upgrade is under way"
    assert attempt.server.story == ["hold", "settle", "resume", "go on"]


def test_an_exec_that_fails_changes_nothing(tmp_path: Path) -> None:
    before, mask = os.getcwd(), signal.pthread_sigmask(signal.SIG_BLOCK, [])
    attempt = Attempt(f"echo '{OK}'; rm $0", tmp_path).run()
    assert attempt.refusal == ""
    assert (
        attempt.error == f"the new image could not be executed: No such file or directory: {attempt.program}"
    )
    assert ("critical", f"{attempt.error}; going on as before") in attempt.log.lines
    assert attempt.server.story == ["hold", "settle", "resume", "go on"]
    assert (os.getcwd(), signal.pthread_sigmask(signal.SIG_BLOCK, [])) == (before, mask)


def test_what_cannot_be_packed_changes_nothing(tmp_path: Path) -> None:
    attempt = Attempt(f"echo '{OK}'", tmp_path)
    attempt.pack_error = OSError(28, "No space left on device", "memory")
    assert attempt.run().error == "the new image could not be executed: No space left on device: memory"
    assert attempt.server.story[-2:] == ["resume", "go on"]


def test_a_daemon_that_is_told_to_end_meanwhile_ends(tmp_path: Path) -> None:
    attempt = Attempt(f"echo '{OK}'", tmp_path)
    attempt.is_ending = True
    assert attempt.run().refusal == Fault.SHUTDOWN_STATE.name
    assert attempt.server.story == []
    attempt = Attempt(f"echo '{OK}'", tmp_path)

    async def settle(seconds: float) -> None:
        attempt.is_ending = True

    attempt.server.settle = settle  # type: ignore[method-assign]
    assert attempt.run().error == "the daemon was told to end"
    assert attempt.server.story == ["hold", "resume", "go on"]
