"""The way to one receiver: what waits for it, and how it stands. One message at a time; a failure delays all."""

from dataclasses import replace

from vigild.alerts.outbox import ReceiverRow
from vigild.alerts.sending import Outcome, Receiver
from vigild.core.delivering import Parcel, delay_seconds, next_parcel, next_time


class Road:
    """Times are seconds since the epoch; a clock that is set only makes a try come sooner or later."""

    __slots__ = ("busy", "failures", "not_before", "parcels", "receiver", "row")

    def __init__(self, receiver: Receiver, row: ReceiverRow, parcels: list[Parcel]) -> None:
        self.receiver = receiver
        self.row = row
        self.parcels = parcels
        self.failures = 0
        self.not_before = 0.0
        self.busy = False

    def next(self, now: float) -> Parcel | None:
        """What to send now; None while there is nothing, or it is not yet time."""
        if self.busy or now < self.not_before:
            return None
        return next_parcel(self.parcels, self.failures, now)

    def next_at(self) -> float | None:
        """When there will be something to send."""
        return None if self.busy else next_time(self.parcels, self.not_before)

    def is_open(self) -> None:
        """Something arrived: whatever waits may follow at once."""
        self.failures = 0
        self.not_before = 0.0
        self.row.failing_since = 0.0
        self.row.error = ""

    def hurry(self) -> None:
        """Something has changed (the address, the network): try again now."""
        self.not_before = 0.0
        self.parcels = [replace(parcel, not_before=0.0) for parcel in self.parcels]

    def done(self, parcel: Parcel, outcome: Outcome) -> None:
        """It has arrived, or never will."""
        self.parcels = [other for other in self.parcels if other.number != parcel.number]
        self.is_open()
        self.row.refused = "" if outcome.ok else outcome.text or "it was refused"

    def failed(self, parcel: Parcel, outcome: Outcome, now: float, chance: float) -> None:
        """It has not arrived, and may yet."""
        self.failures += 1
        self.not_before = now + delay_seconds(self.failures, chance, outcome.retry_after_seconds)
        tried = replace(
            parcel, failures=parcel.failures + 1, not_before=now + delay_seconds(parcel.failures + 1, chance)
        )
        self.parcels = [tried if other.number == parcel.number else other for other in self.parcels]
        self.row.failing_since = self.row.failing_since or now
        self.row.error = outcome.text or "it failed"
