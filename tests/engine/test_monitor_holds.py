"""When a monitor is not judged: what it depends on, and the times of its configuration."""

from dataclasses import replace
from datetime import datetime

import pytest

from engine.test_monitors import Bench, disk
from support.fakes import group, program
from vigild.config.zones import zone_of
from vigild.core.health import Verdict
from vigild.core.monitors import MonitorState
from vigild.core.orders import Start, Stop
from vigild.core.probe import Probe, Scheme
from vigild.core.process import Autorestart


def full(bench: Bench, name: str = "disk") -> MonitorState:
    """What is thought of it after a reading that a rule of it minds."""
    bench.reads(name, space_percent=90.0)
    return bench.monitors.find(name).state


@pytest.mark.parametrize("name", ["web", "web:*", "web:web"])
def test_it_is_judged_while_the_program_that_it_depends_on_runs(name: str) -> None:
    bench = Bench()
    bench.world.engine.add_group(group(program("web", start_seconds=0)))
    bench.monitors.follow([disk(depends_on=(name,))])
    monitor = bench.monitors.find("disk")
    assert full(bench) is MonitorState.UNKNOWN
    assert (monitor.held, monitor.cannot) == (f"waits for {name}: STOPPED",) * 2
    assert bench.world.alerts.told == []
    bench.world.boot()
    assert full(bench) is MonitorState.FAILED
    assert (monitor.held, monitor.cannot) == ("", "")
    assert bench.world.alerts.told == ["monitor monitor:disk:rule: if space > 80% then alert"]

    bench.world.engine.groups["web"].processes["web"].feed(Stop())
    bench.world.exits("web", 15)
    bench.reads(space_percent=10.0)
    assert (monitor.state, monitor.raised) == (MonitorState.UNKNOWN, ["if space > 80% then alert"])
    assert bench.world.alerts.told == [], "what holds goes on to hold"
    lines = [line for line in bench.world.log.lines if "judged" in line]
    assert lines == [
        f"INFO monitor disk is not judged: waits for {name}: STOPPED",
        "INFO monitor disk is judged again",
        f"INFO monitor disk is not judged: waits for {name}: STOPPED",
    ]


def test_cycles_are_counted_anew_after_a_hold() -> None:
    bench = Bench()
    bench.world.engine.add_group(group(program("web", start_seconds=0, autorestart=Autorestart.NEVER)))
    bench.world.boot()
    bench.monitors.follow([disk(depends_on=("web",), rules=("if space > 80% for 2 cycles then alert",))])
    assert full(bench) is MonitorState.PASSED
    bench.world.exits("web", 256)
    full(bench)
    bench.world._process("web").feed(Start())
    assert full(bench) is MonitorState.PASSED
    assert full(bench) is MonitorState.FAILED


def test_a_program_that_is_unhealthy_or_gone_holds_it() -> None:
    bench = Bench()
    check = Probe(Scheme.TCP, "tcp://127.0.0.1:1", "127.0.0.1")
    bench.world.engine.add_group(group(program("web", start_seconds=0, healthcheck=check)))
    bench.world.boot()
    bench.monitors.follow([disk(depends_on=("web",))])
    watch = bench.world._process("web").watch
    assert full(bench) is MonitorState.FAILED
    watch.health = replace(watch.health, verdict=Verdict.UNHEALTHY)
    full(bench)
    assert bench.monitors.find("disk").held == "waits for web: unhealthy"
    bench.monitors.follow([disk(depends_on=("gone",))])
    full(bench)
    assert bench.monitors.find("disk").held == "waits for gone: there is no such program"


def test_it_waits_for_another_monitor_to_have_passed() -> None:
    bench = Bench()
    bench.monitors.follow([disk("gateway"), disk(depends_on=("monitor:gateway",))])
    full(bench)
    assert bench.monitors.find("disk").held == "waits for monitor:gateway: unknown"
    bench.reads("gateway", space_percent=10.0)
    assert full(bench) is MonitorState.FAILED
    assert full(bench, "gateway") is MonitorState.FAILED
    assert full(bench) is MonitorState.UNKNOWN
    bench.monitors.set_enabled("gateway", False)
    full(bench)
    assert bench.monitors.find("disk").held == "waits for monitor:gateway: disabled"
    bench.monitors.set_enabled("disk", False)
    assert bench.monitors.find("disk").held == ""
    bench.monitors.follow([disk(depends_on=("monitor:gateway",))])
    bench.monitors.set_enabled("disk", True)
    full(bench)
    assert bench.monitors.find("disk").held == "waits for monitor:gateway: unknown", "it is no more"


def test_it_is_judged_at_the_times_of_its_configuration() -> None:
    bench = Bench()
    now = datetime.fromtimestamp(bench.world.clock.wall(), zone_of(""))
    hour, other, day = now.hour, (now.hour + 2) % 24, now.strftime("%a").lower()
    bench.monitors.follow([disk(active_times=f"* {other} * * *")])
    assert full(bench) is MonitorState.UNKNOWN
    assert bench.monitors.find("disk").held == "now is not one of its active_times"
    bench.monitors.follow([disk(active_times=f"* {hour} * * *", paused_times=f"* {other} * * *")])
    assert full(bench) is MonitorState.FAILED
    bench.monitors.follow([disk(paused_times=f"* {hour} * * {day}")])
    full(bench)
    assert bench.monitors.find("disk").held == "now is one of its paused_times"
