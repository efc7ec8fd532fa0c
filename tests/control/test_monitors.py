"""Monitors as a door sees them."""

import pytest

from support.fake_pauses import FakePauseStore
from support.fakes import FakeWorker, World
from vigild.config.model import MonitorConfig
from vigild.control.monitors import Monitors
from vigild.core.errors import VigilError
from vigild.engine.monitors import Monitors as EngineMonitors

DISK = MonitorConfig("disk", "filesystem", rules=("if space > 80% then alert",), settings={"path": "/"})


def bench() -> tuple[Monitors, FakeWorker]:
    worker = FakeWorker()
    engine = EngineMonitors(World().engine, lambda: worker, {}, FakePauseStore())
    engine.follow([DISK])
    return Monitors(lambda: engine), worker


def test_all_that_is_known_of_a_monitor() -> None:
    monitors, worker = bench()
    assert monitors.one("disk")["state"] == "unknown"
    worker.says(type="reading", monitor="disk", at=5.0, values={"space_percent": 81.0}, error="", cannot="")
    known = monitors.one("disk")
    assert known == {
        "name": "disk",
        "type": "filesystem",
        "state": "failed",
        "since": known["since"],
        "read_at": 5.0,
        "values": {"space_percent": 81.0},
        "error": "",
        "unknown_because": "",
        "held_because": "",
        "cycles": 1,
        "interval_seconds": 30.0,
        "rules": ["if space > 80% then alert"],
        "raised": ["if space > 80% then alert"],
        "trouble": "space 81% > 80%",
    }
    assert monitors.all() == [known]


def test_without_a_monitor_process_nothing_is_known() -> None:
    monitors, worker = bench()
    worker.dies("killed")
    known = monitors.one("disk")
    assert (known["state"], known["unknown_because"]) == (
        "unknown",
        "the monitor process does not run: killed",
    )
    monitors.set_enabled("disk", False)
    assert monitors.one("disk")["state"] == "disabled"


def test_orders() -> None:
    monitors, worker = bench()
    monitors.look("disk")
    assert worker.take("look") == [{"type": "look", "monitor": "disk"}]
    with pytest.raises(VigilError, match="BAD_NAME: no"):
        monitors.look("no")


def test_where_nothing_is_monitored() -> None:
    monitors = Monitors(lambda: None)
    assert monitors.all() == []
    with pytest.raises(VigilError, match="BAD_NAME: disk"):
        monitors.one("disk")
