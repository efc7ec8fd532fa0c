"""What compose.py adds of its own: handlers by name, and the log as control sees it."""

import asyncio
import os
from pathlib import Path

import pytest

from vigild.config.load import Loaded
from vigild.config.model import Config, DaemonConfig
from vigild.core.states import SupervisorState
from vigild.daemon.compose import DEFAULT_RESULT_HANDLER, Life, MainLogDoor, load_result_handler
from vigild.daemon.holdings import Holdings
from vigild.daemon.lineage import begin
from vigild.engine.listeners import default_result_handler
from vigild.host.mainlog import MainLog
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir
from vigild.host.service_manager import NoServiceManager
from vigild.host.signals import SignalPipe


def test_result_handlers_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_handlers.py").write_text(
        "class Box:\n    @staticmethod\n    def handle(e, r): ...\nnumber = 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert load_result_handler(DEFAULT_RESULT_HANDLER) is default_result_handler
    assert load_result_handler("my_handlers:Box.handle").__name__ == "handle"
    with pytest.raises(AttributeError, match="not callable"):
        load_result_handler("my_handlers:number")
    with pytest.raises(ModuleNotFoundError):
        load_result_handler("no_such_module:x")


def test_the_log_door(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = MainLog()
    log.open(str(path), 0, 0, level="info", to_stdout=False)
    door = MainLogDoor(log)
    log.info("before")
    door.clear()
    assert door.file_path() == str(path)
    assert path.read_text() == ""
    log.close()


def test_a_defect_is_written_into_the_log_and_the_daemon_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else this process would be it for ever, and the tests after this one would wait for zombies to go.
    monkeypatch.setattr("vigild.host.process_table.become_subreaper", lambda: True)
    path = tmp_path / "log"
    log = MainLog()
    log.open(str(path), 0, 0, level="info", to_stdout=False)
    config = Config(str(tmp_path / "conf"), DaemonConfig(child_log_dir=str(tmp_path)))
    loop = asyncio.new_event_loop()
    signals = SignalPipe(loop)
    holdings = Holdings(begin({}), signals, NoRuntimeDir("a test"), NoServiceManager())
    life = Life(loop, config, lambda: Loaded(config, (), ()), log, [], holdings)
    loop.call_soon(lambda: 1 / 0)
    loop.call_soon(life.shutdown)
    assert loop.run_until_complete(life.run()) is SupervisorState.SHUTDOWN
    signals.close()
    loop.close()
    log.close()
    text = path.read_text()
    assert "CRIT defect in Vigil" in text
    assert "ZeroDivisionError" in text


def test_a_daemon_that_fails_leaves_what_runs_to_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigild.host.process_table.become_subreaper", lambda: True)
    config = Config(str(tmp_path / "conf"), DaemonConfig(child_log_dir=str(tmp_path)))
    (tmp_path / "run").mkdir()
    lock = os.open(tmp_path / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    runtime = RuntimeDir(str(tmp_path / "run"), lock)
    loop = asyncio.new_event_loop()
    signals = SignalPipe(loop)
    life = Life(
        loop,
        config,
        lambda: Loaded(config, (), ()),
        MainLog(),
        [],
        Holdings(begin({}), signals, runtime, NoServiceManager()),
    )
    with pytest.raises(TimeoutError):
        loop.run_until_complete(asyncio.wait_for(life.run(), 0.01))
    assert (tmp_path / "run" / "journal").exists()
    life._end()
    life._clear_away()
    assert not (tmp_path / "run" / "journal").exists()
    signals.close()
    loop.close()
    runtime.close()
