"""The runtime directory: where the FIFOs of the children live, and the journal.

It is the daemon's own (mode 0700, owner checked, never reached through a symlink of somebody else),
one for each pair of configuration file and identifier, and locked by the daemon that uses it: a second
one is refused. What a daemon that was killed left in it is what the next one adopts. Where none can be made
the answer is a value that says why; the children then get plain pipes.

The lock is a flock, which a fork inherits and an exec drops. So it is free only when the old daemon is dead
*and* none of its spawns is half done.

A place in memory is preferred to one on a disk: there a FIFO takes 4 microseconds. On ext4, which avoids the
inodes of files removed lately, it took 120 to 1,400 once a few thousand had come and gone.
"""

import fcntl
import os
import stat
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

LOCK_NAME = "lock"
HALF_DONE_SPAWN_SECONDS = (
    5.0  # how long a dead daemon's fork may hold the lock before it executes its program
)
LOCK_AGAIN_SECONDS = 0.01
KEY_LENGTH = 8
MAX_SIBLINGS = 200  # looked at in one sweep
INITIAL_PID_NAMESPACE = 0xEFFFFFFC  # include/linux/proc_ns.h


@dataclass(slots=True)
class NoRuntimeDir:
    """No directory could be made; `reason` says what was tried and what went wrong."""

    reason: str


@dataclass(slots=True)
class HeldRuntimeDir:
    """Another daemon works in it: the one with this pid (0 if that cannot be known)."""

    path: str
    pid: int


@dataclass(slots=True)
class RuntimeDir:
    """A directory that is ours alone until `close()`, or until this process dies."""

    path: str
    lock_fd: int

    def sign(self) -> None:
        """Write our pid into the lock, for whoever wants to know who holds it."""
        os.pwrite(self.lock_fd, b"%-20d\n" % os.getpid(), 0)

    def clear(self) -> None:
        """Remove what is in it: nobody is to adopt anything."""
        for name in os.listdir(self.path):
            if name != LOCK_NAME:
                _unlink(os.path.join(self.path, name))

    def close(self) -> None:
        """Remove it with all that is in it, and give up the lock."""
        try:
            self.clear()
        except OSError:
            pass
        self.release()

    def release(self) -> None:
        """Give up the lock, and leave what is in it to be adopted; an empty one is removed."""
        try:
            if os.listdir(self.path) == [LOCK_NAME]:
                os.unlink(os.path.join(self.path, LOCK_NAME))
                os.rmdir(self.path)
        except OSError:
            pass
        os.close(self.lock_fd)

    def sweep_siblings(self) -> int:
        """Remove what daemons left beside us that never came back, if nothing uses it any more; how many."""
        base = os.path.dirname(self.path)
        swept = 0
        for name in sorted(os.listdir(base))[:MAX_SIBLINGS]:
            path = os.path.join(base, name)
            if path != self.path and len(name) == KEY_LENGTH:
                swept += _sweep(path)
        return swept


def open_runtime_dir(
    config_path: str, identifier: str, *, environ: Mapping[str, str], uid: int
) -> RuntimeDir | HeldRuntimeDir | NoRuntimeDir:
    """Make, check and lock the directory for this daemon. Never raises for what the machine refuses."""
    key = runtime_key(config_path, identifier)
    problems: list[str] = []
    for base in _bases(environ, uid):
        try:
            _own_directory(base, uid)
            return _lock(os.path.join(base, key), uid)
        except OSError as error:
            problems.append(f"{base}: {error.strerror or error}")
    return NoRuntimeDir("; ".join(problems))


def runtime_key(config_path: str, identifier: str) -> str:
    """What tells daemons of one machine apart: configuration file, identifier, and the container they are in."""
    text = f"{os.path.realpath(config_path)}\0{identifier}"
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        namespace = INITIAL_PID_NAMESPACE
    if namespace != INITIAL_PID_NAMESPACE:
        text += f"\0{namespace}"  # containers may share a directory in memory, but not their pids
    return format(zlib.crc32(text.encode(errors="replace")), "08x")


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


def _lock(path: str, uid: int) -> RuntimeDir | HeldRuntimeDir:
    deadline = time.monotonic() + HALF_DONE_SPAWN_SECONDS
    while True:
        _own_directory(path, uid)
        lock_path = os.path.join(path, LOCK_NAME)
        lock_fd = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(lock_path).st_ino == os.fstat(lock_fd).st_ino:
                return _checked(RuntimeDir(path, lock_fd))
        except FileNotFoundError:
            pass  # its owner removed it between our open and our lock
        except BlockingIOError:
            holder = _holder(lock_fd)
            if _lives(holder) or time.monotonic() > deadline:
                os.close(lock_fd)
                return HeldRuntimeDir(path, holder)
            time.sleep(LOCK_AGAIN_SECONDS)
        except OSError:
            os.close(lock_fd)
            raise
        os.close(lock_fd)


def _checked(runtime: RuntimeDir) -> RuntimeDir:
    probe = os.path.join(runtime.path, "probe")
    _unlink(probe)
    os.mkfifo(probe, 0o600)  # some file systems have no FIFOs: better to know now
    os.unlink(probe)
    runtime.sign()
    return runtime


def _sweep(path: str) -> bool:
    try:
        lock_fd = os.open(os.path.join(path, LOCK_NAME), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if any(_is_held(entry) for entry in list(os.scandir(path))):
            return False
        RuntimeDir(path, lock_fd).clear()
        os.unlink(os.path.join(path, LOCK_NAME))
        os.rmdir(path)
    except OSError:
        return False
    finally:
        os.close(lock_fd)
    return True


def _is_held(entry: "os.DirEntry[str]") -> bool:
    """A FIFO that a program still has open: it waits for its daemon to come back."""
    if not stat.S_ISFIFO(entry.stat(follow_symlinks=False).st_mode):
        return False
    try:
        os.close(os.open(entry.path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _holder(lock_fd: int) -> int:
    text = os.pread(lock_fd, 32, 0).strip()
    return int(text) if text.isdigit() else 0


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return pid > 0


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
