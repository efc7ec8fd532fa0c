"""The metrics of programs: as the reference says, and whole."""

from pathlib import Path

from vigild.core.program_metrics import PROGRAM

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"


def test_every_metric_is_in_the_reference_with_its_words() -> None:
    text = REFERENCE.read_text()
    for metric in PROGRAM.metrics:
        assert f"| `{metric.name}` |" in text
        assert f"| {metric.words} |" in text


def test_a_percentage_stands_for_a_metric_that_exists() -> None:
    names = {metric.name for metric in PROGRAM.metrics}
    assert [metric.name for metric in PROGRAM.metrics if metric.percent and metric.percent not in names] == []
