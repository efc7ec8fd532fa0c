"""Another daemon goes on with the streams: after a sudden death of the first, or in its place."""

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from support.fakes import FakeJournal
from support.machine import ListLog, Machine, on_machine
from support.until import DEADLINE_SECONDS, until
from vigild.engine.ports import StreamPlan
from vigild.host import streams
from vigild.host.flight import NO_MARK, FlightRecorder, Stage, stamp_of
from vigild.host.logfiles import ChildLogs
from vigild.host.syslog import Syslog

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
        asyncio.run(_read_on(os.fsdecode(runtime_path), log))
        assert log.read_bytes() == b"".join(b"%05d\n" % i for i in range(30000))
    finally:
        daemon.stdout.close()
        _end(child_pid)
        shutil.rmtree(runtime_path)


async def _read_on(runtime_path: str, log: Path) -> None:
    """As the next daemon does, until the child closes its stdout."""
    (fifo,) = [name for name in os.listdir(runtime_path) if name.endswith(".out")]
    loop = asyncio.get_running_loop()
    logs = ChildLogs(str(log.parent), "test", ListLog(), loop=loop)
    hub = streams.StreamHub(loop, logs, Syslog(), directory=runtime_path)
    stream = hub.adopt(os.path.join(runtime_path, fifo), StreamPlan("stdout", str(log)))
    hub.start()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while stream.fd >= 0:
            await asyncio.sleep(0.005)
    hub.close()
    logs.close_all()


def _written_bytes(pid: int) -> int:
    """What a process has written so far; fails once it is dead."""
    facts = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(facts["wchar"])


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Hub:
    """A hub over FIFOs of its own in a directory, as one daemon after the other has."""

    def __init__(self, machine: Machine, directory: Path) -> None:
        self.machine = machine
        self.directory = directory
        self.fds: dict[str, int] = {}
        self.journal = FakeJournal()
        self.hub = self.make()

    def make(self) -> streams.StreamHub:
        self.hub = streams.StreamHub(
            self.machine.loop,
            self.machine.logs,
            Syslog(),
            directory=str(self.directory),
            journal=self.journal,
        )
        return self.hub

    def fifo(self, name: str) -> str:
        path = str(self.directory / name)
        os.mkfifo(path, 0o600)
        self.fds[name] = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        return path

    def write(self, name: str, data: bytes) -> None:
        os.write(self.fds[name], data)

    def close(self) -> None:
        for fd in self.fds.values():
            os.close(fd)
        self.hub.close()


@pytest.fixture
def on_hub(short_tmp: Path) -> Callable[[Callable[[Hub], Awaitable[None]]], None]:
    def play_on(play: Callable[[Hub], Awaitable[None]]) -> None:
        async def on(machine: Machine) -> None:
            directory = short_tmp / "run"
            directory.mkdir()
            hub = Hub(machine, directory)
            try:
                await play(hub)
            finally:
                hub.close()
            assert [name for name in os.listdir(directory) if name.startswith("flight")] == []

        on_machine(short_tmp, on)

    return play_on


OnHub = Callable[[Callable[[Hub], Awaitable[None]]], None]


def test_an_adopted_stream_is_read_after_the_start_and_not_before(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        machine = hub.machine
        path = hub.fifo("a.out")
        hub.write("a.out", b"while nobody was there\n")
        hub.hub.adopt(path, machine.plan())
        other = hub.fifo("b.out")
        hub.write("b.out", b"b\n")
        hub.hub.start()
        hub.hub.adopt(other, machine.plan(name="other"))
        await machine.holds(lambda: machine.read("stdout") == b"while nobody was there\n")
        await machine.holds(lambda: machine.read("other") == b"b\n")

    on_hub(play)


def test_a_stream_that_is_not_there_cannot_be_adopted(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        with pytest.raises(FileNotFoundError):
            hub.hub.adopt(str(hub.directory / "gone.out"), hub.machine.plan())

    on_hub(play)


def test_an_enlarged_pipe_counts_as_one_after_adoption(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        path = hub.fifo("a.out")
        fcntl.fcntl(hub.fds["a.out"], fcntl.F_SETPIPE_SZ, streams.BUSY_PIPE_BYTES)
        hub.hub.adopt(path, hub.machine.plan())
        hub.hub.adopt(hub.fifo("b.out"), hub.machine.plan())
        assert hub.hub.busy_pipes == 1

    on_hub(play)


def test_released_streams_go_on_in_another_hub_or_in_this_one(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        machine = hub.machine
        plan = machine.plan(line_prefix=b"> ")
        fd = os.open(path := hub.fifo("a.out"), os.O_RDONLY | os.O_NONBLOCK)
        hub.hub.open(fd, path, plan)
        hub.write("a.out", b"half")
        await machine.holds(lambda: machine.read("stdout") == b"> half")
        (released,) = hub.hub.release()
        assert (released.fifo, released.fd) == (path, fd)
        assert hub.journal.entries["stream"] == {"a.out": released.state}
        assert os.get_inheritable(fd)
        hub.write("a.out", b" a line\n")
        await asyncio.sleep(0)
        assert machine.read("stdout") == b"> half", "nothing is read meanwhile"
        hub.hub.resume()
        await machine.holds(lambda: machine.read("stdout") == b"> half a line\n")
        assert not os.get_inheritable(fd)
        hub.write("a.out", b"half")
        await machine.holds(lambda: machine.read("stdout") == b"> half a line\n> half")
        (released,) = hub.hub.release()
        first = hub.hub
        hub.make().adopt(path, plan, state=released.state, fd=os.dup(fd))
        hub.write("a.out", b" a line\n")
        hub.hub.start()
        await machine.holds(lambda: machine.read("stdout") == b"> half a line\n" * 2)
        first.close()

    on_hub(play)


def test_what_is_kept_of_a_stream_goes_with_it(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        machine = hub.machine
        stream = hub.hub.adopt(path := hub.fifo("a.out"), machine.plan(strip_ansi=True))
        hub.write("a.out", b"x\x1b[")
        hub.hub.start()
        await machine.holds(lambda: machine.read("stdout") == b"x")
        assert list(hub.journal.entries["stream"]) == ["a.out"]
        os.close(hub.fds.pop("a.out"))
        await machine.holds(lambda: stream.fd < 0)
        assert machine.read("stdout") == b"x\x1b["
        assert hub.journal.entries["stream"] == {}
        assert not os.path.exists(path)

    on_hub(play)


def left_batch(hub: Hub, fifo: str, data: bytes, stage: Stage = Stage.READ) -> None:
    """As if a daemon had died with `data` read from `fifo` and not delivered."""
    hub.hub.close()
    reader, writer = os.pipe()
    os.write(writer, data)
    recorder = FlightRecorder(str(hub.directory / f"{streams.RECORDER_NAME}0"))
    stamp = stamp_of(fifo, str(hub.machine.directory / "stdout"))
    os.readv(reader, [recorder.expect(reader, stamp, stage, NO_MARK)])
    recorder.close()
    os.close(reader)
    os.close(writer)
    hub.make()


def test_what_was_read_of_a_stream_that_is_gone_reaches_its_log(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        left_batch(hub, "/run/gone.out", b"last words\n")
        hub.hub.start()
        assert hub.hub.salvaged_bytes == 11
        assert hub.machine.read("stdout") == b"last words\n"
        assert hub.machine.logs.lost_bytes() == 0

    on_hub(play)


@pytest.mark.parametrize("retells", [True, False])
def test_what_was_read_is_told_again_unless_the_plan_says_otherwise(on_hub: OnHub, retells: bool) -> None:
    async def play(hub: Hub) -> None:
        heard: list[bytes] = []
        left_batch(hub, path := hub.fifo("a.out"), b"READY\n")
        hub.hub.adopt(path, hub.machine.plan(on_data=heard.append, retells=retells))
        hub.hub.start()
        assert hub.machine.read("stdout") == b"READY\n"
        hub.write("a.out", b"RESULT")
        await hub.machine.holds(lambda: hub.machine.read("stdout") == b"READY\nRESULT")
        assert heard == [b"READY\n", b"RESULT"][not retells :]

    on_hub(play)


def test_a_child_that_died_meanwhile_is_settled_before_the_others_are_adopted(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        left_batch(hub, path := hub.fifo("a.out"), b"read, ")
        hub.write("a.out", b"not read\n")
        hub.hub.adopt(hub.fifo("b.out"), hub.machine.plan(name="b")).finish()
        stream = hub.hub.adopt(path, hub.machine.plan(line_prefix=b"> "))
        stream.finish()
        assert hub.machine.read("stdout") == b"> read, not read\n"

    on_hub(play)


def test_reads_inside_reads_have_recorders_of_their_own_up_to_a_limit(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        opened: list[streams.OutputStream] = []

        def on_data(data: bytes) -> None:
            if depth := int(data):
                hub.write(f"{depth - 1}", b"%d" % (depth - 1))
                opened[depth - 1].read()

        depth = streams.MAX_RECORDERS + 2
        for number in range(depth):
            plan = hub.machine.plan(name=f"log{number}", on_data=on_data)
            opened.append(hub.hub.adopt(hub.fifo(str(number)), plan))
        hub.write(str(depth - 1), b"%d" % (depth - 1))
        hub.hub.start()
        await hub.machine.holds(lambda: hub.machine.read("log0") == b"0")
        assert [hub.machine.read(f"log{number}") for number in range(depth)] == [
            b"%d" % number for number in range(depth)
        ]
        assert hub.hub.unrecorded_reads == 2
        left = sum(name.startswith("flight") for name in os.listdir(hub.directory))
        assert left == streams.MAX_RECORDERS

    on_hub(play)


def test_a_recorder_that_cannot_be_made_is_told(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        hub = streams.StreamHub(machine.loop, machine.logs, Syslog(), directory=str(short_tmp / "gone"))
        assert "gone" in hub.recorder_problem
        hub.start()
        hub.close()

    on_machine(short_tmp, play)


def test_a_batch_that_cannot_be_read_does_not_stop_the_daemon(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        left_batch(hub, path := hub.fifo("a.out"), b"x", Stage.WRITE_OUTPUT)  # and no file with the output
        hub.hub.adopt(path, hub.machine.plan())
        hub.hub.start()
        assert "flight" in hub.hub.recorder_problem
        hub.write("a.out", b"on we go\n")
        await hub.machine.holds(lambda: hub.machine.read("stdout") == b"on we go\n")

    on_hub(play)


def test_a_directory_that_was_removed_gets_a_new_recorder(on_hub: OnHub) -> None:
    async def play(hub: Hub) -> None:
        hub.hub.start()
        shutil.rmtree(hub.directory)
        hub.directory.mkdir()
        hub.hub.renew()
        assert os.listdir(hub.directory) == ["flight-0"]
        hub.hub.adopt(hub.fifo("a.out"), hub.machine.plan())
        hub.write("a.out", b"line\n")
        await hub.machine.holds(lambda: hub.machine.read("stdout") == b"line\n")

    on_hub(play)
