"""What streams carry besides to their logs: to sinks, which come and go while the streams are open."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.machine import ListLog, Machine, on_machine
from vigild.engine.ports import StreamPlan
from vigild.host import streams
from vigild.host.flight import NO_MARK, FlightRecorder, Stage, stamp_of
from vigild.host.logfiles import ChildLogs
from vigild.host.syslog import Syslog


@dataclass
class ListTap:
    """Keeps what each sink took, one after the other."""

    is_wanted: bool = True
    sinks: "list[ListSink]" = field(default_factory=list)

    def open(self, pid: int) -> "ListSink":
        self.sinks.append(ListSink(pid))
        return self.sinks[-1]

    @property
    def told(self) -> bytes:
        return b"".join(sink.told for sink in self.sinks)


@dataclass
class ListSink:
    pid: int
    told: bytes = b""
    is_closed: bool = False

    def take(self, data: bytes) -> None:
        assert not self.is_closed
        self.told += data

    def close(self) -> None:
        assert not self.is_closed
        self.is_closed = True


def test_a_sink_gets_what_goes_to_the_log_before_it_is_dressed(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        tap = ListTap()
        plan = machine.plan(
            tap=tap, strip_ansi=True, capture_max_bytes=100, line_prefix=b"web: ", line_timestamps=True
        )
        script = (
            "printf '\\033[31mred\\033[0m\\n<!--XSUPERVISOR:BEGIN-->told\\n<!--XSUPERVISOR:END-->more <!--X'"
        )
        child = machine.run(script, stdout=plan)
        pid = child.pid
        await machine.ended(child)
        assert tap.told == b"red\nmore <!--X"
        assert [(sink.pid, sink.is_closed) for sink in tap.sinks] == [(pid, True)]

    on_machine(short_tmp, play)


@pytest.mark.parametrize("with_fifos", [True, False], ids=["fifos", "pipes"])
def test_a_stream_without_a_log_is_open_for_its_sink(short_tmp: Path, with_fifos: bool) -> None:
    async def play(machine: Machine) -> None:
        tap = ListTap()
        plans = {"stdout": StreamPlan("stdout", None, tap=tap), "stderr": StreamPlan("stderr", None)}
        await machine.ended(machine.run("echo out; readlink /proc/self/fd/2", **plans))
        assert tap.told == b"out\n/dev/null\n"

    on_machine(short_tmp, play, fifos=with_fifos)


def test_what_descendants_write_later_goes_to_the_sink_too(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        go = short_tmp / "go"
        os.mkfifo(go)
        tap = ListTap()
        plan = machine.plan(tap=tap, on_data=lambda data: None)
        await machine.ended(machine.run(f"echo now; (read x < {go}; echo later) & exit 0", stdout=plan))
        assert (tap.told, tap.sinks[0].is_closed) == (b"now\n", False)
        go.write_bytes(b"\n")
        await machine.holds(lambda: tap.sinks[0].is_closed)
        assert tap.told == machine.read("stdout") == b"now\nlater\n"

    on_machine(short_tmp, play)


def test_sinks_come_and_go_while_a_stream_is_open(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        tap = ListTap(is_wanted=False)
        child = machine.run("while read line; do echo $line; done", stdout=machine.plan(tap=tap))

        async def says(line: str) -> None:
            child.write_stdin(f"{line}\n".encode())
            await machine.holds(lambda: machine.read("stdout").endswith(f"{line}\n".encode()))

        await says("before")
        assert tap.sinks == []
        tap.is_wanted = True
        for _ in range(2):  # the second finds nothing to do
            machine.children.renew_sinks()
        await says("while")
        tap.is_wanted = False
        for _ in range(2):
            machine.children.renew_sinks()
        await says("after")
        assert [(sink.pid, sink.told, sink.is_closed) for sink in tap.sinks] == [
            (child.pid, b"while\n", True)
        ]
        tap.is_wanted = True
        machine.children.renew_sinks()
        await says("again")
        assert tap.told == b"while\nagain\n"
        assert machine.read("stdout") == b"before\nwhile\nafter\nagain\n"

    on_machine(short_tmp, play)


def test_a_sink_that_comes_when_the_child_is_gone_leaves_its_other_callbacks_alone(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        go = short_tmp / "go"
        os.mkfifo(go)
        tap = ListTap(is_wanted=False)
        plan = machine.plan(tap=tap)
        await machine.ended(machine.run(f"echo now; (read x < {go}; echo later) & exit 0", stdout=plan))
        heard: list[bytes] = []
        plan.on_data = heard.append
        tap.is_wanted = True
        machine.children.renew_sinks()
        go.write_bytes(b"\n")
        await machine.holds(lambda: tap.told == b"later\n")
        assert heard == []

    on_machine(short_tmp, play)


def test_a_sink_that_goes_gets_what_is_there_first_if_told_so(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        tap = ListTap()
        ready = short_tmp / "ready"
        child = machine.run(f"echo last; > {ready}; read x", stdout=machine.plan(tap=tap))
        while not ready.exists():  # without a turn of the loop: nothing is read meanwhile
            os.sched_yield()
        assert tap.told == b""
        tap.is_wanted = False
        machine.children.renew_sinks(drain=True)
        assert (tap.told, tap.sinks[0].is_closed) == (b"last\n", True)
        child.write_stdin(b"\n")
        await machine.ended(child)

    on_machine(short_tmp, play)


def test_draining_may_come_to_the_end_of_the_stream(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        tap = ListTap()
        ready = short_tmp / "ready"
        child = machine.run(f"echo last; exec >&-; > {ready}; read x", stdout=machine.plan(tap=tap))
        while not ready.exists():
            os.sched_yield()
        tap.is_wanted = False
        machine.children.renew_sinks(drain=True)
        assert (tap.told, tap.sinks[0].is_closed) == (b"last\n", True)
        child.write_stdin(b"\n")
        await machine.ended(child)

    on_machine(short_tmp, play)


def test_what_a_dead_daemon_had_read_is_told_again(tmp_path: Path) -> None:
    """At least once: the batch had not come so far that its sink was known to have it."""
    fifo, log = str(tmp_path / "web-1.out"), str(tmp_path / "log")
    os.mkfifo(fifo)
    writer = os.open(fifo, os.O_RDWR)
    os.write(writer, b"lost with it\n")
    dead = FlightRecorder(str(tmp_path / "flight-0"))
    view = dead.expect(writer, stamp_of(fifo, log), Stage.READ, NO_MARK)
    dead.cut(os.readv(writer, (view,)))
    view.release()
    dead.close()
    tap = ListTap()

    async def go_on() -> None:
        loop = asyncio.get_running_loop()
        logs = ChildLogs(str(tmp_path), "test", ListLog(), loop=loop)
        hub = streams.StreamHub(loop, logs, Syslog(), directory=str(tmp_path))
        hub.adopt(fifo, StreamPlan("stdout", log, tap=tap), pid=77)
        hub.start()
        hub.close()
        logs.close_all()

    asyncio.run(go_on())
    os.close(writer)
    assert [(sink.pid, sink.told, sink.is_closed) for sink in tap.sinks] == [(77, b"lost with it\n", True)]
    assert Path(log).read_bytes() == b"lost with it\n"
