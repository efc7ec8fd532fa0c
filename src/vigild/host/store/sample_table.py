"""Samples in the store: a row for each program and minute for a day, then for each quarter of an hour.

The thread of the store gathers what comes within a minute, and writes it down when that minute is over. What is
bounded is the number of rows: together they take a share of the bytes that the store is allowed, and with many programs
both resolutions go back less far.
"""

import sqlite3
from collections.abc import Collection, Mapping
from typing import cast

from vigild.core.samples import (
    COARSE_STEP_SECONDS,
    MAX_POINTS,
    STEP_SECONDS,
    Moment,
    Recent,
    Sample,
    SampleQuery,
    moment_of,
)
from vigild.host.store import queries

FINE_SECONDS = 86400  # for which there is a row for each minute
SHARE = 0.5  # of the bytes of the store, at most
ROW_BYTES = 56  # that a row takes in the file, measured, with room to spare
KEPT_SHARE = 0.9  # of the rows that are allowed, after the oldest had to go

Row = tuple[
    int, int, int, int, int, int | None, int | None, int, int, int | None, int | None, int | None, int
]


class SampleTable:
    """The tables of samples in the store that `database` is. Raises sqlite3.Error."""

    def __init__(self, database: sqlite3.Connection, max_bytes: int) -> None:
        self._db = database
        self._max_rows = int(max_bytes * SHARE) // ROW_BYTES
        self._rows = int(database.execute(queries.COUNT_SAMPLES).fetchone()[0])
        self._ids = dict(database.execute(queries.NAMES).fetchall())
        self._begun = 0  # the minute that is being gathered
        self._gathered: dict[str, list[Sample]] = {}

    def add(self, at: float, samples: Mapping[str, Sample]) -> None:
        """One pass. What was gathered in the minute before it is written down."""
        minute = int(at) // STEP_SECONDS * STEP_SECONDS
        if minute != self._begun:
            self.flush()
            self._begun = minute
        for name, sample in samples.items():
            self._gathered.setdefault(name, []).append(sample)

    def flush(self) -> None:
        """Write down what is gathered, and sum up each quarter of an hour that is over."""
        gathered, self._gathered = self._gathered, {}
        if not gathered:
            return
        moments = {name: moment_of(self._begun, samples) for name, samples in gathered.items()}
        self._db.execute(queries.BEGIN)
        try:
            rows = [self._row(name, moment) for name, moment in moments.items()]
            self._rows += self._db.executemany(queries.INSERT_SAMPLE, rows).rowcount
            self._roll_up(self._begun)
            self._db.execute(queries.COMMIT)
        except BaseException:
            if self._db.in_transaction:
                self._db.execute(queries.ROLLBACK)
            self._ids.clear()
            raise
        self._shrink()

    def _row(self, name: str, moment: Moment) -> tuple[int | None, ...]:
        number = self._ids.get(name)
        if number is None:
            number = self._ids[name] = int(self._db.execute(queries.ADD_NAME, (name,)).fetchone()[0])
        return (
            STEP_SECONDS,
            moment.at,
            number,
            round(moment.cpu_percent * 100),
            round(moment.cpu_percent_max * 100),
            moment.rss_bytes >> 10,
            moment.rss_bytes_max >> 10,
            None if moment.pss_bytes is None else moment.pss_bytes >> 10,
            None if moment.swap_bytes is None else moment.swap_bytes >> 10,
            moment.threads,
            moment.processes,
            moment.open_files,
            None if moment.read_bytes_per_second is None else round(moment.read_bytes_per_second),
            None if moment.write_bytes_per_second is None else round(moment.write_bytes_per_second),
            moment.restarts,
        )

    def _range(self, step: int) -> tuple[int, int]:
        """When the oldest and the newest row of that step begin; 0 for none."""
        first, last = self._db.execute(queries.SAMPLE_RANGE, (step,)).fetchone()
        return first or 0, last or 0

    def _roll_up(self, now: int) -> None:
        _, last = self._range(COARSE_STEP_SECONDS)
        since = last + COARSE_STEP_SECONDS if last else 0
        until = now // COARSE_STEP_SECONDS * COARSE_STEP_SECONDS
        if since < until:
            parameters = {
                "coarse": COARSE_STEP_SECONDS,
                "fine": STEP_SECONDS,
                "since": since,
                "until": until,
            }
            self._rows += self._db.execute(queries.ROLL_UP, parameters).rowcount

    def read(self, query: SampleQuery) -> list[Moment]:
        """What is kept of it, oldest first; where nothing ran, or nobody looked, there is no moment."""
        span = span_of(query, self._range(COARSE_STEP_SECONDS)[1], self._range(STEP_SECONDS)[0])
        parameters = {"name": query.name, **span}
        return [
            _moment(cast(Row, row)) for row in self._db.execute(queries.READ_SAMPLES, parameters).fetchall()
        ]

    def recent(self, names: Collection[str], now: float, minutes: int) -> dict[str, Recent]:
        """The last minutes of these, the one that is not over included; without those of which there is nothing."""
        import json

        begun = int(now) // STEP_SECONDS * STEP_SECONDS
        by_id = {self._ids[name]: name for name in names if name in self._ids}
        parameters = {
            "step": STEP_SECONDS,
            "minutes": json.dumps([begun - back * STEP_SECONDS for back in range(minutes)]),
            "names": json.dumps(list(by_id)),
        }
        found: dict[str, Recent] = {}
        for number, at, cpu, rss in self._db.execute(queries.RECENT_SAMPLES, parameters):
            _append(found, by_id[number], at, cpu / 100, rss << 10)
        for name in names:
            gathered = self._gathered.get(name)
            if gathered and self._begun > begun - minutes * STEP_SECONDS:
                moment = moment_of(self._begun, gathered)
                _append(found, name, moment.at, round(moment.cpu_percent, 2), moment.rss_bytes)
        return found

    def prune(self, now: float, max_seconds: float) -> int:
        """Let go of what is too old, and of the oldest while there are too many; how many rows went."""
        limits = {STEP_SECONDS: min(FINE_SECONDS, max_seconds), COARSE_STEP_SECONDS: max_seconds}
        gone = sum(self._delete(step, int(now - seconds)) for step, seconds in limits.items())
        gone += self._shrink()
        if gone:
            self._db.execute(queries.FORGET_NAMES)
            self._ids = dict(self._db.execute(queries.NAMES).fetchall())
        return gone

    def _shrink(self) -> int:
        """Are there too many rows? Then the oldest tenth of both resolutions goes, until they are fewer by a tenth."""
        gone = 0
        while self._rows > (self._max_rows if not gone else self._max_rows * KEPT_SHARE):
            went = 0
            for step in (STEP_SECONDS, COARSE_STEP_SECONDS):
                first, last = self._range(step)
                if first:
                    went += self._delete(step, first + max(step, (last - first) // 10))
            gone += went
        return gone

    def _delete(self, step: int, before: int) -> int:
        count = self._db.execute(queries.DELETE_SAMPLES, (step, before)).rowcount
        self._rows -= count
        return count


def _append(found: dict[str, Recent], name: str, at: int, cpu_percent: float, rss_bytes: int) -> None:
    recent = found.setdefault(name, Recent([], [], []))
    if not recent.at or recent.at[-1] < at:
        recent.at.append(at)
        recent.cpu_percent.append(cpu_percent)
        recent.rss_bytes.append(rss_bytes)


def span_of(query: SampleQuery, last_coarse: int, first_fine: int) -> dict[str, float]:
    """Which rows of which resolution answer this, as parameters of a statement. 0: there are none of these."""
    points = max(1, min(query.points, MAX_POINTS))
    seconds = max(0.0, query.until - query.since)
    bucket = max(STEP_SECONDS, -int(-seconds / points // STEP_SECONDS) * STEP_SECONDS)
    since = int(query.since) // STEP_SECONDS * STEP_SECONDS
    rolled = last_coarse + COARSE_STEP_SECONDS if last_coarse else 0
    # Fine rows where there are any, unless the coarse ones will do; the other half of each comes from the other.
    fine_from = first_fine or rolled if bucket < COARSE_STEP_SECONDS else rolled
    return {
        "bucket": bucket,
        "since": since,
        "split": max(since, min(fine_from, rolled)),
        "until": query.until,
        "coarse": COARSE_STEP_SECONDS,
        "fine": STEP_SECONDS,
    }


def _moment(row: Row) -> Moment:
    at, cpu, cpu_max, rss, rss_max, pss, swap, threads, processes, files, read, write, restarts = row
    return Moment(
        at,
        cpu / 100,
        cpu_max / 100,
        rss << 10,
        rss_max << 10,
        None if pss is None else pss << 10,
        None if swap is None else swap << 10,
        threads,
        processes,
        files,
        read,
        write,
        restarts,
    )
