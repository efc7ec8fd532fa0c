"""Files and directories: whether they are there, whose they are, how old, and whether what they hold has changed."""

import os
import stat
import time

from vigild.checks.content import NewLines
from vigild.checks.reading import BlockingCheck, Memory, Reading, Settings, Values, text_of

MAX_ENTRIES = 100_000  # of a directory, that are looked at
READ_BYTES = 1 << 20
_KINDS = (
    (stat.S_ISREG, "file"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
)


class FileCheck(BlockingCheck):
    """Anything that has a name. `checksum`: an algorithm of hashlib; `content`: a regular expression."""

    def __init__(self, settings: Settings, memory: Memory) -> None:
        super().__init__()
        self._path = text_of(settings, "path")
        self._algorithm = text_of(settings, "checksum")
        content = text_of(settings, "content")
        ignored = text_of(settings, "content_ignore")
        self._lines = NewLines(self._path, content, ignored, memory) if content else None
        self._checksum = (
            "",
            "",
        )  # of the file as it was then (device, inode, size, times), so that it is read once

    def look(self) -> Reading:
        """How it is."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            if self._lines is not None:
                self._lines.start_at_the_beginning()  # of the next of that name
            memory = self._lines.memory() if self._lines is not None else {}
            return Reading({"exists": False}, f"{self._path} does not exist", memory=memory)
        values = common_values(found)
        values["size"] = found.st_size
        values["kind"] = next((word for is_it, word in _KINDS if is_it(found.st_mode)), "device")
        if self._algorithm and stat.S_ISREG(found.st_mode):
            values["checksum"] = self._checksum_of(found)
        if self._lines is None or not stat.S_ISREG(found.st_mode):
            return Reading(values)
        values |= self._lines.read()
        return Reading(values, memory=self._lines.memory())

    def _checksum_of(self, found: os.stat_result) -> str:
        state = f"{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}"
        if self._checksum[0] != state:
            self._checksum = (state, checksum(self._path, self._algorithm))
        return self._checksum[1]


class DirectoryCheck(BlockingCheck):
    """A directory, and how much stands in it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._path = text_of(settings, "path")

    def look(self) -> Reading:
        """How it is."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return Reading({"exists": False}, f"{self._path} does not exist")
        values = common_values(found)
        if not stat.S_ISDIR(found.st_mode):
            return Reading(values, f"{self._path} is no directory")
        entries, oldest = 0, 0.0
        with os.scandir(self._path) as scan:
            for entry in scan:
                entries += 1
                oldest = _older(oldest, entry)
                if entries >= MAX_ENTRIES:
                    break
        values["entries"] = entries
        if oldest:
            values["oldest"] = _age(oldest)
        return Reading(values)


def _older(oldest: float, entry: "os.DirEntry[str]") -> float:
    try:
        if not entry.is_file(follow_symlinks=False):
            return oldest
        modified = entry.stat(follow_symlinks=False).st_mtime
    except OSError:
        return oldest  # it went away meanwhile
    return min(oldest, modified) if oldest else modified


def common_values(found: os.stat_result) -> Values:
    """What files and directories have in common."""
    return {
        "exists": True,
        "age": _age(found.st_mtime),
        "modified": round(found.st_mtime, 3),
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
        "owner": _user_name(found.st_uid),
        "group": _group_name(found.st_gid),
    }


def _age(modified: float) -> float:
    return round(max(0.0, time.time() - modified), 1)


def _user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def checksum(path: str, algorithm: str) -> str:
    """Of the content, in hexadecimal. Raises OSError."""
    import hashlib

    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as file:
        while data := file.read(READ_BYTES):
            digest.update(data)
    return digest.hexdigest()
