"""What two readings of a tree come to."""

from vigild.core.samples import Moment, Sample, Usage, moment_of, sample_of


def test_rates_are_about_the_time_between_two_readings() -> None:
    before = Usage(10.0, 100.0, 5.0, 1000, 2, 1, 3, 4096, 100)
    now = Usage(15.0, 105.0, 7.5, 2000, 4, 2, 6, 9096, 600, 1500, 50)
    sample = sample_of(before, now, 1700.0, 3)
    assert (1700.0, 5.0, 7.5, 50.0) == (
        sample.at,
        sample.interval_seconds,
        sample.cpu_seconds,
        sample.cpu_percent,
    )
    assert (2000, 1500, 50) == (sample.rss_bytes, sample.pss_bytes, sample.swap_bytes)
    assert (4, 2, 6, 3) == (sample.threads, sample.processes, sample.open_files, sample.restarts)
    assert (9096, 600) == (sample.read_bytes, sample.write_bytes)
    assert (1000.0, 100.0) == (sample.read_bytes_per_second, sample.write_bytes_per_second)


def test_the_first_sample_of_a_run_is_about_all_of_it() -> None:
    sample = sample_of(None, Usage(10.0, 4.0, 6.0, 1000, 1, 1, None, 400, 0), 0.0, 0)
    assert (4.0, 150.0, 100.0, 0.0) == (
        sample.interval_seconds,
        sample.cpu_percent,
        sample.read_bytes_per_second,
        sample.write_bytes_per_second,
    )


def test_what_went_away_with_a_descendant_was_not_used_up_again() -> None:
    before, now = Usage(10.0, 9.0, 5.0, 1, 1, 2, 1, 500, 500), Usage(15.0, 14.0, 1.0, 1, 1, 1, 1, 100, 100)
    sample = sample_of(before, now, 0.0, 0)
    assert (0.0, 0.0, 0.0) == (
        sample.cpu_percent,
        sample.read_bytes_per_second,
        sample.write_bytes_per_second,
    )


def test_what_is_not_known_stays_unknown() -> None:
    unread = Usage(10.0, 9.0, 5.0, 1, 1, 1)
    read = Usage(15.0, 14.0, 5.0, 1, 1, 1, 4, 100, 100)
    assert sample_of(unread, read, 0.0, 0).read_bytes_per_second is None
    sample = sample_of(read, unread._replace(at=20.0), 0.0, 0)
    assert [None] * 5 == [
        sample.open_files,
        sample.read_bytes,
        sample.read_bytes_per_second,
        sample.pss_bytes,
        sample.swap_bytes,
    ]


def test_no_time_makes_no_rate() -> None:
    usage = Usage(10.0, 0.0, 5.0, 1, 1, 1, 1, 1, 1)
    for before in (None, usage):
        sample = sample_of(before, usage, 0.0, 0)
        assert (0.0, None) == (sample.cpu_percent, sample.read_bytes_per_second)


def made(**fields: object) -> Sample:
    usage = Usage(1.0, 1.0, 0.1, 100, 1, 1, 3, 10, 20, 70, 5)
    return sample_of(None, usage, 0.0, 1)._replace(**fields)  # type: ignore[arg-type]


def test_many_samples_are_one_moment() -> None:
    moment = moment_of(
        60,
        [
            made(cpu_percent=10.0, threads=5, read_bytes_per_second=10.0),
            made(cpu_percent=30.0, rss_bytes=300, pss_bytes=None, open_files=None, processes=4),
        ],
    )
    assert Moment(60, 20.0, 30.0, 200, 300, 70, 5, 5, 4, 3, 10.0, 20.0, 1) == moment


def test_what_no_sample_knew_no_moment_knows() -> None:
    unknown = made(
        pss_bytes=None, swap_bytes=None, open_files=None, read_bytes_per_second=None, write_bytes_per_second=None
    )  # fmt: skip
    moment = moment_of(60, [unknown])
    assert [None] * 5 == [
        moment.pss_bytes,
        moment.swap_bytes,
        moment.open_files,
        moment.read_bytes_per_second,
        moment.write_bytes_per_second,
    ]


def test_rates_of_storage_stay_where_it_was_not_read_anew() -> None:
    first = Usage(10.0, 10.0, 1.0, 1, 1, 1, 1, 0, 0, io_at=10.0)
    then = Usage(15.0, 15.0, 2.0, 1, 1, 1, 1, 500, 50, io_at=15.0)
    since = sample_of(first, then, 0.0, 0)
    same = sample_of(then, then._replace(at=20.0, cpu_seconds=2.5), 0.0, 0, since)
    assert (10.0, 100.0, 10.0) == (same.cpu_percent, same.read_bytes_per_second, same.write_bytes_per_second)
    later = then._replace(at=25.0, read_bytes=1500, io_at=25.0)
    assert 100.0 == sample_of(then._replace(at=20.0), later, 0.0, 0, same).read_bytes_per_second
