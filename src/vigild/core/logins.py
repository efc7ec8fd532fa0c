"""What of logging in goes into the history, so that guessing passwords neither fills it nor pushes out the rest.

Of the failures of one source in a row, the first, second, fourth, eighth and so on are told, each with how many they are
by then. Of all sources together so many a minute are told; how many were not is told with the next that is. What the
rightful do has a measure of its own: guessers cannot use it up.
"""

from dataclasses import dataclass, field

from vigild.core.frozen import frozen

MOST_AT_ONCE = 32
SECONDS_FOR_ONE_MORE = 60.0
MOST_NAMES = 20  # of users, in one fact
FAILED = "failed"


@dataclass(slots=True)
class Measure:
    """So many at once, then one more in every so many seconds. `untold`: those over it since the last that was told."""

    left: float = MOST_AT_ONCE
    at: float = 0.0
    untold: int = 0

    def takes(self, now: float) -> bool:
        """May one be told at `now`, in monotonic seconds?"""
        self.left = min(MOST_AT_ONCE, self.left + max(0.0, now - self.at) / SECONDS_FOR_ONE_MORE)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class LoginMeasure:
    """For one daemon."""

    failures: Measure = field(default_factory=Measure)
    others: Measure = field(default_factory=Measure)

    def told(self, what: str, count: int, now: float) -> int:
        """How many like it were not told since the last that was; -1 if this is not told itself.

        `count`: of FAILED, how many in a row they are from there.
        """
        measure = self.failures if what == FAILED else self.others
        is_telling = what != FAILED or count & (count - 1) == 0
        if not (is_telling and measure.takes(now)):
            measure.untold += 1
            return -1
        untold, measure.untold = measure.untold, 0
        return untold


@frozen
class Account:
    """Somebody who may log in, as far as changes of it are told. `proof`: what tells one password from another."""

    role: str
    proof: str


def changes(old: dict[str, Account], new: dict[str, Account]) -> dict[str, list[str]]:
    """`added`, `removed` and `changed`, in words without what is secret; nothing where all is as before."""
    told = {
        "added": [f"{name} ({new[name].role})" for name in sorted(new.keys() - old.keys())],
        "removed": sorted(old.keys() - new.keys()),
        "changed": [
            words
            for name in sorted(old.keys() & new.keys())
            for words in _changed(name, old[name], new[name])
        ],
    }
    return {what: _bounded(names) for what, names in told.items() if names}


def _changed(name: str, old: Account, new: Account) -> list[str]:
    words = [f"{name}: {old.role} -> {new.role}"] if old.role != new.role else []
    return [*words, f"{name}: password"] if old.proof != new.proof else words


def _bounded(names: list[str]) -> list[str]:
    return [*names[:MOST_NAMES], f"+{len(names) - MOST_NAMES}"] if len(names) > MOST_NAMES else names
