"""Monitors: how what is looked at is, looking at once, and not looking for a while."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.control.facade import Facts
from vigild.core.errors import Fault, VigilError
from vigild.core.monitors import MonitorState

if TYPE_CHECKING:
    from vigild.engine.monitored import Monitored
    from vigild.engine.monitors import Monitors as EngineMonitors


class Monitors:
    """See `control.facade.MonitorControl`. `find` gives those of the engine, None where nothing is monitored."""

    def __init__(self, find: "Callable[[], EngineMonitors | None]") -> None:
        self._find = find

    def all(self) -> list[Facts]:
        """Every monitor, in the order of the configuration."""
        monitors = self._find()
        return [] if monitors is None else [_facts(one, monitors.trouble) for one in monitors.all]

    def views(self) -> list[Facts]:
        """Every monitor as people are told of it; see `monitor_view`."""
        return [monitor_view(facts) for facts in self.all()]

    def one(self, name: str) -> Facts:
        """The monitor of that name. BAD_NAME."""
        monitors = self._known(name)
        return _facts(monitors.find(name), monitors.trouble)

    def look(self, name: str) -> None:
        """Look at it at once. BAD_NAME, FAILED."""
        self._known(name).look_now(name)

    def set_enabled(self, name: str, is_enabled: bool) -> None:
        """Look at it, or do not until somebody says so. BAD_NAME."""
        self._known(name).set_enabled(name, is_enabled)

    def _known(self, name: str) -> "EngineMonitors":
        monitors = self._find()
        if monitors is None:
            raise VigilError(Fault.BAD_NAME, name)
        return monitors


def monitor_view(facts: Facts) -> Facts:
    """The same in the words of the JSON interface: one that is not looked at is paused, and a text says what is wrong."""
    state = "paused" if facts["state"] == "disabled" else facts["state"]
    return {**facts, "state": state, "text": facts["trouble"] or facts["unknown_because"]}


def _facts(monitor: "Monitored", trouble: str) -> Facts:
    config = monitor.config
    is_blind = bool(trouble) and monitor.is_enabled
    return {
        "name": config.name,
        "type": config.type,
        "state": (MonitorState.UNKNOWN if is_blind else monitor.state).value,
        "since": monitor.since,
        "read_at": monitor.read_at,
        "values": dict(monitor.reading.values),
        "error": monitor.reading.error,
        "unknown_because": trouble if is_blind else monitor.cannot,
        "held_because": monitor.held,
        "cycles": monitor.cycles,
        "interval_seconds": config.interval_seconds,
        "rules": [rule.name for rule in monitor.rules],
        "raised": monitor.raised,
        "trouble": monitor.trouble,
    }
