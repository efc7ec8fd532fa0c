"""In what order messages go to a receiver, and when one that failed is tried again.

A receiver that fails is left alone, longer each time, for as long as it takes: what waits for it waits in order. A
message that fails by itself (a receiver may choke on one, and take all others) does not hold up the others for ever:
now and then one behind it is tried.
"""

from collections.abc import Sequence

from vigild.core.frozen import frozen

FIRST_DELAY_SECONDS = 5.0
MAX_DELAY_SECONDS = 300.0
MAX_ASKED_SECONDS = 3600.0  # that a receiver may ask to be left alone for
SPREAD = 0.4  # of a delay is up to chance, so that a fleet does not come back all at once
TRIES_OF_THE_FIRST = 2  # of three


@frozen
class Parcel:
    """A message on its way to one receiver. `failures`: tries that failed; it is not tried before `not_before`."""

    number: int
    digest: int
    failures: int = 0
    not_before: float = 0.0


def delay_seconds(failures: int, chance: float, asked_seconds: float = 0.0) -> float:
    """How long to wait after so many failures in a row. `chance` is between 0 and 1."""
    doublings = min(max(failures, 1) - 1, 20)
    delay = min(FIRST_DELAY_SECONDS * 2.0**doublings, MAX_DELAY_SECONDS)
    spread = delay * (1 - SPREAD / 2 + SPREAD * min(max(chance, 0.0), 1.0))
    return max(spread, min(asked_seconds, MAX_ASKED_SECONDS))


def next_parcel(parcels: Sequence[Parcel], failures: int, now: float) -> Parcel | None:
    """Which to try of those that wait, the oldest first, after so many failures of the receiver in a row."""
    ready = [parcel for parcel in parcels if parcel.not_before <= now]
    if not ready:
        return None
    rounds, turn = divmod(failures, TRIES_OF_THE_FIRST + 1)
    if turn < TRIES_OF_THE_FIRST:
        return ready[0]
    return ready[(rounds + 1) % len(ready)]


def next_time(parcels: Sequence[Parcel], not_before: float) -> float | None:
    """When the receiver is to be tried again, which is not to be tried before `not_before`; None for never."""
    if not parcels:
        return None
    return max(not_before, min(parcel.not_before for parcel in parcels))
