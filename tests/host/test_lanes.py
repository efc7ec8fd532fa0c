"""When streams are read: in fair turns, with rests that only floods cause."""

import asyncio
import fcntl
import itertools
import os
import time
from pathlib import Path

import pytest

from support.machine import Machine, on_machine
from support.until import DEADLINE_SECONDS
from vigild.host import lanes, streams
from vigild.host.flight import BUFFER_BYTES
from vigild.host.syslog import Syslog


def test_one_wake_up_reads_only_so_much(short_tmp: Path) -> None:
    """Twelve full pipes at once: between any two turns of the loop the files grow by the budget at most."""

    async def play(machine: Machine) -> None:
        hub = streams.StreamHub(machine.loop, machine.logs, Syslog())
        pipes = 12
        for number in range(pipes):
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, BUFFER_BYTES)
            os.write(writer, b"x" * size)
            os.close(writer)
            hub.open(reader, None, machine.plan(name=f"f{number}"))
        total = [0]
        while total[-1] < pipes * BUFFER_BYTES:
            await asyncio.sleep(0)
            total.append(sum(len(machine.read(f"f{number}")) for number in range(pipes)))
        grown = [after - before for before, after in itertools.pairwise(total)]
        assert max(grown) < lanes.WAKEUP_BUDGET_BYTES + BUFFER_BYTES
        hub.close()

    on_machine(short_tmp, play)


def test_neither_quiet_programs_nor_listeners_are_ever_delayed(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "REST_SECONDS", 1e6)
    monkeypatch.setattr(lanes, "REST_OF_MANY_SECONDS", 1e6)

    async def play(machine: Machine) -> None:
        heard: list[bytes] = []
        script = "while read x; do echo $x; done"
        listener = machine.run(script, stdout=machine.plan(name="listener", on_data=heard.append))
        quiet = machine.run(script, stdout=machine.plan(name="quiet"))
        for number in range(200):  # one after another, as fast as the answers come
            listener.write_stdin(b"%d\n" % number)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not b"".join(heard).endswith(b"%d\n" % number):
                    await asyncio.sleep(0)
        for number in range(40):
            quiet.write_stdin(b"%d\n" % number)
            await machine.holds(lambda number=number: machine.read("quiet").endswith(b"%d\n" % number))
            await asyncio.sleep(2 * lanes.QUICK_SECONDS)  # quiet means: not at once again

    on_machine(short_tmp, play)


def test_an_idle_machine_makes_no_wake_ups(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("while read x; do echo $x; done")
        for _ in range(100):  # enough in a row to make the lane rest
            child.write_stdin(b"line\n")
        await machine.holds(lambda: machine.read("stdout").count(b"\n") == 100)
        await asyncio.sleep(0.05)  # the last rest is over
        before = time.thread_time()
        switches = _voluntary_switches()
        await asyncio.sleep(0.5)  # the time that is watched
        assert _voluntary_switches() - switches <= 3
        assert time.thread_time() - before < 0.1
        child.write_stdin(b"still there\n")
        await machine.holds(lambda: machine.read("stdout").endswith(b"still there\n"))

    on_machine(short_tmp, play)


def _voluntary_switches() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


def test_a_flood_of_small_writes_is_read_between_rests_and_loses_nothing(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    real = streams.OutputStream.leave_set

    def leave_set(stream: streams.OutputStream) -> bool:
        gone = real(stream)
        left.append(stream.fd if gone else -1)
        return gone

    monkeypatch.setattr(streams.OutputStream, "leave_set", leave_set)
    # How quickly one write follows another is for the machine to say. The flood begins in step with its reader.
    monkeypatch.setattr(lanes, "QUICK_SECONDS", 3600.0)

    async def play(machine: Machine) -> None:
        child = machine.python(
            "import fcntl, os, struct, termios\n"
            "for i in range(0, 8000, 80):\n"
            "    os.write(1, b''.join(b'%07d\\n' % k for k in range(i, i + 80)))\n"
            "    while struct.unpack('i', fcntl.ioctl(1, termios.FIONREAD, bytes(4)))[0]: os.sched_yield()\n"
            "for i in range(8000, 40000): os.write(1, b'%07d\\n' % i)\n"
            "os.read(0, 1)\n"
            "os.write(1, b'quiet\\n')\n"
        )
        await machine.holds(lambda: machine.read("stdout").endswith(b"0039999\n"))
        child.write_stdin(b"x")  # after the flood it is watched again
        await machine.holds(lambda: machine.read("stdout").endswith(b"quiet\n"))

    on_machine(short_tmp, play)
    assert any(fd >= 0 for fd in left), "the flood was never taken out of the set"
    assert (short_tmp / "stdout").read_bytes() == b"".join(b"%07d\n" % i for i in range(40000)) + b"quiet\n"
