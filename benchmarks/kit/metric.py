"""A line of the table: what is measured, in which unit, and what Vigil is to reach."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Samples = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Reach:
    """A bound on Vigil's figure: absolute, or as a multiple of Supervisor's in the same run."""

    limit: float
    at_most: bool = True
    times_supervisor: bool = False
    text: str = ""

    def is_met(self, value: float, supervisor: float | None) -> bool | None:
        """None where there is nothing to compare with."""
        if self.times_supervisor and supervisor is None:
            return None
        bound = self.limit * (supervisor or 0.0) if self.times_supervisor else self.limit
        return value <= bound if self.at_most else value >= bound

    def shown(self) -> str:
        if self.text:
            return self.text
        sign = "≤" if self.at_most else "≥"
        return f"{sign} {self.limit:g}" + (" × Supervisor" if self.times_supervisor else "")


def at_most(limit: float, text: str = "") -> Reach:
    return Reach(limit, text=text)


def at_least(limit: float) -> Reach:
    return Reach(limit, at_most=False)


def at_most_times_supervisor(limit: float) -> Reach:
    return Reach(limit, times_supervisor=True)


def at_least_times_supervisor(limit: float) -> Reach:
    return Reach(limit, at_most=False, times_supervisor=True)


def p95(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def p99(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))]


@dataclass(frozen=True, slots=True)
class Metric:
    """One line. `samples` names where its figures are found, if not under its own key."""

    key: str
    title: str
    unit: str
    reach: Reach | None = None
    samples: str = ""
    summary: Callable[[Sequence[float]], float] = statistics.median

    def value(self, samples: Samples) -> float | None:
        found = samples.get(self.samples or self.key)
        return self.summary(found) if found else None
