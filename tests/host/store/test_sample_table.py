"""Samples on a real database: resolutions, what is asked for, and bounds."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from vigild.core.samples import Recent, Sample, SampleQuery
from vigild.host.store.sample_table import ROW_BYTES, SHARE, SampleTable
from vigild.host.store.store import Store

MB = 1 << 20
NOON = 1_700_000_100.0 // 900 * 900  # when a quarter of an hour begins
MINUTE, QUARTER, HOUR, DAY = 60, 900, 3600, 86400


def sample(at: float, cpu: float = 10.0, rss: int = MB, **fields: object) -> Sample:
    values: dict[str, object] = {
        "pss_bytes": None,
        "swap_bytes": None,
        "threads": 1,
        "processes": 1,
        "open_files": 3,
        "read_bytes": None,
        "write_bytes": None,
        "read_bytes_per_second": None,
        "write_bytes_per_second": 100.0,
        "restarts": 0,
        **fields,
    }
    return Sample(at, 60.0, 0.0, cpu, rss, **values)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(str(tmp_path / "state" / "h.db"), 50 * MB)
    yield made
    made.close()


def fill(table: SampleTable, minutes: int, begin: float = NOON, name: str = "web") -> None:
    """One sample a minute, of as many percent and MiB as it is minutes since the beginning."""
    for number in range(minutes):
        table.add(begin + number * MINUTE, {name: sample(begin + number * MINUTE, number, (number + 1) * MB)})
    table.flush()


def test_samples_of_a_minute_are_one_row_with_average_and_maximum(store: Store) -> None:
    table = store.samples
    for second, cpu in ((0, 10.0), (5, 30.0), (55, 20.0)):
        table.add(NOON + second, {"web": sample(NOON, cpu, int(cpu) * MB, pss_bytes=MB, threads=int(cpu))})
    assert [] == table.read(SampleQuery("web", NOON, NOON + HOUR))  # the minute is not over
    table.add(NOON + 60, {"web": sample(NOON)})
    (moment,) = table.read(SampleQuery("web", NOON, NOON + HOUR))
    assert (NOON, 20.0, 30.0) == (moment.at, moment.cpu_percent, moment.cpu_percent_max)
    assert (20 * MB, 30 * MB, MB, 30) == (
        moment.rss_bytes,
        moment.rss_bytes_max,
        moment.pss_bytes,
        moment.threads,
    )
    assert (None, None, 100, 3) == (
        moment.swap_bytes,
        moment.read_bytes_per_second,
        moment.write_bytes_per_second,
        moment.open_files,
    )


def test_as_many_points_as_are_wanted_at_most(store: Store) -> None:
    fill(store.samples, 60)
    every = store.samples.read(SampleQuery("web", NOON, NOON + HOUR, 1000))
    assert [float(number) for number in range(60)] == [moment.cpu_percent for moment in every]
    few = store.samples.read(SampleQuery("web", NOON, NOON + HOUR, 6))
    assert [(4.5 + 10 * n, 9.0 + 10 * n) for n in range(6)] == [
        (moment.cpu_percent, moment.cpu_percent_max) for moment in few
    ]
    assert [NOON + 600 * n for n in range(6)] == [moment.at for moment in few]


def test_each_name_has_its_own_and_gaps_stay_gaps(store: Store) -> None:
    fill(store.samples, 2)
    fill(store.samples, 1, NOON + 10 * MINUTE, "")
    fill(store.samples, 1, NOON + 20 * MINUTE)
    assert [0, MINUTE, 20 * MINUTE] == [
        moment.at - NOON for moment in store.samples.read(SampleQuery("web", NOON, NOON + HOUR))
    ]
    assert [10 * MINUTE] == [
        moment.at - NOON for moment in store.samples.read(SampleQuery("", NOON, NOON + HOUR))
    ]
    assert [] == store.samples.read(SampleQuery("nobody", NOON, NOON + HOUR))


def test_the_last_minutes_of_many_with_the_one_that_is_not_over(store: Store) -> None:
    table = store.samples
    fill(table, 5)
    fill(table, 3, NOON + 2 * MINUTE, "db")
    fill(table, 1, NOON, "other")
    for seconds in (0, 20):
        at = NOON + 5 * MINUTE + seconds
        table.add(at, {"web": sample(at, 40.0 + seconds, MB), "": sample(at)})
    now = NOON + 5 * MINUTE + 30
    found = table.recent(["web", "db", "other", "nobody"], now, 4)
    assert {
        "web": Recent(
            [NOON + n * MINUTE for n in (2, 3, 4, 5)], [2.0, 3.0, 4.0, 50.0], [3 * MB, 4 * MB, 5 * MB, MB]
        ),
        "db": Recent([NOON + n * MINUTE for n in (2, 3, 4)], [0.0, 1.0, 2.0], [MB, 2 * MB, 3 * MB]),
    } == found
    assert {} == table.recent(["web"], now + HOUR, 4)
    assert {} == table.recent([], now, 4)


def test_what_is_older_than_a_day_is_kept_by_quarters(store: Store) -> None:
    table = store.samples
    fill(table, 60)
    fill(table, 2, NOON + DAY)
    assert table.prune(NOON + DAY + HOUR, 30 * DAY) == 60  # the minutes
    old = table.read(SampleQuery("web", NOON, NOON + HOUR, 1000))
    assert [(QUARTER * n, 7.0 + 15 * n, 14.0 + 15 * n) for n in range(4)] == [
        (moment.at - NOON, moment.cpu_percent, moment.cpu_percent_max) for moment in old
    ]
    both = table.read(SampleQuery("web", NOON, NOON + DAY + HOUR, 1000))
    begun = [time // 120 * 120 for time in (0, QUARTER, 2 * QUARTER, 3 * QUARTER, DAY)]
    assert begun == [moment.at - NOON for moment in both]
    days = table.read(SampleQuery("web", NOON, NOON + 30 * DAY, 30))
    assert [(0, 59.0), (DAY, 1.0)] == [(moment.at - NOON, moment.cpu_percent_max) for moment in days]


def test_a_new_daemon_sums_up_what_the_one_before_began(store: Store, tmp_path: Path) -> None:
    fill(store.samples, 10)
    store.close()
    again = Store(store.path, 50 * MB)
    try:
        fill(again.samples, 6, NOON + 10 * MINUTE)
        again.samples.prune(NOON + 2 * DAY, 30 * DAY)
        (quarter,) = again.samples.read(SampleQuery("web", NOON, NOON + HOUR, 1000))
        assert (0, 9.0) == (quarter.at - NOON, quarter.cpu_percent_max)
    finally:
        again.close()


def test_quarters_go_when_the_history_forgets_and_names_with_them(store: Store) -> None:
    table = store.samples
    fill(table, 31)
    table.prune(NOON + 40 * DAY, 30 * DAY)
    assert [] == table.read(SampleQuery("web", 0, NOON + 50 * DAY))
    with sqlite3.connect(store.path) as database:
        assert database.execute("SELECT count(*) FROM sample_name").fetchone() == (0,)
    database.close()


def test_the_number_of_rows_is_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "state" / "h.db"), MB)
    try:
        allowed = int(MB * SHARE) // ROW_BYTES
        names = [f"p{number}" for number in range(100)]
        for minute in range(allowed // 100 * 2):
            at = NOON + minute * MINUTE
            store.samples.add(
                at, {name: sample(at, 50.25, 500 * MB, pss_bytes=300 * MB, read_bytes_per_second=9e5) for name in names}
            )  # fmt: skip
        store.samples.flush()
        assert store.bytes_used < MB * 0.7
        assert store.bytes_used > MB * SHARE * 0.5
        last = store.samples.read(SampleQuery("p7", at - 10 * MINUTE, at + MINUTE))
        assert at == last[-1].at
        with sqlite3.connect(store.path) as database:
            assert 0 < database.execute("SELECT count(*) FROM sample").fetchone()[0] <= allowed
        database.close()
    finally:
        store.close()


def test_what_cannot_be_written_changes_nothing(store: Store) -> None:
    table = store.samples
    fill(table, 1)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("DROP TABLE sample")
    table.add(NOON + 60, {"new": sample(NOON)})
    with pytest.raises(sqlite3.Error):
        table.flush()
    assert other.execute("SELECT name FROM sample_name").fetchall() == [("web",)]
    other.close()
