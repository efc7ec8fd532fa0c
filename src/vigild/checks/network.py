"""A network interface: its link, and what goes over it."""

import time
from collections import deque
from typing import Any

import psutil

from vigild.checks.reading import BlockingCheck, Reading, Settings, Values, text_of
from vigild.core.frozen import frozen

LEAST_SECONDS = 0.05  # between two looks that are to be compared
BITS_PER_MEGABIT = 1_000_000
MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3600.0


@frozen
class Counters:
    """Of one interface at `at` monotonic seconds, since it came up."""

    at: float
    received: int
    sent: int
    packets_received: int
    packets_sent: int
    errors: int
    drops: int


class LastHour:
    """What went over an interface within the last hour, to the minute. It is not known from before the first look."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[float, list[int]]] = deque()  # when it began, and the sums; 61 at most

    def add(self, before: Counters, now: Counters) -> Values:
        """Something went over it between two looks; the sums with that."""
        parts = [
            max(0, now.received - before.received),
            max(0, now.sent - before.sent),
            max(0, now.packets_received - before.packets_received),
            max(0, now.packets_sent - before.packets_sent),
        ]
        minutes = self._minutes
        if minutes and now.at - minutes[-1][0] < MINUTE_SECONDS:
            minutes[-1] = minutes[-1][0], [old + new for old, new in zip(minutes[-1][1], parts, strict=True)]
        else:
            minutes.append((now.at, parts))
        while now.at - minutes[0][0] >= HOUR_SECONDS:
            minutes.popleft()
        sums = [sum(column) for column in zip(*(parts for _, parts in minutes), strict=True)]
        return dict(zip(_IN_HOUR, sums, strict=True))


_IN_HOUR = ("received_in_hour", "sent_in_hour", "packets_received_in_hour", "packets_sent_in_hour")


class NetworkCheck(BlockingCheck):
    """`interface`: its name."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._name = text_of(settings, "interface")
        self._before = self._counters()
        self._last_hour = LastHour()

    def look(self) -> Reading:
        """How it is."""
        known = psutil.net_if_stats().get(self._name)
        if known is None:
            return Reading(error=f"there is no interface {self._name}")
        has_link = bool(known.isup) and _has_carrier(self._name)
        values: Values = {"link": has_link}
        if known.speed:
            values["speed"] = known.speed
        if known.duplex != psutil.NIC_DUPLEX_UNKNOWN:
            values["full_duplex"] = known.duplex == psutil.NIC_DUPLEX_FULL
        now = self._counters()
        if now is not None:
            values |= {"received": now.received, "sent": now.sent}
        if now is not None and self._before is not None and now.at - self._before.at >= LEAST_SECONDS:
            values |= rates(self._before, now, known.speed) | self._last_hour.add(self._before, now)
            self._before = now
        elif self._before is None:
            self._before = now
        return Reading(values, "" if has_link else f"{self._name} has no link")

    def _counters(self) -> Counters | None:
        found: Any = psutil.net_io_counters(pernic=True, nowrap=False).get(self._name)
        if found is None:
            return None
        return Counters(
            time.monotonic(),
            found.bytes_recv,
            found.bytes_sent,
            found.packets_recv,
            found.packets_sent,
            found.errin + found.errout,
            found.dropin + found.dropout,
        )


def rates(before: Counters, now: Counters, speed_megabits: int) -> Values:
    """What went over it between two looks; nothing where the counters began anew."""
    seconds = now.at - before.at
    if now.received < before.received or now.sent < before.sent:
        return {}
    received, sent = (now.received - before.received) / seconds, (now.sent - before.sent) / seconds
    values: Values = {
        "receive_rate": round(received, 1),
        "send_rate": round(sent, 1),
        "receive_packets": round((now.packets_received - before.packets_received) / seconds, 1),
        "send_packets": round((now.packets_sent - before.packets_sent) / seconds, 1),
        "errors": max(0, now.errors - before.errors),
        "drops": max(0, now.drops - before.drops),
    }
    if speed_megabits:
        values["saturation"] = round(100 * max(received, sent) * 8 / (speed_megabits * BITS_PER_MEGABIT), 2)
    return values


def _has_carrier(name: str) -> bool:
    try:
        with open(f"/sys/class/net/{name}/carrier", encoding="ascii") as file:
            return file.read().strip() != "0"
    except OSError:
        return True  # the machine does not tell; whether it is up is known
