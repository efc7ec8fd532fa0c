"""Samples of the whole machine in the store: a row for each minute for a day, then for each quarter of an hour.

They are gathered and rolled up as those of programs are (`sample_table.py`), in a table of their own: there is
one machine, and what it tells is something else.
"""

import sqlite3
from typing import cast

from vigild.core.machine import MachineMoment, MachineSample, moment_of
from vigild.core.samples import COARSE_STEP_SECONDS, STEP_SECONDS, SampleQuery
from vigild.host.store import queries
from vigild.host.store.sample_table import FINE_SECONDS, span_of

MAX_COARSE_SECONDS = 400 * 86400  # some 38,000 rows, or 2 MB

Row = tuple[int, int | None, int | None, int, int, int, int, int, int, int]


class MachineTable:
    """The table in the store that `database` is. Raises sqlite3.Error."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self._begun = 0  # the minute that is being gathered
        self._gathered: list[MachineSample] = []

    def add(self, sample: MachineSample) -> None:
        """One more. What was gathered in the minute before it is written down."""
        minute = int(sample.at) // STEP_SECONDS * STEP_SECONDS
        if minute != self._begun:
            self.flush()
            self._begun = minute
        self._gathered.append(sample)

    def flush(self) -> None:
        """Write down what is gathered, and sum up each quarter of an hour that is over."""
        gathered, self._gathered = self._gathered, []
        if not gathered:
            return
        _, last = self._range(COARSE_STEP_SECONDS)
        span = {
            "coarse": COARSE_STEP_SECONDS,
            "fine": STEP_SECONDS,
            "since": last + COARSE_STEP_SECONDS if last else 0,
            "until": self._begun // COARSE_STEP_SECONDS * COARSE_STEP_SECONDS,
        }
        self._db.execute(queries.BEGIN)
        try:
            self._db.execute(queries.INSERT_MACHINE, _row(moment_of(self._begun, gathered)))
            if span["since"] < span["until"]:
                self._db.execute(queries.ROLL_UP_MACHINE, span)
            self._db.execute(queries.COMMIT)
        except BaseException:
            if self._db.in_transaction:
                self._db.execute(queries.ROLLBACK)
            raise

    def _range(self, step: int) -> tuple[int, int]:
        first, last = self._db.execute(queries.MACHINE_RANGE, (step,)).fetchone()
        return first or 0, last or 0

    def read(self, query: SampleQuery) -> list[MachineMoment]:
        """What is kept of that time, oldest first; where nobody looked there is no moment. Its name does not matter."""
        span = span_of(query, self._range(COARSE_STEP_SECONDS)[1], self._range(STEP_SECONDS)[0])
        rows = self._db.execute(queries.READ_MACHINE, span).fetchall()
        return [_moment(cast(Row, row)) for row in rows]

    def prune(self, now: float, max_seconds: float) -> None:
        """Let go of what is too old."""
        limits = {
            STEP_SECONDS: min(FINE_SECONDS, max_seconds),
            COARSE_STEP_SECONDS: min(MAX_COARSE_SECONDS, max_seconds),
        }
        for step, seconds in limits.items():
            self._db.execute(queries.DELETE_MACHINE, (step, int(now - seconds)))


def _row(moment: MachineMoment) -> tuple[int | None, ...]:
    return (
        STEP_SECONDS,
        moment.at,
        None if moment.cpu_percent is None else round(moment.cpu_percent * 100),
        None if moment.cpu_percent_max is None else round(moment.cpu_percent_max * 100),
        round(moment.load1 * 100),
        round(moment.load1_max * 100),
        moment.memory_bytes >> 10,
        moment.memory_bytes_max >> 10,
        moment.memory_total_bytes >> 10,
        moment.swap_bytes >> 10,
        moment.swap_total_bytes >> 10,
    )


def _moment(row: Row) -> MachineMoment:
    at, cpu, cpu_max, load, load_max, memory, memory_max, memory_total, swap, swap_total = row
    return MachineMoment(
        at,
        None if cpu is None else cpu / 100,
        None if cpu_max is None else cpu_max / 100,
        load / 100,
        load_max / 100,
        memory << 10,
        memory_max << 10,
        memory_total << 10,
        swap << 10,
        swap_total << 10,
    )
