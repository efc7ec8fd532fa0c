"""Samples of the whole machine: one with each pass over the processes, from when somebody first wants to know.

It has no timer of its own: an idle daemon wakes up no more often for it.
"""

from collections.abc import Callable

from vigild.core.machine import LEAST_TICKS, MachineSample, MachineUsage, sample_of


class Machine:
    """`read`: what the machine tells, None where it does not."""

    def __init__(self, read: Callable[[], MachineUsage | None]) -> None:
        self._read = read
        self._before = read()
        self.latest: MachineSample | None = None

    def take(self, wall: float) -> None:
        """A new sample, at `wall` seconds since the epoch."""
        now, before = self._read(), self._before
        if now is None:
            self.latest = None
            return
        sample = sample_of(before, now, wall)
        if before is None or now.total_ticks - before.total_ticks >= LEAST_TICKS:
            self._before = now
        elif self.latest is not None:  # two passes, one right after the other
            sample = sample._replace(cpu_percent=self.latest.cpu_percent)
        self.latest = sample
