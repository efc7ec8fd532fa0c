"""What compose.py adds of its own: handlers by name, and the log as control sees it."""

from pathlib import Path

import pytest

from vigild.daemon.compose import DEFAULT_RESULT_HANDLER, MainLogDoor, load_result_handler
from vigild.engine.listeners import default_result_handler
from vigild.host.mainlog import MainLog


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
