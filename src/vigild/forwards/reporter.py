"""What is said to the daemon, in JSON lines: how forwards stand, and what became of tests.

At once when one begins or ends to fail, else every ten seconds at most, and only while something changes.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping

INTERVAL_SECONDS = 10.0

Statuses = Callable[[], Mapping[str, object]]


class Reporter:
    """`statuses` are asked for when a report is due."""

    def __init__(self, fd: int, statuses: Statuses, interval_seconds: float = INTERVAL_SECONDS) -> None:
        self._fd = fd
        self._statuses = statuses
        self._interval = interval_seconds
        self._condition = threading.Condition()
        self._writing = threading.Lock()
        self._is_changed = False
        self._is_urgent = False
        self._is_over = False
        self._said: Mapping[str, object] = {}
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)
        self._thread.start()

    def changed(self, is_urgent: bool) -> None:
        """There is something to report."""
        if self._is_changed and not is_urgent:
            return  # it is known already; this is called for every piece of output
        with self._condition:
            self._is_changed = True
            self._is_urgent = self._is_urgent or is_urgent
            self._condition.notify()

    def say(self, message: Mapping[str, object]) -> None:
        """Write one message. A daemon that is gone needs none."""
        data = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        with self._writing:
            try:
                while data:
                    data = data[os.write(self._fd, data) :]
            except OSError:
                pass

    def close(self, seconds: float) -> None:
        """Say the last, and end; not later than in so many seconds."""
        with self._condition:
            self._is_over = True
            self._condition.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        last = -self._interval
        while True:
            with self._condition:
                while not (self._is_changed or self._is_over):
                    self._condition.wait()
                while (
                    not (self._is_urgent or self._is_over)
                    and (left := last + self._interval - time.monotonic()) > 0
                ):
                    self._condition.wait(left)
                self._is_changed = self._is_urgent = False
                is_over = self._is_over
            forwards = self._statuses()
            if forwards != self._said:
                self._said = forwards
                self.say({"type": "report", "forwards": forwards})
                last = time.monotonic()
            if is_over:
                return
