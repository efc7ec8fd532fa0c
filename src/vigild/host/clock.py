"""Both clocks of the machine, and alarms on the loop."""

import asyncio
import time
from collections.abc import Callable


class LoopClock:
    """The `Clock` port over an asyncio loop, whose own time is the monotonic clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        """Seconds, never going back."""
        return self._loop.time()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back at monotonic time `when`."""
        return self._loop.call_at(when, callback)
