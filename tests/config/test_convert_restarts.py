"""Converters of what paces restarts: what is taken, as what, and what is refused."""

from typing import Any

import pytest

from config.test_convert import AROUND
from vigild.config import convert_restarts as convert
from vigild.config.diagnostics import BadValueError
from vigild.core.restarts import OnFlapping


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        (convert.flapping, "10/60s", (10, 60)),
        (convert.flapping, "10/60", (10, 60)),
        (convert.flapping, " 5 / 2M ", (5, 120)),
        (convert.flapping, "20/1h", (20, 3600)),
        (convert.flapping, "1000/24h", (1000, 86400)),
        (convert.flapping, "off", (0, 60)),
        (convert.flapping, "None", (0, 60)),
        (convert.flapping, "0", (0, 60)),
        (convert.on_flapping, "Backoff", OnFlapping.BACKOFF),
        (convert.on_flapping, "fatal", OnFlapping.FATAL),
        (convert.seconds, "0", 0.0),
        (convert.seconds, "0.25", 0.25),
        (convert.seconds, "2m", 120.0),
        (convert.positive_seconds, "1.5s", 1.5),
        (convert.factor, "1", 1.0),
        (convert.factor, "1.5", 1.5),
    ],
)
def test_what_is_taken(converter: Any, text: str, value: object) -> None:
    assert converter(text, AROUND) == value


@pytest.mark.parametrize(
    ("converter", "text"),
    [
        (convert.flapping, "10"),
        (convert.flapping, "10/60d"),
        (convert.flapping, "0/60s"),
        (convert.flapping, "1001/60s"),
        (convert.flapping, "10/0s"),
        (convert.flapping, "10/25h"),
        (convert.flapping, "on"),
        (convert.flapping, ""),
        (convert.on_flapping, "stop"),
        (convert.seconds, "-1"),
        (convert.seconds, "nan"),
        (convert.seconds, "1e3"),
        (convert.seconds, "25h"),
        (convert.positive_seconds, "0.0"),
        (convert.factor, "0.5"),
        (convert.factor, "1001"),
        (convert.factor, "inf"),
    ],
)
def test_what_is_refused_is_refused_with_a_hint(converter: Any, text: str) -> None:
    with pytest.raises(BadValueError) as caught:
        converter(text, AROUND)
    assert caught.value.hint
