"""What programs use of the machine: one reading of a whole tree, and what two readings come to.

A program's tree is its process and all that descends from it (`core/descendants.py` says what that is). CPU time is
that of all who live in it and of those descendants that ended and were waited for, so that a program which works in
short-lived children is not seen as idle.

Tuples and not dataclasses, because a thousand of each are made at once, every few seconds.
"""

from collections.abc import Sequence
from typing import NamedTuple


class TreeRequest(NamedTuple):
    """Whose tree is to be read. `key` is ours to choose; `anchors`: pid and start ticks (0: unknown), the main one last.

    `alone`: the process without what descends from it (the daemon itself, from which everything descends).
    """

    key: str
    spawn_id: str
    anchors: tuple[tuple[int, int], ...]
    alone: bool = False


class Usage(NamedTuple):
    """One reading of a tree. None where the machine does not tell, or not us.

    `at`: when it was read, in monotonic seconds. `age_seconds`: how long the oldest of the tree has been running.
    `pss_bytes` and `swap_bytes` are dear to find out: they can be older than the rest.
    """

    at: float
    age_seconds: float
    cpu_seconds: float
    rss_bytes: int
    threads: int
    processes: int
    open_files: int | None = None
    read_bytes: int | None = None
    write_bytes: int | None = None
    pss_bytes: int | None = None
    swap_bytes: int | None = None
    io_at: float = 0.0  # when storage was read, if not with the rest


class Sample(NamedTuple):
    """What one program's whole tree used, at `at` seconds since the epoch. None where nobody knows.

    `interval_seconds`: what the rates are about: the time since the sample before, or since the program's start.
    """

    at: float
    interval_seconds: float
    cpu_seconds: float  # user and system, since the program's start
    cpu_percent: float  # of one core: 200.0 are two of them
    rss_bytes: int  # shared pages count once for each process that has them
    pss_bytes: int | None  # shared pages are shared out: what the tree really takes
    swap_bytes: int | None
    threads: int
    processes: int
    open_files: int | None
    read_bytes: int | None  # from storage, as CPU time is counted
    write_bytes: int | None
    read_bytes_per_second: float | None
    write_bytes_per_second: float | None
    restarts: int  # by itself, since the daemon began


def sample_of(
    before: Usage | None, now: Usage, at: float, restarts: int, former: Sample | None = None
) -> Sample:
    """The reading `now` as a sample, with rates since `before` (of the same run), or since the run's start.

    `former`: the sample that came of `before`; its rates of storage stay where storage was not read anew.
    """
    if before is None:
        seconds, cpu = now.age_seconds, now.cpu_seconds
    else:
        seconds, cpu = now.at - before.at, now.cpu_seconds - before.cpu_seconds
    return Sample(
        at,
        seconds,
        now.cpu_seconds,
        # A descendant that nobody waited for takes its time with it: less than nothing was not used.
        round(max(0.0, cpu) / seconds * 100, 2) if seconds > 0 else 0.0,
        now.rss_bytes,
        now.pss_bytes,
        now.swap_bytes,
        now.threads,
        now.processes,
        now.open_files,
        now.read_bytes,
        now.write_bytes,
        *_storage_rates(before, now, former),
        restarts,
    )


def _storage_rates(
    before: Usage | None, now: Usage, former: Sample | None
) -> tuple[float | None, float | None]:
    if before is None:
        return _rate(0, now.read_bytes, now.age_seconds), _rate(0, now.write_bytes, now.age_seconds)
    seconds = (now.io_at or now.at) - (before.io_at or before.at)
    if seconds <= 0 and former is not None:
        return former.read_bytes_per_second, former.write_bytes_per_second
    return _rate(before.read_bytes, now.read_bytes, seconds), _rate(
        before.write_bytes, now.write_bytes, seconds
    )


def _rate(before: int | None, now: int | None, seconds: float) -> float | None:
    if now is None or before is None or seconds <= 0:
        return None
    return round(max(0, now - before) / seconds, 1)


STEP_SECONDS = 60  # the finest that is kept
COARSE_STEP_SECONDS = 900  # what is kept for long
MAX_POINTS = 3000  # in one answer


class Moment(NamedTuple):
    """What is kept of all samples of one program within some time: averages, and where it says so the most."""

    at: int  # when that time began, in seconds since the epoch
    cpu_percent: float
    cpu_percent_max: float
    rss_bytes: int
    rss_bytes_max: int
    pss_bytes: int | None
    swap_bytes: int | None
    threads: int  # the most
    processes: int  # the most
    open_files: int | None  # the most
    read_bytes_per_second: float | None
    write_bytes_per_second: float | None
    restarts: int  # the most


class SampleQuery(NamedTuple):
    """Which samples are asked for: of `name` ('' for the daemon), within [since, until), as so many points at most."""

    name: str
    since: float
    until: float
    points: int = 300


class Recent(NamedTuple):
    """What one program used lately, oldest first: a moment for each minute in which it ran and somebody looked."""

    at: list[int]  # when each minute began, in seconds since the epoch
    cpu_percent: list[float]
    rss_bytes: list[int]


def moment_of(at: int, samples: Sequence[Sample]) -> Moment:
    """All of these, which are of one program and at least one, as one."""
    return Moment(
        at,
        _mean([sample.cpu_percent for sample in samples]) or 0.0,
        max(sample.cpu_percent for sample in samples),
        int(_mean([sample.rss_bytes for sample in samples]) or 0),
        max(sample.rss_bytes for sample in samples),
        _whole(_mean([sample.pss_bytes for sample in samples])),
        _whole(_mean([sample.swap_bytes for sample in samples])),
        max(sample.threads for sample in samples),
        max(sample.processes for sample in samples),
        max((sample.open_files for sample in samples if sample.open_files is not None), default=None),
        _mean([sample.read_bytes_per_second for sample in samples]),
        _mean([sample.write_bytes_per_second for sample in samples]),
        max(sample.restarts for sample in samples),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """Of those that are known."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
