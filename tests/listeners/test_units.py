"""Sizes, durations, budgets and times."""

import re

import pytest

from vigild.listeners.units import Budget, asctime, budget, byte_size, duration_seconds


@pytest.mark.parametrize(
    ("text", "size"), [("10", 10), ("2kb", 2048), ("3MB", 3 * 1024**2), ("1GB", 1024**3)]
)
def test_sizes(text: str, size: int) -> None:
    assert size == byte_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("9", 9), ("9s", 9), ("2m", 120), ("1H", 3600), ("2d", 172800)]
)
def test_durations(text: str, seconds: int) -> None:
    assert seconds == duration_seconds(text)


def test_budgets() -> None:
    assert Budget(5, 3600) == budget("5/1h")


@pytest.mark.parametrize("text", ["", "5", "5/", "-1/1h", "5/0", "x/1h"])
def test_wrong_budgets(text: str) -> None:
    with pytest.raises(ValueError):
        budget(text)


@pytest.mark.parametrize("text", ["", "MB", "1.5MB", "1 hour"])
def test_wrong_numbers(text: str) -> None:
    for convert in (byte_size, duration_seconds):
        with pytest.raises(ValueError):
            convert(text)


def test_times_are_written_as_in_the_log() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,250", asctime(1_700_000_000.25))
