"""Time zones by name."""

from pathlib import Path

import pytest

from vigild.config import zones
from vigild.config.cron import next_due
from vigild.config.diagnostics import BadValueError
from vigild.config.zones import zone_of


def test_zones() -> None:
    assert str(zone_of("Europe/Berlin")) == "Europe/Berlin"
    assert zone_of("utc") is zone_of("UTC")
    with pytest.raises(BadValueError, match="unknown time zone: 'Europe/Berln'") as caught:
        zone_of("Europe/Berln")
    assert "did you mean Europe/Berlin?" in caught.value.hint
    with pytest.raises(BadValueError, match="unknown time zone"):
        zone_of("../etc/passwd")


def test_a_machine_without_zones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "available_timezones", set)
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
