"""Time zones by name. Imported late: it loads `zoneinfo`."""

import os
from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean

LOCAL = ""  # the zone of the machine


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """A time zone by its name, '' being that of the machine. Raises BadValueError."""
    if name == LOCAL:
        return _local_zone()
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        hint = f"{did_you_mean(name, sorted(known))}write a name such as Europe/Berlin, or UTC"
        if not known:
            hint = "this machine knows no time zones: install its package tzdata, or write UTC"
        raise BadValueError(f"unknown time zone: {name!r}", hint) from None


def _local_zone() -> tzinfo:
    name = os.environ.get("TZ", "").removeprefix(":")
    try:
        if name and not name.startswith("/"):
            return ZoneInfo(name)
        with open(name or "/etc/localtime", "rb") as file:
            return ZoneInfo.from_file(file)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC  # as the C library does where nothing says otherwise
