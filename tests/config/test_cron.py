"""Which times cron expressions name, daylight saving included."""

from datetime import datetime

from vigild.config.cron import names_minute_of, next_due
from vigild.config.zones import zone_of


def moments(expression: str, begin: str, count: int, fold: int = 0) -> list[str]:
    zone = zone_of("Europe/Berlin")
    at, found = datetime.fromisoformat(begin).replace(tzinfo=zone, fold=fold).timestamp(), []
    for _ in range(count):
        due = next_due(expression, zone, at)
        assert due is not None
        assert due > at
        at = due
        found.append(datetime.fromtimestamp(at, zone).isoformat())
    return found


def test_what_falls_into_the_hour_that_is_left_out_runs_at_its_end() -> None:
    assert moments("30 2 * * *", "2026-03-28T12:00", 2) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_what_names_an_hour_that_comes_twice_runs_once() -> None:
    once = ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    assert moments("30 2 * * *", "2026-10-24T12:00", 2) == once
    assert moments("30 2 * * *", "2026-10-25T02:15", 1, fold=1) == once[1:]


def test_what_runs_every_hour_runs_by_the_time_that_passes() -> None:
    assert moments("@hourly", "2026-10-25T01:30", 3) == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]
    assert moments("@hourly", "2026-03-29T01:30", 1) == ["2026-03-29T03:00:00+02:00"]


def test_a_date_that_never_comes() -> None:
    assert next_due("0 0 */30 2 mon#5", zone_of("UTC"), 1_700_000_000.0) is None


def test_whether_a_minute_is_named() -> None:
    noon = moment("2026-10-26T12:00")
    assert names_minute_of("* 8-19 * * 1-5", zone_of("Europe/Berlin"), noon)
    assert names_minute_of("0 12 * * *", zone_of("Europe/Berlin"), noon + 59)
    assert not names_minute_of("0 12 * * *", zone_of("Europe/Berlin"), noon + 60)
    assert not names_minute_of("* 8-19 * * sat,sun", zone_of("Europe/Berlin"), noon)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone_of("Europe/Berlin")).timestamp()
