"""Samples of the machine on a real database."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from vigild.core.machine import MachineSample
from vigild.core.samples import SampleQuery
from vigild.host.store.machine_table import MachineTable
from vigild.host.store.store import Store

MB = 1 << 20
NOON = 1_700_000_100.0 // 900 * 900  # when a quarter of an hour begins
MINUTE, QUARTER, HOUR, DAY = 60, 900, 3600, 86400


def sample(at: float, cpu: float | None = 10.0, memory: int = MB) -> MachineSample:
    return MachineSample(at, cpu, 0.5, 0.4, 0.3, memory, 8 * MB, 2 * MB, 4 * MB)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(str(tmp_path / "state" / "h.db"), 50 * MB)
    yield made
    made.close()


def fill(table: MachineTable, minutes: int, begin: float = NOON) -> None:
    """One sample a minute, of as many percent as it is minutes since the beginning."""
    for number in range(minutes):
        table.add(sample(begin + number * MINUTE, number))
    table.flush()


def test_samples_of_a_minute_are_one_row_with_average_and_most(store: Store) -> None:
    table = store.machine
    for second, cpu in ((0, None), (5, 30.0), (55, 20.0)):
        table.add(sample(NOON + second, cpu, int(cpu or 10) * MB))
    query = SampleQuery("", NOON, NOON + HOUR)
    assert table.read(query) == []  # the minute is not over
    table.add(sample(NOON + 60, None))
    table.flush()
    first, second = table.read(query)
    assert (first.at, first.cpu_percent, first.cpu_percent_max) == (NOON, 25.0, 30.0)
    assert (first.load1, first.load1_max, first.memory_bytes, first.memory_bytes_max) == (
        0.5,
        0.5,
        20 * MB,
        30 * MB,
    )
    assert (first.memory_total_bytes, first.swap_bytes, first.swap_total_bytes) == (8 * MB, 2 * MB, 4 * MB)
    assert (second.cpu_percent, second.cpu_percent_max) == (None, None)


def test_what_is_older_than_a_day_is_known_to_the_quarter_of_an_hour(store: Store) -> None:
    table = store.machine
    fill(table, 60)
    table.add(sample(NOON + 3 * DAY))
    table.flush()
    table.prune(NOON + 3 * DAY, 30 * DAY)
    found = table.read(SampleQuery("", NOON, NOON + 2 * DAY, 1000))
    assert [moment.at - NOON for moment in found] == [0, 900, 1800, 2700]
    assert [(moment.cpu_percent, moment.cpu_percent_max) for moment in found[:2]] == [
        (7.0, 14.0),
        (22.0, 29.0),
    ]
    table.prune(NOON + 40 * DAY, 30 * DAY)
    assert table.read(SampleQuery("", NOON, NOON + 50 * DAY)) == []


def test_few_points_are_put_together(store: Store) -> None:
    fill(store.machine, 60)
    found = store.machine.read(SampleQuery("", NOON, NOON + HOUR, 2))
    assert [moment.cpu_percent_max for moment in found] == [29.0, 59.0]


def test_what_is_gathered_is_kept_at_the_end(tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "h.db")
    first = Store(path, MB)
    first.machine.add(sample(NOON))
    first.close()
    again = Store(path, MB)
    assert len(again.machine.read(SampleQuery("", NOON, NOON + HOUR))) == 1
    again.close()


def test_a_table_that_cannot_be_written_is_an_error_and_no_transaction_stays_open(store: Store) -> None:
    store.machine.add(sample(NOON))
    store._db.execute("DROP TABLE machine")
    with pytest.raises(sqlite3.Error):
        store.machine.flush()
    assert not store._db.in_transaction
