"""A message that somebody tries an alert out with: to each of its receivers, at once, past everything that waits."""

from typing import ClassVar

from vigild.alerts.desk import Desk
from vigild.alerts.road import Road
from vigild.alerts.sending import Outcome
from vigild.core.digest import Digest, Telling
from vigild.core.edges import Edge, EdgeKind, Severity


class Trial:
    """One such test. It is over when every receiver has answered."""

    TICKETS: ClassVar = 1000  # of one trial: more than receivers can be
    SECONDS: ClassVar = 20.0

    def __init__(self, number: int, desk: Desk, now: float) -> None:
        self.number = number
        self.name = desk.settings.name
        self.roads: dict[int, Road] = {
            number * self.TICKETS + place: road for place, road in enumerate(desk.roads)
        }
        self.outcomes: dict[int, Outcome] = {}
        self._now = now

    def digest(self, identity: str) -> Digest:
        """What is told."""
        text = f"this is a test of the alert {self.name}; nothing is wrong"
        edge = Edge(self._now, EdgeKind.TEST, Severity.INFO, "daemon", self.name, "test", text)
        return Digest(self.name, identity, self._now, (Telling(edge, self._now),))

    @property
    def is_over(self) -> bool:
        """Has every receiver answered?"""
        return len(self.outcomes) == len(self.roads)

    @property
    def verdict(self) -> tuple[bool, str]:
        """Did all take it, and what each said: a line for each."""
        lines = []
        for ticket, road in self.roads.items():
            outcome = self.outcomes[ticket]
            word = "delivered" if outcome.ok else "refused" if outcome.permanent else "failed"
            said = f": {outcome.text}" if outcome.text else ""
            lines.append(f"{road.receiver.label} {word}{said}")
        return all(outcome.ok for outcome in self.outcomes.values()), "\n".join(lines)
