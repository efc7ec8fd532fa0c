"""The filesystem that a path lies on: how full it is, how it is mounted, and what goes over its device."""

import os
from collections.abc import Iterable

from vigild.checks.disks import DiskTraffic
from vigild.checks.reading import BlockingCheck, Reading, Settings, Values, text_of
from vigild.core.frozen import frozen

MOUNTS = "/proc/self/mounts"


@frozen
class Mount:
    """One line of the table of mounts."""

    device: str
    point: str
    kind: str
    flags: str  # sorted, with commas between


class FilesystemCheck(BlockingCheck):
    """`path`: any path on it, or the device."""

    def __init__(self, settings: Settings, mounts: str = MOUNTS) -> None:
        super().__init__()
        self._path = text_of(settings, "path")
        self._mounts = mounts
        self._traffic = DiskTraffic()

    def look(self) -> Reading:
        """How it is. Where it hangs (a server of files that is gone), nobody hears of it in time."""
        table = self._read_table()
        path = self._path
        as_device = next((mount for mount in table if mount.device == path), None)
        if as_device is not None:
            path = as_device.point
        elif path.startswith("/dev/") and _is_device(path):
            return Reading(error=f"{path} is not mounted")
        usage = os.statvfs(path)
        values = _usage(usage)
        values["read_only"] = bool(usage.f_flag & os.ST_RDONLY)
        mount = mount_of(table, os.path.realpath(path))
        if mount is not None:
            values["mounted"] = mount.point == os.path.realpath(path)
            values |= {"flags": mount.flags, "kind": mount.kind, "device": mount.device}
        values |= self._traffic.look(path, mount.device if mount is not None else "")
        return Reading(values)

    def _read_table(self) -> list[Mount]:
        try:
            with open(self._mounts, encoding="utf-8", errors="surrogateescape") as file:
                return parse_mounts(file)
        except OSError:
            return []


def _is_device(path: str) -> bool:
    from stat import S_ISBLK

    try:
        return S_ISBLK(os.stat(path).st_mode)
    except OSError:
        return False


def parse_mounts(lines: Iterable[str]) -> list[Mount]:
    """The mounts in the order they were made."""
    found = []
    for line in lines:
        fields = line.split(" ")
        if len(fields) >= 4:
            device, point, kind, flags = (_unescaped(field) for field in fields[:4])
            found.append(Mount(device, point, kind, ",".join(sorted(flags.split(",")))))
    return found


def mount_of(mounts: Iterable[Mount], path: str) -> Mount | None:
    """The mount that a path (without symbolic links) lies on: the longest that fits, and of those the last."""
    best: Mount | None = None
    for mount in mounts:
        point = mount.point.rstrip("/")
        is_on_it = path == mount.point or path.startswith(f"{point}/")
        if is_on_it and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def _unescaped(field: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def _usage(usage: os.statvfs_result) -> Values:
    unit = usage.f_frsize
    used = (usage.f_blocks - usage.f_bfree) * unit
    free = usage.f_bavail * unit
    values: Values = {
        "space": used,
        "space_free": free,
        "space_percent": round(100 * used / (used + free), 1) if used + free else 0.0,
    }
    if usage.f_files:
        taken = usage.f_files - usage.f_ffree
        values["inodes"] = taken
        values["inodes_free"] = usage.f_favail
        values["inodes_percent"] = round(100 * taken / usage.f_files, 1)
    return values
