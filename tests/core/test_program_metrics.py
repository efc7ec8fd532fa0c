"""The metrics of programs: as the reference says, and whole."""

from pathlib import Path

from vigild.core.program_metrics import PROGRAM, values_of
from vigild.core.samples import Sample

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"


def test_every_metric_is_in_the_reference_with_its_words() -> None:
    text = REFERENCE.read_text()
    for metric in PROGRAM.metrics:
        assert f"| `{metric.name}` |" in text
        assert f"| {metric.words} |" in text


def test_a_percentage_stands_for_a_metric_that_exists() -> None:
    names = {metric.name for metric in PROGRAM.metrics}
    assert [metric.name for metric in PROGRAM.metrics if metric.percent and metric.percent not in names] == []


def test_values_of_a_sample_leave_out_what_nobody_knows() -> None:
    sample = Sample(0.0, 5.0, 1.0, 20.0, 2048, None, None, 3, 2, 9, None, None, None, 4.0, 0)

    assert values_of(sample, 8192, 60.0, 7) == {
        "cpu": 20.0,
        "memory": 2048,
        "memory_percent": 25.0,
        "threads": 3,
        "processes": 2,
        "files": 9,
        "write_rate": 4.0,
        "restarts": 7,
        "uptime": 60.0,
    }
    assert "memory_percent" not in values_of(sample, 0, 60.0, 7)
    assert set(
        values_of(sample._replace(pss_bytes=1, swap_bytes=1, read_bytes_per_second=1.0), 1, 1.0, 1)
    ) == {metric.name for metric in PROGRAM.metrics}
