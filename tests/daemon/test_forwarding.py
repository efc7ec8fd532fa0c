"""Forwards in a life of the daemon: a forwarder as long as there is one, given what programs write, and reaped."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from support import standin_forwarder
from support.fakes import World, group, program
from support.until import DEADLINE_SECONDS
from vigild.config.model import Config, DaemonConfig, ForwardConfig
from vigild.core.forwards import ForwardInfo
from vigild.core.states import SupervisorState
from vigild.daemon import forwarding
from vigild.daemon.forwarding import Forwarding
from vigild.engine.forward_outlet import ForwardTap
from vigild.host.process_table import ProcTable
from vigild.host.reaper import Reaper

CODE = """
import sys
import vigild.daemon.compose
late = ("vigild.engine.forwards", "vigild.engine.forward_outlet", "vigild.host.worker_process", "vigild.daemon.structs")
print(*[name for name in late if name in sys.modules])
"""
X = ForwardConfig("x", url="loki+http://me:geheim@loki:3100", labels=(("site", "here"),))


def test_nothing_is_loaded_that_is_not_needed() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


class Stage:
    """An engine on fakes, a real process as forwarder, and a reaper."""

    def __init__(self, directory: Path, *forwards: ForwardConfig) -> None:
        self.world = World(group(program("web")))
        self.directory = directory
        self.table = ProcTable()
        self.strangers: list[int] = []
        self.troubles: list[tuple[str, str]] = []
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, Reaper(self._reaped).reap)
        self.forwarding = Forwarding(
            loop,
            self.world.engine,
            self.table,
            lambda *told: self.troubles.append(told),
            self.configured(*forwards),
        )

    def configured(self, *forwards: ForwardConfig) -> Config:
        return Config("/x.conf", DaemonConfig(identifier="sup"), forwards=forwards)

    def _reaped(self, pid: int, wait_status: int) -> None:
        if not self.forwarding.claim(pid, wait_status):
            self.strangers.append(pid)

    def tap(self) -> ForwardTap:
        tap = self.world.child("web").request.stdout.tap
        assert isinstance(tap, ForwardTap)
        return tap

    def told(self, kind: str) -> list[dict[str, object]]:
        file = self.directory / "told"
        lines = file.read_text().splitlines() if file.exists() else []
        return [message for line in lines if (message := json.loads(line))["type"] == kind]

    def info(self) -> ForwardInfo:
        assert self.forwarding.forwards is not None
        return self.forwarding.forwards.status()[0]

    @property
    def arrived(self) -> bytes:
        file = self.directory / "stdout-web"
        return file.read_bytes() if file.exists() else b""

    async def soon(self, condition: Callable[[], object]) -> None:
        while not condition():
            await asyncio.sleep(0.01)


def opened(fifo: Path) -> bool:
    """Open it for writing, and close it, if somebody reads it."""
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


Play = Callable[..., Stage]


@pytest.fixture
def play(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    def run(script: Callable[[Stage], Awaitable[object]], *forwards: ForwardConfig, how: str = "") -> Stage:
        argv = [sys.executable, standin_forwarder.__file__, str(short_tmp), how]
        monkeypatch.setattr(forwarding, "module_argv", lambda module: argv, raising=False)
        monkeypatch.setattr("vigild.host.worker_process.module_argv", lambda module: argv)

        async def whole() -> Stage:
            stage = Stage(short_tmp, *forwards)
            async with asyncio.timeout(DEADLINE_SECONDS):
                await script(stage)
                await stage.forwarding.close()
            assert stage.strangers == []
            assert stage.table.workers == set()
            assert stage.world.engine.settings.forwards is None
            return stage

        return asyncio.run(whole())

    return run


def test_what_programs_say_before_the_forwarder_is_there_and_at_the_end_arrives(play: Play) -> None:
    async def script(stage: Stage) -> None:
        stage.world.boot()
        stage.tap().open(1).take(b"early\n")
        assert stage.table.workers == set()
        stage.forwarding.begin()
        await stage.soon(lambda: stage.arrived == b"early\n")
        for sink in stage.forwarding.forwards.outlet.sinks.values():  # type: ignore[union-attr]
            sink.take(b"late\n" * 100_000)

    stage = play(script, X)
    assert stage.arrived == b"early\n" + b"late\n" * 100_000
    (config,) = stage.told("config")
    about = config["daemon"]
    assert isinstance(about, dict)
    directory, name = os.path.split(about.pop("spool"))
    assert (directory, name.partition("-")[0]) == (os.environ["STATE_DIRECTORY"], "forwards")
    assert about == {"identifier": "sup", "host": __import__("socket").gethostname()}
    (forward,) = config["forwards"]  # type: ignore[misc]
    assert forward["labels"] == [["site", "here"]]
    assert forward["batch_max_bytes"] == 1 << 20
    assert "where" not in forward


def test_forwards_come_and_go_while_programs_run(play: Play) -> None:
    async def script(stage: Stage) -> None:
        stage.world.boot()
        stage.forwarding.begin()
        assert stage.table.workers == set()
        for _ in range(2):  # the second time while the first forwarder ends
            stage.forwarding.follow(stage.configured(X))
            sink = stage.tap().open(1)
            sink.take(b"while\n")
            stage.forwarding.follow(stage.configured(X))
            stage.forwarding.follow(stage.configured())
            assert stage.forwarding.forwards is None
            assert stage.world.child("web").request.stdout.tap is None
            sink.close()  # as the host does at once

    assert play(script).arrived == b"while\n" * 2


def test_one_that_died_is_there_again_and_told_of_all_streams(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigild.host.worker_process.FIRST_DELAY_SECONDS", 0.01)

    async def script(stage: Stage) -> None:
        stage.world.boot()
        stage.forwarding.begin()
        sink = stage.tap().open(1)
        sink.take(b"one\n")
        await stage.soon(lambda: stage.info().counts.sent_lines == 1)
        (pid,) = stage.table.workers
        os.kill(pid, signal.SIGKILL)
        await stage.soon(lambda: pid not in stage.table.workers)
        sink.take(b"two\n")
        await stage.soon(lambda: stage.info().counts.sent_lines == 2)
        assert len(stage.told("open")) == 2

    assert play(script, X).arrived == b"one\ntwo\n"


def test_the_last_one_is_told_that_nothing_is_to_be_kept(play: Play) -> None:
    async def script(stage: Stage) -> None:
        stage.forwarding.begin()
        stage.forwarding.follow(stage.configured())

    assert 1 == len(play(script, X).told("forget"))


def test_another_life_does_not_wait_for_a_forwarder(play: Play) -> None:
    async def script(stage: Stage) -> None:
        stage.world.boot()
        os.mkfifo(stage.directory / "may end")
        stage.forwarding.begin()
        await stage.soon(lambda: stage.told("config"))
        sink = stage.tap().open(1)
        sink.take(b"last words\n")
        await stage.soon(lambda: stage.info().counts.sent_lines)
        (pid,) = stage.table.workers
        stage.world.engine.mood = SupervisorState.RESTARTING
        await stage.forwarding.close()
        await stage.soon(lambda: opened(stage.directory / "may end"))
        await stage.soon(lambda: stage.strangers == [pid])
        stage.strangers.clear()

    assert play(script, X, how="lingering").arrived == b"last words\n"


def test_a_test_goes_through(play: Play) -> None:
    async def script(stage: Stage) -> None:
        stage.forwarding.begin()
        assert stage.forwarding.forwards is not None
        assert await stage.forwarding.forwards.test("x") == (True, "sent to x")
        stage.forwarding.flush()

    play(script, X)


def test_one_that_takes_nothing_holds_up_the_end_for_a_bounded_time(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "DELIVER_SECONDS", 0.2)
    monkeypatch.setattr(forwarding, "SLACK_SECONDS", 0.1)

    async def script(stage: Stage) -> None:
        stage.world.boot()
        stage.forwarding.begin()
        sink = stage.tap().open(1)
        for _ in range(100):  # more than the pipe and the queue hold
            sink.take(b"x" * 100_000)
        assert stage.info().counts.unsent_bytes

    log = play(script, X, how="deaf").world.log.lines
    assert any("could not be handed to the forwarder" in line for line in log)


def test_a_forwarder_that_dies_at_the_end_is_not_waited_for(play: Play) -> None:
    async def script(stage: Stage) -> None:
        stage.world.boot()
        stage.forwarding.begin()
        sink = stage.tap().open(1)
        for _ in range(30):
            sink.take(b"x" * 100_000)

    play(script, X, how="dying")


def test_an_end_before_the_beginning_needs_no_forwarder(play: Play) -> None:
    async def script(stage: Stage) -> None:
        stage.forwarding.flush()

    play(script, X)
    play(script)
