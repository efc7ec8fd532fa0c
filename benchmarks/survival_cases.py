"""What becomes of programs, their lines, events and clients when a supervisor dies or is replaced. One function a case."""

import os
import random
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.numbered import PROBES, Count, Writer, count_lines, make_writer, read_notes, total

from benchmarks.kit import procfs
from benchmarks.kit.contender import Contender, Daemon, Program, Rotation, Setup, UnsupportedError, wait_for
from benchmarks.kit.contenders.classic import ClassicDaemon
from benchmarks.kit.notes import TimedOutError
from benchmarks.kit.payload import Payload
from benchmarks.kit.row import milliseconds, pause
from benchmarks.kit.site import Site, make_site, reap

BURST_BYTES = 4_000_000
SETTLE_SECONDS = 2.0  # programs run, and log, before anything happens, and after
LIMIT_SECONDS = 60.0
GRACE_SECONDS = 5.0
EVENTS = 10
CROWD = 200
ROTATION = Rotation(maxbytes=1_000_000, backups=200)


def make_writers() -> tuple[Writer, ...]:
    """Ten that write as fast as they can when told to, twenty that write now and then, twenty that never do."""
    a_write = (1, 1, 1, 7, 40, 40, 100, 650, 650, 650)
    busy = (
        Writer(f"busy{index}", 100, lines, lines_a_second=100, burst_lines=BURST_BYTES // 100)
        for index, lines in enumerate(a_write)
    )
    calm = (Writer(f"calm{index}", lines_a_second=5) for index in range(20))
    silent = (Writer(f"silent{index}") for index in range(20))
    return (*busy, *calm, *silent)


@dataclass(frozen=True, slots=True)
class Loss:
    """What a death or an upgrade cost."""

    programs: int
    kept: int  # programs that ran on through it, with no second instance started
    doubled_programs: int  # of which two instances ran at the same time
    lines: Count
    calls: "Calls"


@dataclass(slots=True)
class Calls:
    """What a client saw that called again and again."""

    answered: int = 0
    failed: int = 0
    longest_ms: float = 0.0
    examples: list[str] = field(default_factory=list)


class Caller(threading.Thread):
    """Calls the daemon over and over, each time with a connection of its own, until told to end."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self.calls = Calls()
        self._daemon = daemon
        self._ending = threading.Event()

    def run(self) -> None:
        while not self._ending.wait(0.003):
            before = time.monotonic_ns()
            try:
                self._call()
            except (OSError, EOFError) as error:
                self.calls.failed += 1
                if len(self.calls.examples) < 3:
                    self.calls.examples.append(f"{type(error).__name__}: {error}")
                continue
            self.calls.answered += 1
            self.calls.longest_ms = max(self.calls.longest_ms, milliseconds(time.monotonic_ns() - before))

    def end(self) -> Calls:
        self._ending.set()
        self.join()
        return self.calls

    def _call(self) -> None:
        if isinstance(self._daemon, ClassicDaemon):
            self._daemon.ask_state(by_tcp=self.calls.answered % 2 == 0)
            return
        # circus: ZeroMQ greets whoever connects.
        with socket.create_connection(("127.0.0.1", self._daemon.control_port()), timeout=10) as connection:
            if not connection.recv(1):
                raise EOFError("closed without a word")


def kill(contender: Contender, payload: Payload) -> Loss:
    """SIGKILL to the daemon while programs write as fast as they can, then a new start."""

    def crash(daemon: Daemon) -> Daemon:
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.wait_until_ended(LIMIT_SECONDS)
        return contender.launch_again(daemon)

    return _lose(contender, payload, crash, calling=False)


def upgrade(contender: Contender, payload: Payload) -> Loss:
    """New code under load, with a client that calls throughout."""
    return _lose(contender, payload, contender.upgrade, calling=True)


def _lose(contender: Contender, payload: Payload, replace, calling: bool) -> Loss:  # type: ignore[no-untyped-def]
    writers = make_writers()
    with make_site(payload) as site:
        notes_path = site.root / "notes"
        command = make_writer(site.root)
        programs = tuple(
            Program(
                writer.name,
                tuple(writer.argv(command, notes_path)),
                log=_log(site, writer),
                rotation=ROTATION,
            )
            for writer in writers
        )
        daemon = contender.launch(site, Setup(programs=programs))
        _wait_for_starts(notes_path, {writer.name for writer in writers})
        daemon.wait_until_up()
        pause(SETTLE_SECONDS)
        first = {name: pids[0] for name, pids in read_notes(notes_path).starts.items()}
        caller = Caller(daemon) if calling else None
        if caller is not None:
            caller.start()
            pause(0.2)
        for writer in writers:
            if writer.burst_lines:
                os.kill(first[writer.name], signal.SIGUSR1)
        pause(random.uniform(0.005, 0.03))
        daemon = replace(daemon)
        daemon.wait_until_up()
        pause(SETTLE_SECONDS)
        calls = caller.end() if caller is not None else Calls()
        alone = {name for name, pids in read_notes(notes_path).starts.items() if len(pids) == 1}
        kept = sum(procfs.is_alive(pid) for name, pid in first.items() if name in alone)
        _end_all(daemon, notes_path)
        notes = read_notes(notes_path)
        lines = total(
            count_lines(writer, _log(site, writer), notes.written(writer.name)) for writer in writers
        )
        return Loss(len(writers), kept, len(set(notes.doubles)), lines, calls)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of events of which the first was not acknowledged when the daemon died."""

    sent: int
    lost: int
    twice: int


def events(contender: Contender, payload: Payload) -> Delivery:
    """Ten events are sent; a listener has the first and has not answered; the daemon is killed and started again."""
    with make_site(payload) as site:
        record, go = site.root / "record", site.root / "go"
        argv = (sys.executable, "-ISB", str(PROBES / "holding_listener.py"), str(record), str(go))
        daemon = contender.launch(site, Setup(listener=argv, listener_buffer=100))
        if not isinstance(daemon, ClassicDaemon):
            raise UnsupportedError("no listeners on pipes")
        daemon.wait_until_up()
        for number in range(EVENTS):
            daemon.send_event(f"event-{number}")
        wait_for(lambda: record.exists() and record.read_text(), LIMIT_SECONDS, "the first event")
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.wait_until_ended(LIMIT_SECONDS)
        again = contender.launch_again(daemon)
        again.wait_until_up()
        go.touch()
        wait_for(lambda: _settled(record), LIMIT_SECONDS, "an end of deliveries")
        lines = [line.split() for line in record.read_text().splitlines()]
        got = [payload for what, _, _, payload in lines if what == "GOT"]
        answered = {payload for what, _, _, payload in lines if what == "ANSWERED"}
        lost = sum(f"event-{number}" not in answered for number in range(EVENTS))
        return Delivery(EVENTS, lost, len(got) - len(set(got)))


def _settled(record: Path) -> bool:
    """Nothing was added for a while."""
    before = record.stat().st_size
    pause(SETTLE_SECONDS)
    return record.stat().st_size == before


def finished_job(contender: Contender, payload: Payload) -> int:
    """A job ends, with the status that it should, between the death of the daemon and its new start. How often did it run?"""
    return _runs_of_job(contender, payload, ends_before_start=True)


def running_job(contender: Contender, payload: Payload) -> int:
    """As above, but the job ends after the new start."""
    return _runs_of_job(contender, payload, ends_before_start=False)


def _runs_of_job(contender: Contender, payload: Payload, ends_before_start: bool) -> int:
    with make_site(payload) as site:
        notes_path, go = site.root / "notes", site.root / "go"
        argv = ("/bin/sh", str(PROBES / "job.sh"), "job", str(notes_path), str(go))
        options = (("autorestart", "unexpected"), ("exitcodes", "7"))
        daemon = contender.launch(site, Setup(programs=(Program("job", argv, options=options),)))
        _wait_for_starts(notes_path, {"job"})
        daemon.wait_until_up()
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.wait_until_ended(LIMIT_SECONDS)
        if ends_before_start:
            _end_job(notes_path, go)
            contender.launch_again(daemon).wait_until_up()
        else:
            contender.launch_again(daemon).wait_until_up()
            pause(SETTLE_SECONDS)
            _end_job(notes_path, go)
        pause(SETTLE_SECONDS)
        return len(read_notes(notes_path).starts["job"])


def _end_job(notes_path: Path, go: Path) -> None:
    go.touch()
    wait_for(lambda: "job" in read_notes(notes_path).ends, LIMIT_SECONDS, "the end of the job")
    pid = read_notes(notes_path).starts["job"][0]
    wait_for(lambda: not procfs.is_alive(pid), LIMIT_SECONDS, "the end of the job's process")
    reap()  # we are in the place of init, which does not leave a zombie lying about


def take_back(contender: Contender, payload: Payload, number: int = CROWD) -> float:
    """Milliseconds from the exec of the new daemon until all programs are under supervision (again, or anew)."""
    writers = [Writer(f"p{index}") for index in range(number)]
    with make_site(payload) as site:
        notes_path = site.root / "notes"
        command = make_writer(site.root)
        programs = tuple(Program(writer.name, tuple(writer.argv(command, notes_path))) for writer in writers)
        daemon = contender.launch(site, Setup(programs=programs))
        _wait_for_starts(notes_path, {writer.name for writer in writers})
        daemon.wait_until_up()
        if not isinstance(daemon, ClassicDaemon):
            raise UnsupportedError("it does not tell")
        pause(SETTLE_SECONDS)
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.wait_until_ended(LIMIT_SECONDS)
        again = contender.launch_again(daemon)
        assert isinstance(again, ClassicDaemon)
        wait_for(lambda: _all_run(again, number), LIMIT_SECONDS, "all programs")
        return milliseconds(time.monotonic_ns() - again.exec_at_ns)


def _all_run(daemon: ClassicDaemon, number: int) -> bool:
    found = daemon.process_info()
    return len(found) == number and all(info["statename"] == "RUNNING" for info in found)


def _log(site: Site, writer: Writer) -> Path:
    return site.root / f"{writer.name}.log"


def _wait_for_starts(notes_path: Path, names: set[str]) -> None:
    wait_for(lambda: names <= set(read_notes(notes_path).starts), LIMIT_SECONDS, "the start of all programs")


def _end_all(daemon: Daemon, notes_path: Path) -> None:
    """The daemon with what it knows, then the orphans."""
    daemon.terminate()
    daemon.wait_until_ended(LIMIT_SECONDS)
    for pids in read_notes(notes_path).starts.values():
        for pid in filter(procfs.is_alive, pids):
            os.kill(pid, signal.SIGTERM)
    everyone = [pid for pids in read_notes(notes_path).starts.values() for pid in pids]
    try:
        wait_for(lambda: not any(map(procfs.is_alive, everyone)), GRACE_SECONDS, "the end of all programs")
    except TimedOutError:
        for pid in filter(procfs.is_alive, everyone):
            os.kill(pid, signal.SIGKILL)  # it waits for ever for somebody to read its pipe
        wait_for(lambda: not any(map(procfs.is_alive, everyone)), LIMIT_SECONDS, "the end of all programs")
