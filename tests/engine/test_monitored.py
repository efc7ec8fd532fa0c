"""One monitor: what readings come to, who is told, and what survives the daemon."""

import json

from support.fakes import EPOCH, FakeAlerts, World
from vigild.config.model import MonitorConfig
from vigild.core.history import Kind
from vigild.core.monitors import MonitorState
from vigild.core.rules import Act, Rule
from vigild.engine.monitored import MONITOR, Monitored

FULL = "if space > 80% for 2 cycles then alert critical, exec '/bin/full' else if recovered then exec '/bin/fine'"


class Bench:
    """A monitor and whoever hears of it."""

    def __init__(self, *rules: str, type_: str = "filesystem", world: World | None = None) -> None:
        self.world = world or World()
        self.world.ports.alerts = self.world.alerts = FakeAlerts()
        self.done: list[str] = []
        config = MonitorConfig("disk", type_, rules=rules or (FULL,), settings={"path": "/"})
        self.monitor = Monitored(config, self.world.ports, self.world.engine.bus, self._do)

    def _do(self, monitor: Monitored, rule: Rule, act: Act, has_recovered: bool) -> None:
        self.done.append(
            f"{act.action.verb} {act.action.argument}".strip() + (" recovered" if has_recovered else "")
        )

    def reads(self, error: str = "", cannot: str = "", **values: object) -> None:
        self.world.clock.advance(1)
        at = self.world.clock.wall()
        self.monitor.heard({"at": at, "values": values, "error": error, "cannot": cannot, "memory": {}})

    def told(self) -> list[str]:
        return self.world.alerts.told


def test_a_trouble_is_told_once_and_its_end_once() -> None:
    bench = Bench()
    for percent in (85.0, 86.0, 87.0, 88.0):
        bench.reads(space_percent=percent)
    assert bench.monitor.state is MonitorState.FAILED
    assert bench.monitor.trouble == "space 86% > 80% for 2 cycles"
    assert bench.told() == [f"monitor monitor:disk:rule: {bench.monitor.rules[0].name}"]
    assert bench.done == ["exec /bin/full"]
    for percent in (70.0, 60.0):
        bench.reads(space_percent=percent)
    assert bench.monitor.state is MonitorState.PASSED
    assert bench.told() == [f"recovered monitor:disk:rule: {bench.monitor.rules[0].name}"]
    assert bench.done == ["exec /bin/full", "exec /bin/fine recovered"]
    facts = bench.world.history.of(Kind.MONITOR, "disk")
    assert [(fact["what"], fact["values"]) for fact in facts] == [
        ("failed", {"space_percent": 86.0}),
        ("passed", {"space_percent": 70.0}),
    ]


def test_before_the_first_reading_and_while_nobody_can_look_it_is_unknown() -> None:
    bench = Bench("if failed then alert")
    assert bench.monitor.state is MonitorState.UNKNOWN
    bench.reads(error="no such file")
    assert bench.monitor.state is MonitorState.FAILED
    for _ in range(2):
        bench.reads(cannot="no right to")
    assert (bench.monitor.state, bench.monitor.cannot) == (MonitorState.UNKNOWN, "no right to")
    assert bench.monitor.raised  # what was the matter is not over because nobody sees it
    bench.reads()
    assert (bench.monitor.state, bench.monitor.cannot) == (MonitorState.PASSED, "")
    assert len(bench.told()) == 2


def test_a_metric_that_is_not_there_changes_nothing() -> None:
    bench = Bench("if space > 80% then alert")
    bench.reads(space_percent=90)
    bench.reads()
    assert bench.monitor.state is MonitorState.FAILED


def test_what_was_written_to_a_file_is_in_what_is_told() -> None:
    bench = Bench("if matches > 0 then alert", type_="file")
    bench.reads(matches=2, line="ERROR disk on fire")
    assert bench.world.alerts.edges[0].text == "matches 2 > 0: ERROR disk on fire"


def test_a_restart_counts_anew_and_is_tried_again() -> None:
    bench = Bench("if failed for 2 cycles then restart", type_="host")
    for _ in range(4):
        bench.reads(error="refused")
    assert bench.done == ["restart", "restart"]
    assert bench.monitor.state is MonitorState.FAILED
    bench.reads()
    assert bench.monitor.state is MonitorState.PASSED


def test_a_new_daemon_tells_nothing_twice_and_the_end_of_what_it_did_not_see_begin() -> None:
    bench = Bench()
    bench.reads(space_percent=85.0)
    record = bench.world.journal.entries[MONITOR]["disk"]
    again = Bench(world=bench.world)
    again.monitor.restore(record)
    again.reads(space_percent=85.0)  # the second of two cycles
    assert len(again.told()) == 1
    third = Bench(world=bench.world)
    third.monitor.restore(bench.world.journal.entries[MONITOR]["disk"])
    assert (third.monitor.state, third.monitor.trouble) == (
        MonitorState.FAILED,
        "space 85% > 80% for 2 cycles",
    )
    third.reads(space_percent=86.0)
    assert third.told() == []
    third.reads(space_percent=5.0)
    assert [word.split()[0] for word in third.told()] == ["recovered"]


def test_of_a_record_in_an_unknown_form_nothing_is_known() -> None:
    for data in (b"", b"[]", b"{}", b'{"rules": {}, "state": "odd", "since": 1}', b'{"rules": 1}'):
        bench = Bench()
        bench.monitor.restore(data)
        assert bench.monitor.state is MonitorState.UNKNOWN


def test_the_memory_of_a_check_is_kept_and_given_back() -> None:
    bench = Bench("if matches > 0 then alert", type_="file")
    bench.monitor.heard({"at": 1, "values": {}, "memory": {"offset": 7}})
    assert bench.monitor.order()["memory"] == {"offset": 7}
    assert json.loads(bench.world.journal.entries[MONITOR]["disk"])["memory"] == {"offset": 7}


def test_one_that_is_paused_has_no_trouble_and_hears_nothing() -> None:
    bench = Bench()
    for _ in range(2):
        bench.reads(space_percent=90.0)
    bench.told()
    bench.monitor.set_enabled(False)
    bench.monitor.set_enabled(False)
    assert bench.monitor.state is MonitorState.DISABLED
    assert [word.split()[-1] for word in bench.told()] == ["quiet"]
    bench.reads(space_percent=90.0)
    assert bench.told() == []
    bench.monitor.set_enabled(True)
    for _ in range(2):
        bench.reads(space_percent=90.0)
    assert len(bench.told()) == 1


def test_a_pause_outlives_the_daemon() -> None:
    bench = Bench()
    bench.monitor.set_enabled(False)
    again = Bench(world=bench.world)
    again.monitor.restore(bench.world.journal.entries[MONITOR]["disk"])
    assert again.monitor.state is MonitorState.DISABLED


def test_a_rule_that_is_dropped_has_no_trouble_any_more() -> None:
    bench = Bench("if space > 80% then alert", "if inodes > 80% then alert")
    bench.reads(space_percent=90.0, inodes_percent=90.0)
    bench.told()
    config = MonitorConfig(
        "disk", "filesystem", rules=("if inodes > 80% then alert",), settings={"path": "/"}
    )
    bench.monitor.follow(config)
    assert bench.told() == ["recovered monitor:disk:rule: if space > 80% then alert quiet"]
    assert bench.monitor.raised == ["if inodes > 80% then alert"]
    bench.monitor.follow(MonitorConfig("disk", "filesystem", enabled=False, settings={"path": "/"}))
    assert bench.monitor.state is MonitorState.DISABLED


def test_what_comes_over_the_pipe_is_bounded_and_only_values() -> None:
    bench = Bench("if space > 80% then alert")
    bench.monitor.heard({"at": "x", "values": {"a": [1], "b": "x" * 1000, "c": None, "d": True}, "error": ""})
    assert bench.monitor.read_at == EPOCH
    assert bench.monitor.reading.values == {"b": "x" * 500, "d": True}
    bench.monitor.heard({"values": 7, "memory": 7})
    assert bench.monitor.reading.values == {}
