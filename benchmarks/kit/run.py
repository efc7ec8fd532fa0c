"""Runs rows over contenders in alternating turns and pools the samples."""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.kit.contender import Contender, UnsupportedError
from benchmarks.kit.metric import Metric, Samples
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row


@dataclass(slots=True)
class RowResult:
    """What a row found: samples and failures by contender."""

    row: Row
    samples: dict[str, Samples] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def value(self, metric: Metric, contender: str) -> float | None:
        return metric.value(self.samples.get(contender, {}))

    def spread(self, metric: Metric, contender: str) -> float:
        """Largest distance from the median, as a share of it: how much to trust the figure."""
        found = self.samples.get(contender, {}).get(metric.samples or metric.key, [])
        middle = statistics.median(found) if found else 0.0
        return max((abs(value - middle) / middle for value in found), default=0.0) if middle else 0.0


def run_row(result: RowResult, contenders: Sequence[Contender], plan: Plan, payload: Payload) -> None:
    """Every contender takes a turn, then all take the next: a busy moment of the machine hits all alike."""
    row = result.row
    for turn in range(plan.repeats if row.repeated else 1):
        for contender in contenders:
            if (row.only and contender.name not in row.only) or contender.name in result.failures:
                continue
            began = time.monotonic()
            try:
                found = row.measure(contender, plan, payload)
            except UnsupportedError:
                continue
            except Exception as error:  # one contender's trouble must not cost the others their figures
                result.failures[contender.name] = f"{type(error).__name__}: {error}"
                _say(f"  {contender.name}: FAILED: {error}")
                continue
            pooled = result.samples.setdefault(contender.name, {})
            for key, values in found.items():
                pooled.setdefault(key, []).extend(values)
            _say(f"  {row.name} turn {turn + 1} {contender.name}: {time.monotonic() - began:.1f} s")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
