"""What children write arrives: all of it, in order, whatever they and their descendants do."""

import asyncio
import fcntl
import os
import signal
import stat
from pathlib import Path

import pytest

from support.machine import Machine, on_machine
from vigild.engine.ports import StreamPlan
from vigild.host import logfile, streams
from vigild.host.flight import BUFFER_BYTES
from vigild.host.runtime_dir import RuntimeDir
from vigild.host.syslog import Syslog


def fifos(machine: Machine) -> list[str]:
    assert isinstance(machine.runtime, RuntimeDir)
    return sorted(
        name for name in os.listdir(machine.runtime.path) if name != "lock" and not name.startswith("flight")
    )


@pytest.mark.parametrize("with_fifos", [True, False], ids=["fifos", "pipes"])
def test_both_streams_arrive_in_their_files_and_nothing_is_left(short_tmp: Path, with_fifos: bool) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("echo out; echo err >&2; printf 'no line end'; exit 3")
        assert await machine.ended(child) == 3
        assert machine.read("stdout") == b"out\nno line end"
        assert machine.read("stderr") == b"err\n"
        if with_fifos:
            assert fifos(machine) == []

    on_machine(short_tmp, play, fifos=with_fifos)


def test_redirected_stderr_goes_where_stdout_goes_in_order(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        await machine.ended(machine.run("echo 1; echo 2 >&2; echo 3", stderr=None))
        assert machine.read("stdout") == b"1\n2\n3\n"

    on_machine(short_tmp, play)


def test_a_child_can_open_its_dev_stdout_and_nobody_else_may(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("echo via name > /dev/stdout; read x")
        await machine.holds(lambda: machine.read("stdout") == b"via name\n")
        assert isinstance(machine.runtime, RuntimeDir)
        for name in fifos(machine):
            mode = os.stat(os.path.join(machine.runtime.path, name)).st_mode
            assert stat.S_ISFIFO(mode)
            assert stat.S_IMODE(mode) == 0o600
        child.write_stdin(b"\n")
        await machine.ended(child)

    on_machine(short_tmp, play)


@pytest.mark.needs_root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_child_of_another_user_can_open_its_dev_stdout(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        await machine.ended(machine.run("id -u > /dev/stdout", uid=65534))
        assert machine.read("stdout") == b"65534\n"

    on_machine(short_tmp, play)


def test_a_descendant_that_outlives_the_child_is_still_read(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        go = short_tmp / "go"
        os.mkfifo(go)
        child = machine.run(f"echo parent; (read x < {go}; echo descendant) & exit 0")
        await machine.ended(child)
        assert machine.read("stdout") == b"parent\n"
        assert len(fifos(machine)) == 2
        go.write_bytes(b"\n")
        await machine.holds(lambda: machine.read("stdout") == b"parent\ndescendant\n")
        await machine.holds(lambda: fifos(machine) == [], "both streams to end")

    on_machine(short_tmp, play)


def test_streams_that_descendants_hold_are_bounded(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_ORPHAN_STREAMS", 2)

    async def play(machine: Machine) -> None:
        go = short_tmp / "go"
        os.mkfifo(go)
        for _ in range(4):
            await machine.ended(machine.run(f"(read x < {go}) & exit 0", stderr=None))
        assert len(fifos(machine)) == 2
        fd = os.open(go, os.O_RDWR)
        os.write(fd, b"\n" * 4)
        await machine.holds(lambda: fifos(machine) == [])
        os.close(fd)

    on_machine(short_tmp, play)


def test_a_child_that_closes_its_stdout_is_no_busy_loop(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("echo bye; exec >&- 2>&-; read x")
        await machine.holds(lambda: fifos(machine) and len(fifos(machine)) == 1, "only stdin to be left")
        child.write_stdin(b"\n")
        await machine.ended(child)
        assert machine.read("stdout") == b"bye\n"

    on_machine(short_tmp, play)


def test_a_stream_that_nobody_wants_costs_nothing(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        script = "readlink /proc/self/fd/2"
        child = machine.run(script, stderr=StreamPlan("stderr", None))
        await machine.ended(child)
        assert machine.read("stdout") == b"/dev/null\n"

    on_machine(short_tmp, play)


def test_a_flood_arrives_complete_through_rotation(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        script = "import os\nfor i in range(200000): os.write(1, b'%07d\\n' % i)"
        plan = machine.plan(max_bytes=300_000, backups=10)
        await machine.ended(machine.python(script, stdout=plan))
        names = ["stdout"] + [f"stdout.{number}" for number in range(1, 11)]
        files = [machine.read(name) for name in reversed(names)]
        whole = b"".join(files)
        assert whole == b"".join(b"%07d\n" % i for i in range(200000))
        assert all(len(file) <= 300_000 for file in files)
        assert all(file.endswith(b"\n") for file in files if file)

    on_machine(short_tmp, play)


def test_many_flooding_children_do_not_hold_up_the_loop_or_each_other(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        flooders = [
            machine.run(
                "exec yes flood", stdout=machine.plan(name=f"f{number}", max_bytes=1 << 20, backups=1)
            )
            for number in range(40)
        ]
        names = [f"f{number}" for number in range(40)]
        await machine.holds(lambda: all(machine.read(name) for name in names), "every flooder to have a turn")
        quiet = machine.run("echo quiet", stdout=machine.plan(name="quiet"))
        await machine.ended(quiet)
        assert machine.read("quiet") == b"quiet\n"
        for flooder in flooders:
            machine.children.kill(flooder.pid, signal.SIGKILL, True)
        for flooder in flooders:
            await machine.ended(flooder)

    on_machine(short_tmp, play)


def test_a_busy_child_gets_a_bigger_pipe_and_a_quiet_one_does_not(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        size = "import fcntl, sys; print(fcntl.fcntl(0, 1032), file=sys.stderr)"
        busy = machine.python(
            "import os, fcntl, time\n"
            "end = time.monotonic() + 60\n"
            "while fcntl.fcntl(1, fcntl.F_GETPIPE_SZ) == 65536 and time.monotonic() < end: os.write(1, b'x' * 65536)\n"
            "os.write(2, b'%d' % fcntl.fcntl(1, fcntl.F_GETPIPE_SZ))"
        )
        await machine.ended(busy)
        assert int(machine.read("stderr")) > 65536
        quiet = machine.python(size, stderr=machine.plan("stderr", "quiet"))
        await machine.ended(quiet)
        assert int(machine.read("quiet")) == 65536

    if os.geteuid() == 0:  # others may be over their share of pipe memory, which is fine too
        on_machine(short_tmp, play)


def test_a_slow_reader_of_the_log_holds_the_child_back_and_loses_nothing(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "MAX_PENDING_BYTES", BUFFER_BYTES)

    async def play(machine: Machine) -> None:
        os.mkfifo(short_tmp / "slow")
        reader = os.open(short_tmp / "slow", os.O_RDONLY | os.O_NONBLOCK)
        child = machine.run("head -c 3000000 /dev/zero", stdout=machine.plan(name="slow"))
        quiet = machine.run("echo quiet", stdout=machine.plan(name="quiet"))
        await machine.ended(quiet)
        got = 0
        while got < 3_000_000:
            await asyncio.sleep(0)
            try:
                got += len(os.read(reader, 100_000))
            except BlockingIOError:
                pass
        assert await machine.ended(child) == 0
        assert machine.logs.lost_bytes() == 0
        os.close(reader)

    on_machine(short_tmp, play)


def test_enlarged_pipes_are_bounded_and_given_back(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_BUSY_PIPES", 2)

    async def play(machine: Machine) -> None:
        hub = streams.StreamHub(machine.loop, machine.logs, Syslog())
        pipes = [os.pipe() for _ in range(4)]
        for reader, writer in pipes:
            os.set_blocking(reader, False)
            os.set_blocking(writer, False)
            hub.open(reader, None, machine.plan())

        def write_all() -> None:
            for _, writer in pipes:
                try:
                    os.write(writer, b"x" * 65536)
                except BlockingIOError:
                    pass

        for _ in range(20):
            write_all()
            await asyncio.sleep(0.002)
        sizes = sorted(fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ) for _, writer in pipes)
        assert sizes[:2] == [65536, 65536]
        assert hub.busy_pipes <= 2
        for _, writer in pipes:
            os.close(writer)
        await machine.holds(lambda: hub.busy_pipes == 0)
        hub.close()

    on_machine(short_tmp, play)


def test_what_is_in_the_pipes_when_the_daemon_ends_is_still_written(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("echo up; kill -STOP $$; sleep 1000")
        await machine.holds(lambda: machine.read("stdout") == b"up\n")
        (name,) = [name for name in fifos(machine) if name.endswith(".out")]
        assert isinstance(machine.runtime, RuntimeDir)
        fd = os.open(os.path.join(machine.runtime.path, name), os.O_WRONLY)
        os.write(fd, b"last\n")
        os.close(fd)
        machine.children.kill(child.pid, signal.SIGKILL, True)

    on_machine(short_tmp, play)
    assert (short_tmp / "stdout").read_bytes() == b"up\nlast\n"
