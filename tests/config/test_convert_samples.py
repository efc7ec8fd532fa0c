"""How often to measure."""

import pytest

from config.test_convert import AROUND
from vigild.config import convert_samples as convert
from vigild.config.diagnostics import BadValueError


@pytest.mark.parametrize(("text", "expected"), [("60", 60.0), ("1s", 1.0), ("1h", 3600.0), ("2.5", 2.5)])
def test_intervals(text: str, expected: float) -> None:
    assert expected == convert.sample_interval(text, AROUND)


@pytest.mark.parametrize("text", ["0", "0.9", "61m", "2h"])
def test_what_is_too_short_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(BadValueError, match="shorter than a second, or longer than an hour"):
        convert.sample_interval(text, AROUND)
