"""What children write arrives: all of it, in order, whatever they and their descendants do."""

import asyncio
import fcntl
import itertools
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.machine import Machine, on_machine
from support.until import DEADLINE_SECONDS, until
from vigild.engine.ports import StreamPlan
from vigild.host import logfile, streams
from vigild.host.runtime_dir import RuntimeDir
from vigild.host.syslog import Syslog


def fifos(machine: Machine) -> list[str]:
    assert isinstance(machine.runtime, RuntimeDir)
    return sorted(name for name in os.listdir(machine.runtime.path) if name != "lock")


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
    monkeypatch.setattr(logfile, "MAX_PENDING_BYTES", streams.BUFFER_BYTES)

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


def test_one_wake_up_reads_only_so_much(short_tmp: Path) -> None:
    """Twelve full pipes at once: between any two turns of the loop the files grow by the budget at most."""

    async def play(machine: Machine) -> None:
        hub = streams.StreamHub(machine.loop, machine.logs, Syslog())
        pipes = 12
        for number in range(pipes):
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, streams.BUFFER_BYTES)
            os.write(writer, b"x" * size)
            os.close(writer)
            hub.open(reader, None, machine.plan(name=f"f{number}"))
        total = [0]
        while total[-1] < pipes * streams.BUFFER_BYTES:
            await asyncio.sleep(0)
            total.append(sum(len(machine.read(f"f{number}")) for number in range(pipes)))
        grown = [after - before for before, after in itertools.pairwise(total)]
        assert max(grown) < streams.WAKEUP_BUDGET_BYTES + streams.BUFFER_BYTES
        hub.close()

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


def test_neither_quiet_programs_nor_listeners_are_ever_delayed(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "REST_SECONDS", 1e6)
    monkeypatch.setattr(streams, "REST_OF_MANY_SECONDS", 1e6)

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
            await asyncio.sleep(2 * streams.QUICK_SECONDS)  # quiet means: not at once again

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


FAKE_DAEMON = """
import asyncio, os, sys
from pathlib import Path
from support.machine import Machine

async def main():
    machine = Machine(asyncio.get_running_loop(), Path(sys.argv[1]))
    script = "import os,time\\nfor i in range(30000):\\n os.write(1, b'%05d\\\\n' % i)\\n if i % 100 == 0: time.sleep(0.001)"
    child = machine.python(script, stderr=None)
    print(child.pid, machine.runtime.path, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


def test_a_child_survives_the_daemons_sudden_death_and_no_line_is_lost(short_tmp: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    daemon = subprocess.Popen(
        [sys.executable, "-c", FAKE_DAEMON, str(short_tmp)], stdout=subprocess.PIPE, env=environment
    )
    assert daemon.stdout is not None
    pid_text, runtime_path = daemon.stdout.readline().split()
    child_pid = int(pid_text)
    log = short_tmp / "stdout"
    try:
        until(lambda: log.exists() and log.stat().st_size > 6000, what="the first thousand lines")
        daemon.kill()
        daemon.wait()
        written = _written_bytes(child_pid)
        until(lambda: _written_bytes(child_pid) > written + 6000, what="the child to go on without a daemon")
        (fifo,) = [name for name in os.listdir(runtime_path) if name.endswith(b".out")]
        fd = os.open(os.path.join(runtime_path, fifo), os.O_RDONLY)
        rest = b""
        while data := os.read(fd, 65536):
            rest += data
        os.close(fd)
        assert log.read_bytes() + rest == b"".join(b"%05d\n" % i for i in range(30000))
    finally:
        daemon.stdout.close()
        _end(child_pid)
        shutil.rmtree(runtime_path)


def _written_bytes(pid: int) -> int:
    """What a process has written so far; fails once it is dead."""
    facts = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(facts["wchar"])


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


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

    async def play(machine: Machine) -> None:
        child = machine.python(
            "import os\n"
            "for i in range(40000): os.write(1, b'%07d\\n' % i)\n"
            "os.read(0, 1)\n"
            "os.write(1, b'quiet\\n')\n"
        )
        await machine.holds(lambda: machine.read("stdout").endswith(b"0039999\n"))
        child.write_stdin(b"x")  # after the flood it is watched again
        await machine.holds(lambda: machine.read("stdout").endswith(b"quiet\n"))

    on_machine(short_tmp, play)
    assert any(fd >= 0 for fd in left), "the flood was never taken out of the set"
    assert (short_tmp / "stdout").read_bytes() == b"".join(b"%07d\n" % i for i in range(40000)) + b"quiet\n"
