"""The one place that waits: poll a condition until it holds or a generous deadline passes."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# One unit for every deadline; slow machines scale it.
DEADLINE_SECONDS = 20.0 * float(os.environ.get("VIGIL_TEST_TIME_SCALE", "1"))


def until(condition: Callable[[], T], timeout: float = DEADLINE_SECONDS, what: str = "") -> T:
    """Return the first truthy value of `condition()`; fail with its last value after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:.0f} s for {what or condition}; last value: {value!r}")
        time.sleep(0.01)
