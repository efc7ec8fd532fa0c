"""Renders results: one table, for a terminal or as Markdown, with Vigil's reach and whether it is met."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kit.metric import Metric
from benchmarks.kit.run import RowResult

BEGIN_MARK = "<!-- benchmark table: begin (written by `make bench`) -->"
END_MARK = "<!-- benchmark table: end -->"
PRODUCT = "vigil"
RIVAL = "supervisor"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run has to say."""

    titles: dict[str, str]  # contender -> heading, in the order of the columns
    results: Sequence[RowResult]
    absent: dict[str, str]  # contender -> why it is not there
    about: tuple[str, ...]

    def grid(self) -> list[list[str]]:
        heads = ["measure", "unit", *self.titles.values(), "Vigil : Supervisor", "reach", "met"]
        return [heads, *(line for result in self.results for line in self._lines(result))]

    def notes(self) -> list[str]:
        found = [f"{result.row.title}: {result.row.note}" for result in self.results if result.row.note]
        found += [f"{name} is absent: {reason}" for name, reason in self.absent.items()]
        for result in self.results:
            found += [f"{name} failed in {result.row.name}: {why}" for name, why in result.failures.items()]
        return found

    def missed(self) -> list[str]:
        return [line[0] for line in self.grid()[1:] if line[-1] == "no"]

    def _lines(self, result: RowResult) -> list[list[str]]:
        return [line for metric in result.row.metrics if (line := self._line(result, metric))]

    def _line(self, result: RowResult, metric: Metric) -> list[str]:
        values = {name: result.value(metric, name) for name in self.titles}
        if not any(value is not None for value in values.values()) and not result.failures:
            return []
        cells = ["failed" if name in result.failures else shown(value) for name, value in values.items()]
        ours, theirs = values.get(PRODUCT), values.get(RIVAL)
        ratio = f"{ours / theirs:.3g}" if ours is not None and theirs else "–"
        reach = metric.reach.shown() if metric.reach else "–"
        met = metric.reach.is_met(ours, theirs) if metric.reach and ours is not None else None
        verdict = {True: "yes", False: "no", None: "–"}[met]
        return [metric.title, metric.unit, *cells, ratio, reach, verdict]


def shown(value: float | None) -> str:
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"


def as_text(report: Report) -> str:
    grid = report.grid()
    widths = [max(len(line[column]) for line in grid) for column in range(len(grid[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in grid
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*report.about, "", *lines, "", *report.notes(), _summary(report)])


def as_markdown(report: Report) -> str:
    grid = report.grid()
    lines = [f"| {' | '.join(line)} |" for line in grid]
    lines.insert(1, "|" + " --- |" * len(grid[0]))
    about = [f"- {line}" for line in report.about]
    return "\n".join(
        [*about, "", *lines, "", *(f"- {note}" for note in report.notes()), "", _summary(report)]
    )


def write_into(path: Path, report: Report) -> None:
    """Replace what stands between the marks of the document."""
    text = path.read_text()
    if BEGIN_MARK not in text or END_MARK not in text:
        raise ValueError(
            f"cannot write the table into {path}: it lacks the two marks {BEGIN_MARK!r}, {END_MARK!r}"
        )
    head, tail = text.split(BEGIN_MARK)[0], text.split(END_MARK)[1]
    path.write_text(f"{head}{BEGIN_MARK}\n{as_markdown(report)}\n{END_MARK}{tail}")


def machine(load_before: float) -> str:
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    kernel = f"{platform.system()} {platform.release().split('-')[0]}"
    return (
        f"Machine: {os.cpu_count()} CPUs ({model}), {kernel}, CPython {platform.python_version()}; "
        f"load average when the run began {load_before:.1f}."
    )


def _summary(report: Report) -> str:
    met = sum(line[-1] == "yes" for line in report.grid()[1:])
    missed = report.missed()
    return f"Targets met: {met}; missed: {len(missed)}{' (' + '; '.join(missed) + ')' if missed else ''}."
