"""All monitors and the process that looks."""

import asyncio

import pytest

from support.fake_pauses import FakePauseStore
from support.fakes import FakeAlerts, FakeWorker, World
from vigild.config.model import MonitorConfig
from vigild.core.errors import VigilError
from vigild.core.monitors import MonitorState
from vigild.core.states import SupervisorState
from vigild.engine.monitored import MONITOR
from vigild.engine.monitors import Monitors


def disk(name: str = "disk", **more: object) -> MonitorConfig:
    return MonitorConfig(
        name,
        "filesystem",
        **{"rules": ("if space > 80% then alert",), "settings": {"path": "/"}, **more},  # type: ignore[arg-type]
    )


class Bench:
    def __init__(self, pauses: FakePauseStore | None = None) -> None:
        self.pauses = pauses or FakePauseStore()
        self.world = World()
        self.world.ports.alerts = self.world.alerts
        self.worker = FakeWorker()
        self.made = 0
        self.monitors = Monitors(self.world.engine, self._make, {}, self.pauses)

    def _make(self) -> FakeWorker:
        self.made += 1
        return self.worker

    def names(self) -> list[object]:
        """Of the latest order to the monitor process."""
        (order,) = self.worker.take("config")[-1:]
        return [monitor["name"] for monitor in order["monitors"]]  # type: ignore[attr-defined]

    def reads(self, name: str = "disk", **values: object) -> None:
        self.worker.says(type="reading", monitor=name, at=1.0, values=values, error="", cannot="", memory={})


def test_there_is_no_monitor_process_without_a_monitor() -> None:
    bench = Bench()
    bench.monitors.follow([])
    assert bench.made == 0
    bench.monitors.follow([disk()])
    bench.monitors.follow([disk(), disk("other")])
    assert (bench.made, bench.names()) == (1, ["disk", "other"])


def test_the_monitor_process_is_told_what_it_needs_and_not_more() -> None:
    bench = Bench()
    bench.monitors.follow([disk(program="web")])
    (order,) = bench.worker.take("config")
    assert order["monitors"] == [
        {
            "name": "disk",
            "type": "filesystem",
            "interval_seconds": 30.0,
            "timeout_seconds": 10.0,
            "start_delay_seconds": 0.0,
            "settings": {"path": "/"},
            "memory": {},
        }
    ]


def test_when_the_monitor_process_dies_nobody_knows_until_it_has_looked_again() -> None:
    bench = Bench()
    bench.monitors.follow([disk(), disk("paused", enabled=False)])
    bench.reads(space_percent=90.0)
    bench.worker.dies("killed")
    assert bench.monitors.trouble == "the monitor process does not run: killed"
    bench.worker.start()
    assert bench.monitors.trouble == ""
    assert bench.names() == ["disk"]
    known = bench.monitors.find("disk")
    assert (known.state, known.cannot) == (
        MonitorState.UNKNOWN,
        "the monitor process was started again (killed)",
    )
    assert bench.monitors.find("paused").cannot == ""
    bench.reads(space_percent=90.0)
    assert known.state is MonitorState.FAILED
    assert len(bench.world.alerts.told) == 1


def test_what_is_read_anew_keeps_what_is_known_of_what_stays() -> None:
    bench = Bench()
    bench.monitors.follow([disk(), disk("gone"), disk("moved")])
    for name in ("disk", "gone", "moved"):
        bench.reads(name, space_percent=90.0)
    assert bench.world.alerts.told
    same = disk(rules=("if space > 80% then alert", "if inodes > 1% then alert"))
    bench.monitors.follow([disk("moved", settings={"path": "/x"}), same])
    assert [monitor.name for monitor in bench.monitors.all] == ["moved", "disk"]
    assert bench.monitors.find("disk").state is MonitorState.FAILED
    assert bench.monitors.find("moved").state is MonitorState.UNKNOWN
    assert sorted(bench.world.alerts.told) == [
        "recovered monitor:gone:rule: if space > 80% then alert quiet",
        "recovered monitor:moved:rule: if space > 80% then alert quiet",
    ]
    assert "gone" not in bench.world.journal.entries[MONITOR]


def test_what_the_daemon_before_knew_is_taken_over_and_the_rest_forgotten() -> None:
    bench = Bench()
    bench.monitors.follow([disk(), disk("gone")])
    bench.reads(space_percent=90.0)
    bench.reads("gone", space_percent=90.0)
    entries = dict(bench.world.journal.entries[MONITOR])
    again = Monitors(bench.world.engine, FakeWorker, entries, FakePauseStore())
    again.follow([disk()])
    assert again.find("disk").state is MonitorState.FAILED
    assert list(bench.world.journal.entries[MONITOR]) == ["disk"]


def test_pause_resume_and_look_now() -> None:
    bench = Bench()
    bench.monitors.follow([disk(), disk("other")])
    bench.monitors.set_enabled("disk", False)
    assert bench.names() == ["other"]
    with pytest.raises(VigilError, match="disk is paused"):
        bench.monitors.look_now("disk")
    bench.monitors.set_enabled("disk", True)
    assert bench.names() == ["disk", "other"]
    bench.monitors.look_now("disk")
    assert bench.worker.take("look") == [{"type": "look", "monitor": "disk"}]
    bench.worker.dies("killed")
    with pytest.raises(VigilError, match="does not run: killed"):
        bench.monitors.look_now("disk")
    with pytest.raises(VigilError, match="BAD_NAME: no"):
        bench.monitors.find("no")


def test_a_pause_is_kept_for_the_next_daemon_and_over_a_changed_configuration() -> None:
    pauses = FakePauseStore()
    bench = Bench(pauses)
    bench.monitors.follow([disk(), disk("other"), disk("off", enabled=False)])
    assert pauses.saves == 0
    bench.monitors.set_enabled("disk", False)
    bench.monitors.set_enabled("off", True)
    bench.monitors.set_enabled("other", True)
    assert (pauses.enabled, pauses.saves) == ({"disk": False, "off": True}, 2)
    bench.monitors.follow([disk(interval_seconds=5.0), disk("off", enabled=False)])
    assert bench.names() == ["off"]

    again = Bench(pauses)
    again.monitors.follow([disk(), disk("other"), disk("off", enabled=False)])
    assert again.names() == ["other", "off"]
    again.monitors.follow([disk("off", enabled=True)])
    assert pauses.enabled == {}
    again.monitors.follow([disk("off", enabled=True), disk()])
    assert again.names() == ["off", "disk"]


def test_after_a_crash_the_journal_knows_better_than_the_file() -> None:
    bench = Bench()
    bench.monitors.follow([disk()])
    bench.monitors.set_enabled("disk", False)
    entries = dict(bench.world.journal.entries[MONITOR])
    pauses = FakePauseStore()  # the disk was not quick enough
    again = Monitors(bench.world.engine, FakeWorker, entries, pauses)
    again.follow([disk()])
    assert not again.find("disk").is_enabled
    assert pauses.enabled == {"disk": False}

    again.set_enabled("disk", True)
    entries = dict(bench.world.journal.entries[MONITOR])
    resumed = Monitors(bench.world.engine, FakeWorker, entries, FakePauseStore({"disk": False}))
    resumed.follow([disk()])
    assert resumed.find("disk").is_enabled


def test_while_the_daemon_ends_nothing_is_judged() -> None:
    bench = Bench()
    bench.monitors.follow([disk()])
    bench.world.engine.mood = SupervisorState.SHUTDOWN
    bench.reads(space_percent=90.0)
    assert bench.world.alerts.told == []


def test_what_means_nothing_is_counted() -> None:
    bench = Bench()
    bench.monitors.follow([disk()])
    bench.worker.says(type="dance")
    bench.reads("nobody")
    assert bench.monitors.misread == 1


def test_orders_that_the_monitor_process_cannot_take_are_said_in_the_log() -> None:
    bench = Bench()
    bench.monitors.follow([disk()])
    bench.worker.full = True
    bench.monitors.follow([disk(), disk("other")])
    assert "ERRO the monitor process could not be told what to look at" in bench.world.log.lines


def test_in_the_end_nothing_is_looked_at() -> None:
    bench = Bench()
    asyncio.run(bench.monitors.close())
    bench.monitors.follow([disk()])
    asyncio.run(bench.monitors.close())
    assert not bench.worker.is_running
    assert isinstance(bench.world.alerts, FakeAlerts)
