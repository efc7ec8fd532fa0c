"""Events and listeners over `kill -9` of a real daemon: each at least once, in order, with its serial."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.until import until
from vigild.client.supervisor import Supervisor

PROBE = Path(__file__).parent / "probes" / "stepping_listener.py"
CONF = """
[eventlistener:ear]
command={python} {probe} {tmp}/control {tmp}/notes {mode}
events=REMOTE_COMMUNICATION
buffer_size=1000
startsecs=0
autorestart=true
"""


@dataclass
class Ear:
    """One daemon with one listener."""

    daemon: Daemon
    tmp: Path
    control: int

    def allow(self, steps: int = 1) -> None:
        """Let the listener go on by so many steps."""
        os.write(self.control, b"." * steps)

    def is_waiting(self) -> bool:
        """Has it used up all leave?"""
        import fcntl
        import termios

        return not any(fcntl.ioctl(self.control, termios.FIONREAD, bytes(4)))

    def send(self, *texts: str) -> None:
        with Supervisor.at(f"unix://{self.daemon.socket}") as client:
            for text in texts:
                client.rpc.call("supervisor.sendRemoteCommEvent", "t", text)

    def notes(self) -> list[tuple[int, int, str]]:
        """What the listener got: serial, pool serial, text."""
        path = self.tmp / "notes"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(serial), int(pool), text) for _, serial, pool, text in map(str.split, lines)]

    def texts(self) -> list[str]:
        return [text for _, _, text in self.notes()]

    def crash(self) -> None:
        self.daemon.kill()

    def come_back(self) -> None:
        self.daemon.start()


def begin(tmp: Path, mode: str = "") -> Iterator[Ear]:
    os.mkfifo(tmp / "control")
    control = os.open(tmp / "control", os.O_RDWR)
    try:
        with Daemon(tmp, CONF.format(python=sys.executable, probe=PROBE, tmp=tmp, mode=mode)) as daemon:
            daemon.wait_state("ear", "RUNNING")
            yield Ear(daemon, tmp, control)
    finally:
        os.close(control)


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    yield from begin(tmp_path)


@pytest.fixture
def split_ear(tmp_path: Path) -> Iterator[Ear]:
    yield from begin(tmp_path, "split")


def test_an_event_that_is_being_worked_on_is_left_to_its_listener_and_the_rest_follows(ear: Ear) -> None:
    ear.allow()
    ear.send("one", "two", "three")
    until(lambda: ear.texts() == ["one"])
    pid = ear.daemon.pid("ear")
    ear.crash()
    ear.come_back()
    assert ear.daemon.pid("ear") == pid
    ear.send("four")
    ear.allow(100)
    until(lambda: ear.texts() == ["one", "two", "three", "four"])
    serials = [serial for serial, _, _ in ear.notes()]
    assert serials[:3] == [0, 1, 2]
    assert serials[3] >= 3


def test_an_answer_given_while_no_daemon_ran_counts(ear: Ear) -> None:
    ear.allow()
    ear.send("one", "two")
    until(lambda: ear.texts() == ["one"])
    ear.crash()
    ear.allow(2)
    until(ear.is_waiting)
    ear.come_back()
    until(lambda: ear.texts() == ["one", "two"])


def test_the_event_of_a_listener_that_dies_after_the_crash_is_delivered_again(ear: Ear) -> None:
    ear.allow()
    ear.send("one", "two")
    until(lambda: ear.texts() == ["one"])
    ear.crash()
    ear.come_back()
    os.kill(ear.daemon.pid("ear"), 9)
    ear.allow(100)
    until(lambda: ear.notes() == [(0, 0, "one"), (0, 0, "one"), (1, 1, "two")])


def test_the_event_of_a_listener_that_died_while_no_daemon_ran_is_delivered_again(ear: Ear) -> None:
    ear.allow()
    ear.send("one", "two")
    until(lambda: ear.texts() == ["one"])
    pid = ear.daemon.pid("ear")
    ear.crash()
    os.kill(pid, 9)
    ear.come_back()
    ear.allow(100)
    until(lambda: ear.notes() == [(0, 0, "one"), (0, 0, "one"), (1, 1, "two")])


def test_a_listener_between_result_and_ready_gets_the_next_event_once(ear: Ear) -> None:
    ear.allow()
    ear.send("one")
    until(lambda: ear.texts() == ["one"])
    ear.allow()
    until(lambda: "event" not in kinds(ear), what="the result to be taken")
    ear.crash()
    ear.come_back()
    ear.send("two", "three")
    ear.allow(100)
    until(lambda: ear.texts() == ["one", "two", "three"])
    assert "UNKNOWN state" not in ear.daemon.log()


def kinds(ear: Ear) -> set[str]:
    """Kinds of entries in the journal that have any."""
    from vigild.host.journal import read_journal
    from vigild.host.runtime_dir import open_runtime_dir

    held = open_runtime_dir(str(ear.daemon.conf), "supervisor", environ=os.environ, uid=os.geteuid())
    entries, _ = read_journal(held.path)  # type: ignore[union-attr]
    return {kind for kind, keys in entries.items() if keys}


@pytest.mark.parametrize("steps", [1, 3, 4, 5])
def test_a_listener_that_is_in_the_middle_of_a_token_is_understood(split_ear: Ear, steps: int) -> None:
    ear = split_ear
    ear.allow(min(steps, 2))
    ear.send("one", "two")
    if steps > 2:
        until(lambda: ear.texts() == ["one"])
        ear.allow(steps - 2)
    until(ear.is_waiting)
    until(lambda: drained(ear), what="the daemon to have read what was said")
    ear.crash()
    ear.come_back()
    ear.allow(100)
    until(lambda: ear.texts()[-1:] == ["two"])
    assert sorted(set(ear.texts())) == ["one", "two"]
    assert ear.notes() == sorted(ear.notes())
    ear.send("three")
    until(lambda: ear.texts()[-1:] == ["three"])
    assert "UNKNOWN state" not in ear.daemon.log()


def drained(ear: Ear) -> bool:
    import fcntl
    import termios

    fd = os.open(f"/proc/{ear.daemon.pid('ear')}/fd/1", os.O_RDONLY | os.O_NONBLOCK)
    try:
        return not any(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))
    finally:
        os.close(fd)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_an_upgrade_delivers_nothing_twice_wherever_a_listener_is(split_ear: Ear, steps: int) -> None:
    ear = split_ear
    ear.allow(min(steps, 2))
    ear.send("one", "two")
    if steps > 1:
        until(lambda: ear.texts() == ["one"])
        ear.allow(steps - 2)
    until(ear.is_waiting)
    until(lambda: drained(ear), what="the daemon to have read what was said")
    pid = ear.daemon.pid("ear")
    outcome = ear.daemon.ctl("upgrade")
    assert outcome.code == 0, outcome
    assert ear.daemon.pid("ear") == pid
    ear.send("three")
    ear.allow(100)
    until(lambda: ear.texts()[-1:] == ["three"])
    assert ear.texts() == ["one", "two", "three"]
    assert "UNKNOWN state" not in ear.daemon.log()


def test_an_event_that_is_larger_than_a_pipe_comes_through_whole(ear: Ear) -> None:
    large = "x" * 300_000
    ear.allow()
    ear.send("one" + large, "two" + large)
    until(lambda: len(ear.texts()) == 1)
    ear.crash()
    ear.come_back()
    ear.allow(100)
    until(lambda: [text[:3] for text in ear.texts()] == ["one", "two"])


def test_under_load_and_many_crashes_none_is_lost_and_none_comes_out_of_order(ear: Ear) -> None:
    ear.allow(60_000)
    sent: list[str] = []
    for crash in range(8):
        with Supervisor.at(f"unix://{ear.daemon.socket}") as client:
            for number in range(200):
                text = f"{crash}.{number}"
                client.rpc.call("supervisor.sendRemoteCommEvent", "t", text)
                sent.append(text)
        ear.crash()
        ear.come_back()
    until(lambda: ear.texts()[-1:] == sent[-1:])
    notes = ear.notes()
    assert [text for _, _, text in dict.fromkeys(notes)] == sent
    assert notes == sorted(notes), "out of order"
    assert len({serial for serial, _, _ in notes}) == len(sent), "a serial was given twice"
    assert len(notes) - len(sent) <= 8, "more came twice than there were crashes"
    assert "UNKNOWN state" not in ear.daemon.log()
