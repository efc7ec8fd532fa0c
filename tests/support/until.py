"""The one place that waits: poll a condition until it holds or a generous deadline passes."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# One unit for every deadline, so generous that only what never comes meets it; slow machines scale it.
DEADLINE_SECONDS = 60.0 * float(os.environ.get("VIGIL_TEST_TIME_SCALE", "1"))


SHORTEST_LOOK_SECONDS = 0.005
LONGEST_LOOK_SECONDS = 0.05

# What a condition meets while it looks at something half done: a file that is not there yet or half written, a server
# that does not listen yet, a line that has not come. It counts as "not yet".
NOT_YET = (OSError, LookupError, ValueError)


def until(condition: Callable[[], T], timeout: float = DEADLINE_SECONDS, what: str = "") -> T:
    """Return the first truthy value of `condition()`; fail with its last value or error after `timeout` seconds."""
    begun = time.monotonic()
    while True:
        error: Exception | None = None
        value: object = None
        try:
            value = result = condition()
            if result:
                return result
        except NOT_YET as caught:
            error = caught
        waited = time.monotonic() - begun
        if waited > timeout:
            raise AssertionError(
                f"waited {timeout:.0f} s for {what or condition}; last value: {error or value!r}"
            ) from error
        # Whoever waits longer looks less often: on a loaded machine looking is part of the load.
        time.sleep(min(max(waited / 20, SHORTEST_LOOK_SECONDS), LONGEST_LOOK_SECONDS))
