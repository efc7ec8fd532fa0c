"""Fair turns, and rests: when which stream is read.

A wake-up of the loop reads about `WAKEUP_BUDGET_BYTES` at most; what is ready beyond that has its turn first in
the next one, after the loop has seen to timers, signals and clients.

Many small writes, of one child or of hundreds, would wake us for each of them; so after a streak of small
wake-ups in quick succession the bulk lane rests for a millisecond, or four where many programs write a little
each, and then reads what has come. A single program that floods with small writes is not even watched meanwhile
(`leave_set`). Streams with somebody who listens to the data (events, the listener protocol) are in the prompt
lane, which never rests; quiet programs never cause a rest.
"""

import asyncio
import time
from typing import TYPE_CHECKING

from vigild.host.flight import BUFFER_BYTES
from vigild.host.readiness import open_readiness

if TYPE_CHECKING:
    from vigild.host.streams import OutputStream

WAKEUP_BUDGET_BYTES = 1 << 20
READY_AT_ONCE = 32
SMALL_WAKEUP_BYTES = 32 << 10
QUICK_SECONDS = 0.001
STREAK = 16
MAX_STREAK = 32
REST_SECONDS = 0.001
REST_OF_MANY_SECONDS = 0.004
FLOOD_BYTES = 1 << 20  # in one rest: too much for rests
TRICKLE_BYTES = 512  # a rest that brings less than this, from a single stream, was for nothing


class Lane:
    """Streams that are woken for together."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, may_rest: bool) -> None:
        self.streams: dict[int, OutputStream] = {}
        self._loop = loop
        self._readiness = open_readiness()
        self.watch = self._readiness.add
        self.unwatch = self._readiness.remove
        self._may_rest = may_rest
        self._due: list[int] = []
        self._streak = 0
        self._last_wakeup = 0.0
        self._rested = False
        self._rest: asyncio.TimerHandle | None = None
        self._watching = False
        self._flood: OutputStream | None = None
        self._watch_again()

    def close(self) -> None:
        """Read what is there, and let go of everything."""
        self.pause()
        for stream in list(self.streams.values()):
            stream.drain()
            stream.close()
        self._readiness.close()

    def pause(self) -> None:
        """Read nothing more until `resume`."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        if self._watching:
            self._watching = False
            self._loop.remove_reader(self._readiness.fileno())

    def resume(self) -> None:
        """Read on after `pause`."""
        if not self._watching:
            self._on_ready()

    def stay_awake(self) -> None:
        """A pipe was full, and a rest would make its writer wait."""
        self._streak = 0

    def _on_ready(self) -> None:
        due = self._due or self._readiness.ready(READY_AT_ONCE)
        budget = WAKEUP_BUDGET_BYTES
        count = len(due)
        streams = self.streams
        stream = None
        while due and budget > 0:
            stream = streams.get(due.pop())
            if stream is not None:
                budget -= stream.read()
        self._due = due
        spent = WAKEUP_BUDGET_BYTES - budget
        if self._flood is not None and self._read_flood(self._flood):
            self._take_rest(REST_SECONDS)
        elif spent < SMALL_WAKEUP_BYTES and self._may_rest:
            self._after_small_wakeup(count, spent, stream)
        if self._rest is None and not self._watching:
            self._watch_again()

    def _after_small_wakeup(self, count: int, spent: int, last: "OutputStream | None") -> None:
        worthwhile = count > 1 or spent >= TRICKLE_BYTES
        now = time.monotonic()
        if self._rested:
            self._rested = False
            self._streak = min(self._streak + 1, MAX_STREAK) if worthwhile else self._streak - 4
        elif now - self._last_wakeup < QUICK_SECONDS:
            self._streak += 1
        else:
            self._streak = 0
        self._last_wakeup = now
        if self._streak >= STREAK:
            self._rested = True
            self._take_rest(REST_OF_MANY_SECONDS if count > 1 else REST_SECONDS)
            if count == 1 and spent >= TRICKLE_BYTES and last is not None and last.leave_set():
                self._flood = last

    def _read_flood(self, stream: "OutputStream") -> bool:
        """Read what one flooding program wrote during a rest. False: the flood is over, or too much for rests."""
        total = 0
        while stream.fd >= 0 and total < FLOOD_BYTES:
            count = stream.read()
            total += count
            if count < BUFFER_BYTES:
                break
        if TRICKLE_BYTES <= total < FLOOD_BYTES and stream.can_read_on:
            return True
        self._flood = None
        stream.rejoin_set()
        self._streak = 0
        return False

    def _take_rest(self, seconds: float) -> None:
        if self._watching:
            self._watching = False
            self._loop.remove_reader(self._readiness.fileno())
        self._rest = self._loop.call_later(seconds, self._end_rest)

    def _end_rest(self) -> None:
        # One rest mostly follows another: reading at once saves a turn of the loop and two changes of its set.
        self._rest = None
        self._on_ready()

    def _watch_again(self) -> None:
        self._watching = True
        self._loop.add_reader(self._readiness.fileno(), self._on_ready)
