"""The daemon is killed at every point where it writes its journal: nothing is started twice, nothing is forgotten.

A run of a fixed scenario is killed at the first write point, the next at the second, and so on until a run gets to its
end. After each, a daemon is started that nobody kills, and has to find its way. Each write has two points, before and
after; what a daemon does between two writes (a spawn, a signal) is thereby cut off on either side.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crash.numbered import PROBES, Notes, read_notes
from support.daemon import FRAME, Daemon, bin_dir
from support.until import DEADLINE_SECONDS, until
from vigild.client.errors import ClientError
from vigild.client.supervisor import ProcessInfo, Supervisor

CHUNKS = 6  # what one process of the tests walks through; the chunks interleave
LONGEST_WALK = 2000

PROGRAM = "[program:{name}]\ncommand=/bin/sh {probes}/instance.sh {name} {notes} {more}\nautorestart=true\n"
PLAIN = PROGRAM + "startsecs=0\n"
# Ends with a status that is no success, while it counts as starting: a failed start, and another one a second later.
FAILS_ONCE = PROGRAM + "startsecs=1\n"
SHARED = PLAIN.replace("[program:", "[fcgi-program:") + "socket=unix://{tmp}/fcgi\n"
LISTENER = (
    "[eventlistener:{name}]\ncommand={python} -ISB {probes}/ear.py {name} {notes}\n"
    "events=PROCESS_STATE,REMOTE_COMMUNICATION\nstartsecs=0\nbuffer_size=100\n"
)
SCENARIOS = {
    "orders": (("steady", PLAIN, ""), ("ordered", PLAIN, ""), ("ends", PLAIN, "{tmp}/ended 0")),
    "listener": (("ear", LISTENER, ""), ("steady", PLAIN, "")),
    "failures": (("fails", FAILS_ONCE, "{tmp}/failed 1"), ("shared", SHARED, "")),
    "changes": (("kept", PLAIN, ""), ("gone", PLAIN, ""), ("changed", PLAIN, "")),
}
# What the configuration of "changes" becomes while the daemon runs, for `supervisorctl update` to apply.
CHANGED = (("kept", PLAIN, ""), ("changed", PLAIN + "priority=5\n", ""), ("new", PLAIN, ""))


class KilledError(Exception):
    """The daemon is gone in the middle of the scenario."""


@dataclass
class Walk:
    """One run: a daemon that will be killed at `crash_at`, a scenario, and the daemon that follows."""

    tmp: Path
    scenario: str
    crash_at: int
    daemon: Daemon = field(init=False)
    names: list[str] = field(init=False)
    stop_acknowledged: bool = False
    start_ordered: bool = False
    start_acknowledged: bool = False
    end_ordered: bool = False
    event_accepted: bool = False

    def __post_init__(self) -> None:
        self.tmp.mkdir()
        binaries = self.tmp / "bin"
        binaries.mkdir()
        (binaries / "supervisord").write_text(
            f'#!/bin/sh\nexec {bin_dir()}/python {PROBES}/killed_daemon.py "$@"\n'
        )
        (binaries / "supervisord").chmod(0o755)
        points = self.tmp / "points"
        environment = {"CRASH_AT": str(self.crash_at), "CRASH_POINTS": str(points)}
        self.daemon = Daemon(self.tmp, "[supervisord]", env=environment, bin=binaries)
        self.configure(SCENARIOS[self.scenario])

    def configure(self, programs: tuple[tuple[str, str, str], ...]) -> None:
        """Write the configuration file."""
        values = {"tmp": self.tmp, "socket": self.daemon.socket, "notes": self.tmp / "notes"}
        values |= {"probes": PROBES, "python": sys.executable}
        text = FRAME.format(**values)
        for name, section, more in programs:
            text += section.format(name=name, more=more.format(tmp=self.tmp), **values)
        self.names = [name for name, *_ in programs]
        self.daemon.conf.write_text(text)

    @property
    def notes(self) -> Notes:
        return read_notes(self.tmp / "notes")

    def point(self) -> str:
        """Where it was killed, for messages."""
        return f"{self.scenario}, killed at {self.crash_at}: {['before the first', *self.points()][-1]}"

    def points(self) -> list[str]:
        """The write points that were passed."""
        points = self.tmp / "points"
        return points.read_text().splitlines() if points.exists() else []

    # --- the first life

    def play(self) -> bool:
        """Play the scenario. False when the daemon was killed in the middle of it."""
        self.daemon.start(wait=False)
        try:
            self.wait_all_running()
            if "ordered" in self.names:
                self.order()
            if self.scenario == "changes":
                self.update()
            if "ear" in self.names:
                self.client(lambda client: client.rpc.call("supervisor.sendRemoteCommEvent", "type", "hello"))
                self.event_accepted = True
                self.wait(lambda: "hello" in (self.tmp / "notes").read_text())
            if self.scenario != "changes":
                self.crash_one()
            self.end_ordered = True
            self.daemon.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
            if self.daemon.wait_end() != 0:
                raise KilledError
        except KilledError:
            assert self.daemon.process is not None
            assert self.daemon.process.wait() == -signal.SIGKILL, self.daemon.words()
            return False
        return True

    def order(self) -> None:
        self.client(lambda client: client.stop("ordered"))
        self.stop_acknowledged = True
        self.start_ordered = True
        self.client(lambda client: client.start("ordered"))
        self.start_acknowledged = True

    def update(self) -> None:
        """What `supervisorctl update` does about a configuration that has changed."""
        self.configure(CHANGED)
        self.client(lambda client: client.reload_config())
        for name in ("gone", "changed"):
            self.client(lambda client, name=name: client.stop_group(name))  # type: ignore[misc]
            self.client(lambda client, name=name: client.remove_group(name))  # type: ignore[misc]
        for name in ("changed", "new"):
            self.client(lambda client, name=name: client.add_group(name))  # type: ignore[misc]
        self.wait_all_running()

    def crash_one(self) -> None:
        """A program is killed from outside, and comes back."""
        name = self.names[-1]
        pid = self.notes.starts[name][-1]
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.wait(lambda: self.info()[name]["pid"] not in (0, pid))
        self.wait(lambda: self.notes.starts[name][-1] != pid)
        self.wait_all_running()

    def wait_all_running(self) -> None:
        self.wait(lambda: all(self.is_up(info) for info in self.info().values()))
        self.wait(lambda: set(self.names) <= set(self.notes.starts))

    def is_up(self, info: ProcessInfo) -> bool:
        """RUNNING; waiting for a whole `startsecs` would double the time of all tests here."""
        second_try = info["name"] == "fails" and len(self.notes.starts.get("fails", ())) > 1
        return info["statename"] == "RUNNING" or (second_try and info["statename"] == "STARTING")

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait as long as the daemon lives. Raises KilledError."""

        def holds() -> bool:
            self.fail_if_killed()
            return condition()

        until(holds, what=self.point())

    def info(self) -> dict[str, ProcessInfo]:
        """What the daemon tells, by name; empty states while it does not answer yet."""
        try:
            with Supervisor.at(f"unix://{self.daemon.socket}", timeout_seconds=DEADLINE_SECONDS) as client:
                return {info["name"]: info for info in client.all_info()}
        except (OSError, ClientError):
            self.fail_if_killed()
            return {name: {"name": name, "statename": "", "pid": 0} for name in self.names}  # type: ignore[typeddict-item]

    def client(self, order: Callable[[Supervisor], object]) -> None:
        """Give an order. Raises KilledError if the daemon did not live to answer it."""
        try:
            with Supervisor.at(f"unix://{self.daemon.socket}", timeout_seconds=DEADLINE_SECONDS) as client:
                order(client)
        except (OSError, ClientError):
            until(lambda: self.daemon.process is None or self.daemon.process.poll() is not None, 5)
            raise KilledError from None

    def fail_if_killed(self) -> None:
        assert self.daemon.process is not None
        if self.daemon.process.poll() is not None:
            raise KilledError

    # --- the second life

    def recover(self) -> None:
        """Start a daemon that nobody kills, and see that everything is as it was wanted."""
        self.daemon.bin = bin_dir()
        self.daemon.start(wait=False)
        if self.scenario == "changes":
            self.daemon.wait_answering()
            self.configure(CHANGED)
            outcome = self.daemon.ctl("update")
            assert outcome.code == 0, f"{outcome} {self.point()}\n{self.daemon.words()}"
            if (
                self.info()["changed"]["statename"] == "STOPPED"
            ):  # the order to stop it is all that was carried out
                assert self.daemon.ctl("start", "changed").code == 0
        try:
            until(self.is_settled, what=f"order after {self.point()}")
        except (AssertionError, KilledError) as error:
            told = (self.tmp / "notes").read_text()
            raise AssertionError(
                f"{error!r} {self.point()}\n{self.info()}\n{told}\n{self.daemon.words()}"
            ) from None
        assert [] == self.notes.doubles, self.point()
        if "ear" in self.names:
            self.client(lambda client: client.rpc.call("supervisor.sendRemoteCommEvent", "type", "again"))
            until(lambda: "again" in (self.tmp / "notes").read_text(), what=f"the event after {self.point()}")
            self.check_events()

    def check_events(self) -> None:
        """None is lost but with a daemon that was told to end, and none comes before an older one."""
        lines = [line.split() for line in (self.tmp / "notes").read_text().splitlines()]
        events = [(int(words[3]), words[-1]) for words in lines if words[0] == "EVENT"]
        if not self.end_ordered:
            assert events == sorted(events, key=lambda event: event[0]), self.point()
            assert not self.event_accepted or "hello" in [what for _, what in events], self.point()

    def is_settled(self) -> bool:
        """Everything runs, once, as the daemon says; what was ordered to stop may be, or must be, stopped.

        Had the daemon been told to end, this is a new start like any other, so everything runs.
        """
        info = self.info()
        if set(info) != set(self.names) or any(map(_is_alive, self.starts_of_others())):
            return False
        for name in self.names:
            state = info[name]["statename"]
            living = [pid for pid in self.notes.starts.get(name, ()) if _is_alive(pid)]
            started = self.is_up(info[name]) and living == [info[name]["pid"]]
            stopped = state == "STOPPED" and not living
            if name != "ordered" or self.start_acknowledged or self.end_ordered:
                settled = started
            elif self.stop_acknowledged and not self.start_ordered:
                settled = stopped
            else:
                settled = stopped or started
            if not settled:
                return False
        return True

    def starts_of_others(self) -> list[int]:
        """The pids of programs that are configured no longer."""
        return [pid for name, pids in self.notes.starts.items() if name not in self.names for pid in pids]

    def end(self) -> None:
        """The daemon ends in order, and leaves nothing behind."""
        try:
            assert self.daemon.process is not None
            self.daemon.process.send_signal(signal.SIGTERM)
            assert self.daemon.wait_end() == 0
            assert [] == self.daemon.descendants(), f"left behind: {self.point()}"
        finally:
            self.daemon.stop()


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_every_write_point(short_tmp: Path, scenario: str, chunk: int) -> None:
    for crash_at in range(chunk + 1, LONGEST_WALK, CHUNKS):
        walk = Walk(short_tmp / str(crash_at), scenario, crash_at)
        try:
            if walk.play():
                assert len(walk.points()) > 10, "is the journal still written by Journal.append?"
                assert [] == walk.daemon.descendants()
                return
            walk.recover()
            walk.end()
        finally:
            walk.daemon.stop()
    raise AssertionError(f"a scenario with {LONGEST_WALK} write points")
