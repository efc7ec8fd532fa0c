"""Cron expressions: what is taken, what is said of the rest, and which times they name, daylight saving included."""

from datetime import datetime
from pathlib import Path

import pytest

from vigild.config import cron
from vigild.config.cron import checked, next_due, zone_of
from vigild.config.diagnostics import BadValueError


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("30 4 * * *", "30 4 * * *"),
        ("  */5\t*  * * mon-fri ", "*/5 * * * mon-fri"),
        ("@Daily", "@daily"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 L * *", "0 0 L * *"),
    ],
)
def test_expressions(text: str, expression: str) -> None:
    assert checked(text) == expression


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("61 * * * *", "no minute: '61', at column 1"),
        ("0 25 * * *", "no hour: '25', at column 3"),
        ("0 0 0 * *", "no day of the month: '0', at column 5"),
        ("0 0 * 13 *", "no month: '13', at column 7"),
        ("0 0 * * funday", "no day of the week: 'funday', at column 9"),
        ("* * *", "3 fields where there should be 5"),
        ("0 30 4 * * *", "6 fields where there should be 5"),
        ("0 0 30 2 *", "no such date ever comes: day 30 of month 2"),
        ("0 0 31 4,6 *", "no such date ever comes: day 31 of month 4,6"),
        ("@reboot", "@reboot is no schedule"),
        ("@dayly", "no such schedule: '@dayly'"),
    ],
)
def test_mistakes(text: str, complaint: str) -> None:
    with pytest.raises(BadValueError) as caught:
        checked(text)
    assert complaint in str(caught.value)
    assert caught.value.hint


def test_a_date_that_a_calendar_never_has() -> None:
    with pytest.raises(BadValueError, match="no such date ever comes"):
        checked("0 0 */30 2 mon#5")


def test_a_field_is_pointed_at() -> None:
    with pytest.raises(BadValueError) as caught:
        checked("0  99 * * *")
    assert caught.value.excerpt == "0  99 * * *\n   ^^"


def test_zones() -> None:
    assert str(zone_of("Europe/Berlin")) == "Europe/Berlin"
    assert zone_of("utc") is zone_of("UTC")
    with pytest.raises(BadValueError, match="unknown time zone: 'Europe/Berln'") as caught:
        zone_of("Europe/Berln")
    assert "did you mean Europe/Berlin?" in caught.value.hint
    with pytest.raises(BadValueError, match="unknown time zone"):
        zone_of("../etc/passwd")


def test_a_machine_without_zones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cron, "available_timezones", set)
    with pytest.raises(BadValueError) as caught:
        zone_of("No/Where")
    assert "tzdata" in caught.value.hint


@pytest.mark.parametrize("name", ["Asia/Tokyo", ":Asia/Tokyo", "/usr/share/zoneinfo/Asia/Tokyo"])
def test_the_zone_of_the_machine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.startswith("/") and not Path(name).exists():
        pytest.skip("this machine has its zones elsewhere")
    zone_of.cache_clear()
    monkeypatch.setenv("TZ", name)
    try:
        assert next_due("0 0 * * *", zone_of(""), 0.0) == 15 * 3600
    finally:
        zone_of.cache_clear()


def test_a_zone_that_cannot_be_read_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    zone_of.cache_clear()
    monkeypatch.setenv("TZ", "/no/such/zone")
    try:
        assert next_due("0 0 * * *", zone_of(""), 0.0) == 24 * 3600
    finally:
        zone_of.cache_clear()


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
