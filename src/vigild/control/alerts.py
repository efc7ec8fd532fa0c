"""Alerts, as a door may ask for them: how each stands, and a message to try one out."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from vigild.control.facade import Facts
from vigild.core.errors import Fault, VigilError

if TYPE_CHECKING:
    from vigild.engine.telling import Telling

NONE = "there is no [alert:x] in the configuration"


class AlertDesk(Protocol):
    """Where alerts are configured; `daemon/` has the real one."""

    @property
    def names(self) -> Sequence[str]:
        """Of the alerts, in the order of the configuration."""

    @property
    def telling(self) -> "Telling":
        """What is on its way."""


class Alerts:
    """See `control.facade.AlertControl`. `desk` answers None while there are no alerts."""

    def __init__(self, desk: Callable[[], AlertDesk | None]) -> None:
        self._desk = desk

    def list(self) -> list[Facts]:
        """How each alert stands."""
        desk = self._desk()
        return [] if desk is None else [_facts(desk.telling, name) for name in desk.names]

    async def test(self, name: str) -> str:
        """Send a message through this alert now; what came of it. BAD_NAME, FAILED."""
        desk = self._desk()
        if desk is None:
            raise VigilError(Fault.BAD_NAME, f"{name}: {NONE}")
        if name not in desk.names:
            known = ", ".join(desk.names)
            raise VigilError(Fault.BAD_NAME, f"{name}: the alerts are {known}")
        return await desk.telling.test(name)


def _facts(telling: "Telling", name: str) -> Facts:
    report = telling.reports.get(name, {})
    facts: Facts = {
        "name": name,
        "trouble": telling.trouble,
        "unkept": telling.waiting,
        "lost": telling.dropped,
    }
    for key in ("waiting", "held", "delivered"):
        value = report.get(key, 0)
        facts[key] = value if isinstance(value, int) else 0
    for key in ("held_until", "failing_since"):
        at = report.get(key, 0.0)
        facts[key] = float(at) if isinstance(at, int | float) else 0.0
    for key in ("held_for", "error", "refused"):
        value = report.get(key, "")
        facts[key] = value if isinstance(value, str) else ""
    return facts
