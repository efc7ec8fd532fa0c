"""What goes over the device of a filesystem: read, written, and how busy that keeps it, as the kernel counts it.

A filesystem that has several devices (btrfs) is told of by the one that the table of mounts names; one that has
none (a network's, tmpfs, ZFS) is not.
"""

import os
import time

from vigild.checks.reading import Values
from vigild.core.frozen import frozen

BLOCK_DEVICES = "/sys/dev/block"
SECTOR_BYTES = 512  # in these files, whatever the device's own are
LEAST_SECONDS = 0.05  # between two looks that are to be compared


@frozen
class DiskCounters:
    """Of one device, at `at` monotonic seconds, since it is there. `number`: which device."""

    at: float
    number: int
    reads: int
    read_bytes: int
    writes: int
    written_bytes: int
    waited_ms: int  # of all reads and writes together, from asked to done
    busy_ms: int  # while at least one was under way


class DiskTraffic:
    """Between two looks at the device of one filesystem."""

    def __init__(self, devices: str = BLOCK_DEVICES) -> None:
        self._devices = devices
        self._before: DiskCounters | None = None

    def look(self, path: str, device: str) -> Values:
        """Since the look before. `device`: what the table of mounts says is mounted there, "" if it does not."""
        now = self._counters(path, device)
        before = self._before
        if now is None or before is None or now.number != before.number:
            self._before = now
            return {}
        if now.at - before.at < LEAST_SECONDS:
            return {}
        self._before = now
        return traffic(before, now)

    def _counters(self, path: str, device: str) -> DiskCounters | None:
        numbers = [os.stat(path).st_dev]
        if device.startswith("/"):
            try:
                numbers.append(os.stat(device).st_rdev)
            except OSError:
                pass
        for number in filter(None, numbers):
            try:
                with open(
                    f"{self._devices}/{os.major(number)}:{os.minor(number)}/stat", encoding="ascii"
                ) as file:
                    return parse_counters(time.monotonic(), number, file.read())
            except (OSError, ValueError):
                continue
        return None


def parse_counters(at: float, number: int, text: str) -> DiskCounters:
    """The line of a device. Raises ValueError for what is none."""
    fields = [int(word) for word in text.split()]
    if len(fields) < 11:
        raise ValueError(f"no line of a block device: {text!r}")
    reads, _, read_sectors, read_ms, writes, _, written_sectors, written_ms, _, busy_ms, _ = fields[:11]
    return DiskCounters(
        at,
        number,
        reads,
        read_sectors * SECTOR_BYTES,
        writes,
        written_sectors * SECTOR_BYTES,
        read_ms + written_ms,
        busy_ms,
    )


def traffic(before: DiskCounters, now: DiskCounters) -> Values:
    """What went over it between two looks; nothing where the counters began anew."""
    seconds = now.at - before.at
    reads, writes = now.reads - before.reads, now.writes - before.writes
    if reads < 0 or writes < 0:
        return {}
    values: Values = {
        "read_rate": round(max(0, now.read_bytes - before.read_bytes) / seconds, 1),
        "write_rate": round(max(0, now.written_bytes - before.written_bytes) / seconds, 1),
        "read_operations": round(reads / seconds, 1),
        "write_operations": round(writes / seconds, 1),
        "busy": round(min(100.0, max(0, now.busy_ms - before.busy_ms) / seconds / 10), 1),
    }
    if reads + writes:
        values["service_time"] = round(max(0, now.waited_ms - before.waited_ms) / 1000 / (reads + writes), 5)
    return values
