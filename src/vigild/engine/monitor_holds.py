"""When a monitor is not judged: while what it depends on is down, and at times that its configuration leaves out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vigild.core.health import Verdict
from vigild.core.monitors import MonitorState
from vigild.core.states import ProcessState

if TYPE_CHECKING:
    from vigild.engine.engine import Engine
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.monitored import Monitored

PREFIX = "monitor:"


def why_held(engine: "Engine", monitors: "Mapping[str, Monitored]", monitor: "Monitored") -> str:
    """Why this one is not judged now; "" where it is."""
    config = monitor.config
    for name in config.depends_on:
        why = _why_not(engine, monitors, name)
        if why:
            return f"waits for {name}: {why}"
    if config.active_times and not _is_named(config.active_times, engine.ports.clock.wall()):
        return "now is not one of its active_times"
    if config.paused_times and _is_named(config.paused_times, engine.ports.clock.wall()):
        return "now is one of its paused_times"
    return ""


def _why_not(engine: "Engine", monitors: "Mapping[str, Monitored]", name: str) -> str:
    if name.startswith(PREFIX):
        other = monitors.get(name.removeprefix(PREFIX))
        state = other.state if other is not None else MonitorState.UNKNOWN
        return "" if state is MonitorState.PASSED else state.value
    group_name, _, member = name.partition(":")
    group = engine.groups.get(group_name)
    processes = group.by_priority if group is not None else []
    meant = [process for process in processes if member in ("", "*", process.config.name)]
    return next(filter(None, map(_trouble_of, meant)), "" if meant else "there is no such program")


def _trouble_of(process: "ManagedProcess") -> str:
    if process.state is not ProcessState.RUNNING:
        return process.state.name
    health = process.watch.health if process.watch is not None else None
    return "unhealthy" if health is not None and health.verdict is Verdict.UNHEALTHY else ""


def _is_named(expression: str, wall: float) -> bool:
    from vigild.config.cron import names_minute_of  # late: it loads what knows of calendars
    from vigild.config.zones import zone_of

    return names_minute_of(expression, zone_of(""), wall)
