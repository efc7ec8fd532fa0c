"""The runtime directory: where the FIFOs of the children live while the daemon runs.

It is the daemon's own (mode 0700, owner checked, never reached through a symlink of somebody else),
one for each pair of configuration file and identifier, and locked by the daemon that uses it. Where
none can be made the answer is a value that says why; the children then get plain pipes.

A place in memory is preferred to one on a disk: there a FIFO takes 4 microseconds. On ext4, which avoids the
inodes of files removed lately, it took 120 to 1,400 once a few thousand had come and gone.
"""

import fcntl
import os
import stat
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

MAX_DAEMONS_PER_KEY = 16  # directories tried when others with the same configuration hold theirs
LOCK_NAME = "lock"


@dataclass(slots=True)
class NoRuntimeDir:
    """No directory could be made; `reason` says what was tried and what went wrong."""

    reason: str


@dataclass(slots=True)
class RuntimeDir:
    """A directory that is ours alone until `close()`, or until this process dies."""

    path: str
    lock_fd: int

    def close(self) -> None:
        """Remove what is in it and give up the lock."""
        _remove_fifos(self.path)
        for remove, name in ((os.unlink, os.path.join(self.path, LOCK_NAME)), (os.rmdir, self.path)):
            try:
                remove(name)
            except OSError:
                pass
        os.close(self.lock_fd)


def open_runtime_dir(
    config_path: str, identifier: str, *, environ: Mapping[str, str], uid: int
) -> RuntimeDir | NoRuntimeDir:
    """Make, check, lock and clean the directory for this daemon. Never raises for what the machine refuses."""
    key = format(zlib.crc32(f"{os.path.realpath(config_path)}\0{identifier}".encode(errors="replace")), "08x")
    problems: list[str] = []
    for base in _bases(environ, uid):
        try:
            _own_directory(base, uid)
            return _lock_one(base, key, uid)
        except OSError as error:
            problems.append(f"{base}: {error.strerror or error}")
    return NoRuntimeDir("; ".join(problems))


def _bases(environ: Mapping[str, str], uid: int) -> list[str]:
    """Where to try: the usual place first, unless it is on a disk (as `/run` is in many containers)."""
    bases = []
    if uid == 0:
        bases.append("/run/vigil")
    elif os.path.isdir(f"/run/vigil-{uid}"):  # as `vigil systemd-unit` has systemd make it
        bases.append(f"/run/vigil-{uid}")
    if uid and environ.get("XDG_RUNTIME_DIR"):
        bases.append(os.path.join(environ["XDG_RUNTIME_DIR"], "vigil"))
    bases.append(f"/dev/shm/vigil-{uid}")
    in_memory = _memory_mounts()
    bases.sort(key=lambda base: not _is_below(base, in_memory))
    bases.append(os.path.join(environ.get("TMPDIR") or "/tmp", f"vigil-{uid}"))
    return bases


def _memory_mounts() -> dict[str, bool]:
    """Mount points, and whether each is in memory. Empty where there is no /proc."""
    mounts: dict[str, bool] = {}
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as file:
            for line in file:
                _, place, kind, _ = line.split(" ", 3)
                mounts[place] = kind in ("tmpfs", "ramfs")
    except (OSError, ValueError):
        pass
    return mounts


def _is_below(path: str, mounts: Mapping[str, bool]) -> bool:
    path = os.path.realpath(path)
    while path not in mounts:
        if path == "/":
            return False
        path = os.path.dirname(path)
    return mounts[path]


def _own_directory(path: str, uid: int) -> None:
    """Make `path`, or accept it only when it is a real directory, ours, and closed to others."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    facts = os.lstat(path)
    if not stat.S_ISDIR(facts.st_mode):
        raise NotADirectoryError(0, "is not a directory")
    if facts.st_uid != uid:
        raise PermissionError(0, f"belongs to uid {facts.st_uid}, not to {uid}")
    if facts.st_mode & 0o022:
        raise PermissionError(0, "others may write to it")


def _lock_one(base: str, key: str, uid: int) -> RuntimeDir:
    for number in range(MAX_DAEMONS_PER_KEY):
        path = os.path.join(base, f"{key}-{number}" if number else key)
        _own_directory(path, uid)
        lock_path = os.path.join(path, LOCK_NAME)
        lock_fd = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(lock_path).st_ino != os.fstat(lock_fd).st_ino:
                raise BlockingIOError  # its owner removed it between our open and our lock
            _remove_fifos(path)
            probe = os.path.join(path, "probe")
            os.mkfifo(probe, 0o600)  # some file systems have no FIFOs: better to know now
            os.unlink(probe)
        except (BlockingIOError, FileNotFoundError):
            os.close(lock_fd)
            continue
        except OSError:
            os.close(lock_fd)
            raise
        return RuntimeDir(path, lock_fd)
    raise OSError(0, f"{MAX_DAEMONS_PER_KEY} daemons hold it already")


def _remove_fifos(path: str) -> None:
    """What a dead daemon left. Anything that is not a FIFO is not ours to remove."""
    try:
        entries = list(os.scandir(path))
    except OSError:
        return
    for entry in entries:
        try:
            if stat.S_ISFIFO(entry.stat(follow_symlinks=False).st_mode):
                os.unlink(entry.path)
        except OSError:
            pass
