"""The short form of the soak; `make soak` runs the long one by setting VIGIL_SOAK_SECONDS."""

import os
from pathlib import Path

import pytest

from soak.soak import Soak

SECONDS = float(os.environ.get("VIGIL_SOAK_SECONDS", "8"))
WARM_UP_SECONDS = min(60.0, max(5.0, SECONDS / 8))


@pytest.mark.slow
def test_daemon_answers_under_churn_and_leaks_nothing(tmp_path: Path) -> None:
    outcome = Soak(tmp_path).run(warm_up_seconds=WARM_UP_SECONDS, seconds=SECONDS)
    print(outcome.text())  # for who runs `make soak ARGS=-s`

    assert not outcome.faults, outcome.text()
