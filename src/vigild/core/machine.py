"""What the whole machine uses: one reading, and what two of them come to.

Beside `core/samples.py`, which is about programs: whose fault it is that a program is slow is often answered here.
"""

from collections.abc import Sequence
from typing import NamedTuple

LEAST_TICKS = 20  # of all CPUs together, between two readings whose CPU time can be compared


class MachineUsage(NamedTuple):
    """One reading. CPU time is in ticks since the boot, of all CPUs together."""

    busy_ticks: int  # neither idle nor waiting for a disk
    total_ticks: int
    load1: float
    load5: float
    load15: float
    memory_bytes: int  # in use, and cannot be had at once
    memory_total_bytes: int
    swap_bytes: int
    swap_total_bytes: int


class MachineSample(NamedTuple):
    """What the machine used, at `at` seconds since the epoch. `cpu_percent` None: there is nothing to compare with yet."""

    at: float
    cpu_percent: float | None  # of all CPUs together, since the sample before: at most 100
    load1: float
    load5: float
    load15: float
    memory_bytes: int
    memory_total_bytes: int
    swap_bytes: int
    swap_total_bytes: int


class MachineMoment(NamedTuple):
    """What is kept of all samples within some time: averages, and where it says so the most."""

    at: int  # when that time began, in seconds since the epoch
    cpu_percent: float | None
    cpu_percent_max: float | None
    load1: float
    load1_max: float
    memory_bytes: int
    memory_bytes_max: int
    memory_total_bytes: int  # the most
    swap_bytes: int
    swap_total_bytes: int  # the most


def sample_of(before: MachineUsage | None, now: MachineUsage, at: float) -> MachineSample:
    """The reading `now` as a sample."""
    cpu = None
    if before is not None and now.total_ticks - before.total_ticks >= LEAST_TICKS:
        share = (now.busy_ticks - before.busy_ticks) / (now.total_ticks - before.total_ticks)
        cpu = round(min(100.0, max(0.0, share * 100)), 2)
    return MachineSample(at, cpu, *now[2:])


def moment_of(at: int, samples: Sequence[MachineSample]) -> MachineMoment:
    """All of these, at least one, as one."""
    cpu = [sample.cpu_percent for sample in samples if sample.cpu_percent is not None]
    loads = [sample.load1 for sample in samples]
    memory = [sample.memory_bytes for sample in samples]
    count = len(samples)
    return MachineMoment(
        at,
        sum(cpu) / len(cpu) if cpu else None,
        max(cpu, default=None),
        sum(loads) / count,
        max(loads),
        sum(memory) // count,
        max(memory),
        max(sample.memory_total_bytes for sample in samples),
        sum(sample.swap_bytes for sample in samples) // count,
        max(sample.swap_total_bytes for sample in samples),
    )
