"""One alert at work: its settings, its book of troubles, and the roads to its receivers."""

from collections.abc import Callable
from typing import Any

from vigild.alerts.outbox import AlertRow
from vigild.alerts.road import Road
from vigild.alerts.settings import AlertSettings
from vigild.core.alerting import (
    HOUR_SECONDS,
    LIMIT,
    QUIET_HOURS,
    Trouble,
    digest_of,
    heard,
    held,
    planned,
    taken,
    too_many,
)
from vigild.core.digest import Digest
from vigild.core.edges import Edge
from vigild.core.quiet import OffsetAt

HELD_SECONDS = 60.0  # that a digest may be late without saying why
SHOWN_CHARS = 300


class Desk:
    """It decides by `core/alerting.py`; who owns it writes down what it answers."""

    def __init__(
        self, settings: AlertSettings, row: AlertRow, book: dict[str, Trouble], offset_at: OffsetAt
    ) -> None:
        self.settings = settings
        self.row = row
        self.book = book
        self.offset_at = offset_at
        self.roads: list[Road] = []

    def hear(
        self, edge: Edge, now: float, lines_of: Callable[[int], dict[str, tuple[str, ...]]]
    ) -> dict[str, Trouble | None]:
        """The entries of the book that an edge changes."""
        before = self.book.get(edge.key)
        after = heard(before, edge, now, self.settings.policy)
        if after is before:
            return {}
        if after is not None and after.edge is edge and self.settings.output_lines:
            after = heard(before, edge, now, self.settings.policy, lines_of(self.settings.output_lines))
        changes: dict[str, Trouble | None] = {edge.key: after}
        self._change(changes)
        full = too_many(self.book)
        if full is not None:
            if self.book[full].news_since:
                self.row.left_out += 1
            changes[full] = None
            self._change({full: None})
        return changes

    def due_at(self, now: float) -> float | None:
        """When there is something to tell."""
        plan = planned(self.book.values(), self.row.told, now, self.settings.policy, self.offset_at)
        return plan.at if plan is not None else None

    def take(self, now: float, identity: str) -> tuple[Digest, dict[str, Trouble | None]] | None:
        """All that is to be told now, and the entries of the book that it changes."""
        policy = self.settings.policy
        since = min((item.news_since for item in self.book.values() if item.news_since), default=now)
        tellings, changes, waited = taken(self.book, now, policy, self.offset_at)
        if not tellings:
            return None
        natural = since + policy.batch_seconds
        held_for = QUIET_HOURS if waited else ""
        if not waited and now > natural + HELD_SECONDS and self._is_full(natural):
            held_for = LIMIT
        digest = digest_of(self.settings.name, identity, now, tellings, self.row.left_out, held_for)
        self._change(changes)
        self.row.left_out = 0
        self.row.told = (*(at for at in self.row.told if now - HOUR_SECONDS < at <= now), now)
        return digest, changes

    def report(self, now: float) -> dict[str, Any]:
        """How it stands, for people."""
        waits = held(self.book.values(), self.row.told, now, self.settings.policy, self.offset_at)
        failing = [road for road in self.roads if road.row.failing_since]
        error = "; ".join(
            [*self.settings.problems, *(f"{road.receiver.label}: {road.row.error}" for road in failing)]
        )
        refused = "; ".join(
            f"{road.receiver.label}: {road.row.refused}" for road in self.roads if road.row.refused
        )
        return {
            "waiting": sum(len(road.parcels) for road in self.roads),
            "held": waits.count,
            "held_until": waits.until,
            "held_for": waits.held_for,
            "delivered": self.row.delivered,
            "lost": self.row.lost,
            "failing_since": min((road.row.failing_since for road in failing), default=0.0),
            "error": error[:SHOWN_CHARS],
            "refused": refused[:SHOWN_CHARS],
            "receivers": [road.receiver.label for road in self.roads],
        }

    def _is_full(self, wall: float) -> bool:
        limit = self.settings.policy.max_per_hour
        return bool(limit) and len([at for at in self.row.told if wall - HOUR_SECONDS < at <= wall]) >= limit

    def _change(self, changes: dict[str, Trouble | None]) -> None:
        for key, trouble in changes.items():
            if trouble is None:
                self.book.pop(key, None)
            else:
                self.book[key] = trouble
