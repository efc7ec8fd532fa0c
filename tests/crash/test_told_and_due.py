"""The daemon is killed at every write about what people are told, what a schedule is due for, and what a rule has done.

As in `test_every_write_point.py`, but only at the writes in question: a run that nobody kills says which they are.
"""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crash.numbered import PROBES, Notes, read_notes
from support.daemon import Daemon, bin_dir
from support.until import until
from vigild.host.state_file import schedule_path
from vigild.wire.state_documents import SCHEDULES, encode_states

CHUNKS = 2
WEB = "[program:web]\ncommand=/bin/sh {probes}/instance.sh web {tmp}/notes\nstartsecs=0\n"
TELL = "[alert:ops]\nurl=exec:/bin/sh {tmp}/tell.sh\nbatch_seconds=0\n"
DUE = (
    "[program:job]\ncommand=/bin/sh {probes}/instance.sh job {tmp}/notes\n"
    "schedule=@yearly\nschedule_timezone=UTC\nschedule_missed=once\n"
)
FULL = (
    "[program:web]\ncommand={python} -ISBc \"b = bytearray(40 << 20); import time; open('{tmp}/notes', 'a').write("
    "'START web %%d\\n' %% __import__('os').getpid()); time.sleep(1000)\"\nstartsecs=0\nmemory_max=20MB\n"
    "on_memory_max=alert\n"
)


@dataclass
class Life:
    """One daemon, that is killed at `crash_at` (0: never), and the one that follows."""

    tmp: Path
    conf: str
    crash_at: int
    daemon: Daemon = field(init=False)

    def __post_init__(self) -> None:
        (self.tmp / "told").mkdir(parents=True)
        (self.tmp / "bin").mkdir()
        self._write("bin/supervisord", f'#!/bin/sh\nexec {bin_dir()}/python {PROBES}/killed_daemon.py "$@"\n')
        self._write(
            "tell.sh", f"cat > {self.tmp}/told/$$.new\nmv {self.tmp}/told/$$.new {self.tmp}/told/$$\n"
        )
        environment = {"CRASH_AT": str(self.crash_at), "CRASH_POINTS": str(self.tmp / "points")}
        environment["STATE_DIRECTORY"] = str(self.tmp / "state")
        text = self.conf.format(tmp=self.tmp, probes=PROBES, python=sys.executable)
        self.daemon = Daemon(self.tmp, text, env=environment, bin=self.tmp / "bin")

    def _write(self, name: str, text: str) -> None:
        (self.tmp / name).write_text(text)
        (self.tmp / name).chmod(0o755)

    @property
    def notes(self) -> Notes:
        return read_notes(self.tmp / "notes")

    @property
    def points(self) -> list[str]:
        path = self.tmp / "points"
        return path.read_text().splitlines() if path.exists() else []

    def told(self, kind: str) -> list[str]:
        """The names of what was told to have begun, once for each beginning and message that it lasts."""
        messages = [json.loads(path.read_text()) for path in (self.tmp / "told").glob("*[0-9]")]
        troubles = [one for message in messages for one in message["troubles"] if one["kind"] == kind]
        lasting = [(one["name"], one["began"]) for one in troubles if not one["ended"]]
        over = {(one["name"], one["began"]) for one in troubles if one["ended"]}
        return [name for name, _ in [*lasting, *over.difference(lasting)]]

    def texts(self) -> str:
        """What was told, in words, for messages."""
        return "\n".join(path.read_text() for path in (self.tmp / "told").glob("*[0-9]"))

    @property
    def was_killed(self) -> bool:
        assert self.daemon.process is not None
        return self.daemon.process.poll() is not None

    def wait(self, condition: Callable[[], object]) -> bool:
        """Wait for it; False when the daemon was killed meanwhile."""
        until(lambda: self.was_killed or condition(), what=f"{self.points[-1:]} {self.daemon.words()}")
        return bool(condition())

    def follow(self) -> None:
        """The next daemon, that nobody kills."""
        assert self.daemon.process is not None
        if not self.was_killed:
            self.daemon.kill()
        assert self.daemon.process.wait() == -signal.SIGKILL, self.daemon.words()
        self.daemon.bin = bin_dir()
        self.daemon.start(wait=False)

    def end(self) -> None:
        """It ends in good order, so that all has been told."""
        self.daemon.wait_answering()
        assert self.daemon.process is not None
        self.daemon.process.terminate()
        assert self.daemon.wait_end() == 0


def walked(
    tmp: Path, conf: str, chunk: int, words: tuple[str, ...], play: Callable[[Life], object]
) -> Iterator[Life]:
    """One life after the other, each played until it was killed at one of the writes that tell of `words`."""
    first = Life(tmp / "0", conf, 0)
    try:
        first.daemon.start(wait=False)
        assert play(first)
        points = [point for point in first.points if any(word in point for word in words)]
    finally:
        first.daemon.stop()
    assert points, first.points
    for number in [int(point.split()[0]) for point in points][chunk::CHUNKS]:
        life = Life(tmp / str(number), conf, number)
        try:
            life.daemon.start(wait=False)
            play(life)
            life.follow()
            yield life
        finally:
            life.daemon.stop()


def lose_web(life: Life) -> object:
    """The program is killed from outside, and that is told."""
    if not life.wait(lambda: "web" in life.notes.starts):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(life.notes.starts["web"][0], signal.SIGKILL)
    return life.wait(lambda: "web" in life.told("down"))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_is_told_survives_every_point_and_is_told_once(short_tmp: Path, chunk: int) -> None:
    for life in walked(short_tmp, TELL + WEB, chunk, ("edge", "trouble"), lose_web):
        point = life.points[-1]
        lost = not _is_alive(life.notes.starts["web"][0]) if life.notes.starts else False
        until(lambda one=life: one.notes.starts.get("web"), what=f"the program, {point}")
        until(lambda one=life, lost=lost: not lost or "web" in one.told("down"), what=f"{point}: the news")
        until(lambda one=life: one.told("daemon"), what=f"{point}: the news of the daemon's end")
        life.end()
        # Told first and written down then: between the two it may be told by either daemon.
        most = (
            2 if ("after" in point and "+edge" in point) or ("before" in point and "+trouble" in point) else 1
        )
        assert len(life.told("down")) <= most, f"{point}\n{life.texts()}\n{life.daemon.log()}"
        assert life.told("daemon") == ["supervisor"], f"{point}\n{life.texts()}"
        assert life.notes.doubles == []


def run_job(life: Life) -> object:
    """A run that was due while no daemon lived."""
    return life.wait(lambda: "job" in life.notes.starts)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_run_that_is_due_is_started_once_whatever_the_point_of_death(
    short_tmp: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Daemon.start

    def overdue(self: Daemon, *flags: str, wait: bool = True) -> Daemon:
        file = Path(schedule_path(str(self.tmp / "state"), str(self.conf), "supervisor"))
        if not file.parent.exists():
            file.parent.mkdir(mode=0o700)
            state = {"plan": "@yearly UTC", "handled": time.time() - 400 * 86400, "pending": False}
            state |= {"began": 0.0, "ended": 0.0, "outcome": "", "text": "", "troubles": []}
            file.write_bytes(encode_states(SCHEDULES, {"job": state}, str(self.conf), "supervisor"))
        return start(self, *flags, wait=wait)

    monkeypatch.setattr(Daemon, "start", overdue)
    for life in walked(short_tmp, DUE, chunk, ("job",), run_job):
        (file,) = (life.tmp / "state").glob("schedules-*.json")
        until(lambda one=life: "job" in one.notes.starts, what=f"the run, {life.points[-1]}")
        file.unlink(missing_ok=True)  # it is written anew when the daemon has looked, or at its end
        life.end()
        assert len(life.notes.starts["job"]) == 1, life.points[-1]
        assert life.notes.doubles == []


@pytest.mark.slow
def test_a_limit_that_was_passed_is_told_once_by_all_daemons_together(short_tmp: Path) -> None:
    conf = TELL + FULL
    for number, life in enumerate(
        walked(short_tmp, conf, 0, ("edge",), lambda life: life.wait(lambda: life.told("rule")))
    ):
        until(lambda one=life: one.told("rule"), what=f"the news, {life.points[-1]}")
        life.end()
        assert life.told("rule") == ["web"], life.points[-1]
        if number:  # before and after: the others would take five seconds each for nothing new
            break


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
