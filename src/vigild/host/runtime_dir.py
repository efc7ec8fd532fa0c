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
from collections.abc import Iterator, Mapping

from vigild.core.frozen import plain
from vigild.host.journal import JOURNAL_NAME, read_journal
from vigild.host.procfs import exists, is_alive, stat_of

LOCK_NAME = "lock"
HALF_DONE_SPAWN_SECONDS = (
    5.0  # how long a dead daemon's fork may hold the lock before it executes its program
)
LOCK_AGAIN_SECONDS = 0.01
KEY_LENGTH = 8
_LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
MAX_SIBLINGS = 200  # looked at in one sweep
# Where nothing lives there is still something to know: what was stopped by hand, what is done, what has failed for good. A
# daemon that dies beside us is not forgotten before it had its time to come back.
FORGET_AFTER_SECONDS = 3600.0
LEFT_NAME = "left"  # made when it was first found with neither daemon nor program
MAX_SIGNATURE_BYTES = 16 << 10
INITIAL_PID_NAMESPACE = 0xEFFFFFFC  # include/linux/proc_ns.h


@plain
class NoRuntimeDir:
    """No directory could be made; `reason` says what was tried and what went wrong."""

    reason: str


@plain
class HeldRuntimeDir:
    """Another daemon works in it: the one with this pid (0 if that cannot be known)."""

    path: str
    pid: int


@plain
class RuntimeDir:
    """A directory that is ours alone until `close()`, or until this process dies."""

    path: str
    lock_fd: int
    names: bytes = b""  # of the configuration file, a line each

    def sign(self) -> None:
        """Write into the lock our pid, for whoever wants to know who holds it, and whose directory it is."""
        text = b"%-20d\n%b" % (os.getpid(), self.names)
        os.pwrite(self.lock_fd, text, 0)
        if self.names:
            os.ftruncate(self.lock_fd, len(text))

    def renew(self) -> None:
        """Somebody removed it, and it was made anew: lock it again, or a second daemon could. Raises OSError."""
        fd = os.open(os.path.join(self.path, LOCK_NAME), _LOCK_FLAGS, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.pwrite(fd, os.pread(self.lock_fd, MAX_SIGNATURE_BYTES, 0), 0)
            os.dup2(fd, self.lock_fd, inheritable=False)
        finally:
            os.close(fd)
        self.sign()

    def clear(self) -> None:
        """Remove what is in it: nobody is to adopt anything."""
        for name in os.listdir(self.path):
            if name != LOCK_NAME:
                unlink_quietly(os.path.join(self.path, name))

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

    def sweep_siblings(self, forget_after_seconds: float = FORGET_AFTER_SECONDS) -> Iterator[bool]:
        """Remove what daemons left beside us that never came back, if nothing uses it any more.

        Not before it has been seen like that for `forget_after_seconds`. One at each turn; is it gone? Raises OSError.
        """
        base = os.path.dirname(self.path)
        for name in sorted(os.listdir(base))[:MAX_SIBLINGS]:
            path = os.path.join(base, name)
            if path != self.path and len(name) == KEY_LENGTH:
                yield _sweep(path, forget_after_seconds)


def open_runtime_dir(
    config_path: str, identifier: str, *, environ: Mapping[str, str], uid: int
) -> RuntimeDir | HeldRuntimeDir | NoRuntimeDir:
    """Make, check and lock the directory for this daemon. Never raises for what the machine refuses."""
    key = runtime_key(config_path, identifier)
    problems: list[str] = []
    bases = _bases(environ, uid)
    if not _was_left(os.path.join(bases[0], key), uid):
        former = [base for base in _former_bases(uid) if base not in bases]
        bases.sort(key=lambda base: not _was_left(os.path.join(base, key), uid))
        bases[:0] = [base for base in former if _was_left(os.path.join(base, key), uid)]
    names = _names(config_path)
    if not _was_left(os.path.join(bases[0], key), uid):
        for path in _left_under_another_key(bases, names, uid):
            try:
                taken = _lock(path, uid, names)
            except OSError:
                continue
            if isinstance(taken, RuntimeDir):
                return taken
    for base in bases:
        try:
            _own_directory(base, uid)
            return _lock(os.path.join(base, key), uid, names)
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


def _former_bases(uid: int) -> list[str]:
    """Where a daemon with another environment (a login, a cron job) may have had its directory."""
    return [f"/run/user/{uid}/vigil", f"/tmp/vigil-{uid}"]


def _was_left(path: str, uid: int) -> bool:
    """Is there something of ours to adopt?"""
    try:
        return os.lstat(os.path.join(path, JOURNAL_NAME)).st_uid == uid
    except OSError:
        return False


def _names(config_path: str) -> bytes:
    paths = {os.path.realpath(config_path), os.path.abspath(config_path)}
    return b"".join(os.fsencode(path) + b"\n" for path in sorted(paths) if "\n" not in path)


def _left_under_another_key(bases: list[str], names: bytes, uid: int) -> list[str]:
    """What runs on without a daemon, of the same configuration: its identifier was changed, or a link on the way
    to the file. Better adopted under the old key than started a second time."""
    ours = set(names.splitlines())
    found = []
    for base in bases:
        try:
            if not stat.S_ISDIR((facts := os.lstat(base)).st_mode) or facts.st_uid != uid:
                continue
            keys = sorted(name for name in os.listdir(base) if len(name) == KEY_LENGTH)[:MAX_SIBLINGS]
        except OSError:
            continue
        for path in (os.path.join(base, key) for key in keys):
            if ours & set(_signature(path)[1:]) and _was_left(path, uid) and _names_living(path):
                found.append(path)
    return found


def _signature(path: str) -> list[bytes]:
    try:
        with open(os.path.join(path, LOCK_NAME), "rb") as file:
            return file.read(MAX_SIGNATURE_BYTES).splitlines()
    except OSError:
        return []


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


def _lock(path: str, uid: int, names: bytes = b"") -> RuntimeDir | HeldRuntimeDir:
    deadline = time.monotonic() + HALF_DONE_SPAWN_SECONDS
    while True:
        _own_directory(path, uid)
        lock_path = os.path.join(path, LOCK_NAME)
        try:
            lock_fd = os.open(lock_path, _LOCK_FLAGS, 0o600)
        except FileNotFoundError:  # a daemon that ended just now has removed the directory
            if time.monotonic() > deadline:
                raise
            continue
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.stat(lock_path).st_ino == os.fstat(lock_fd).st_ino:
                return _checked(RuntimeDir(path, lock_fd, names))
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
    unlink_quietly(probe)
    os.mkfifo(probe, 0o600)  # some file systems have no FIFOs: better to know now
    os.unlink(probe)
    unlink_quietly(os.path.join(runtime.path, LEFT_NAME))
    runtime.sign()
    return runtime


def _sweep(path: str, forget_after_seconds: float) -> bool:
    try:
        lock_fd = os.open(os.path.join(path, LOCK_NAME), _LOCK_FLAGS & ~os.O_CREAT)
    except OSError:
        return False
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _was_left_lately(path, forget_after_seconds):  # spares us a journal, which may be long
            return False
        if any(_is_held(entry) for entry in list(os.scandir(path))) or _names_living(path):
            return False
        _mark_left(path)
        if _was_left_lately(path, forget_after_seconds):
            return False
        RuntimeDir(path, lock_fd).clear()
        os.unlink(os.path.join(path, LOCK_NAME))
        os.rmdir(path)
    except OSError:
        return False
    finally:
        os.close(lock_fd)
    return True


def _mark_left(path: str) -> None:
    """It was seen with neither daemon nor program, for the first time perhaps."""
    flags = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    os.close(os.open(os.path.join(path, LEFT_NAME), flags, 0o600))


def _was_left_lately(path: str, forget_after_seconds: float) -> bool:
    try:
        left_since = os.lstat(os.path.join(path, LEFT_NAME)).st_mtime
    except OSError:
        return False
    return max(0.0, time.time() - left_since) < forget_after_seconds  # clocks are set back, too


def _is_held(entry: "os.DirEntry[str]") -> bool:
    """A FIFO that a program still has open: it waits for its daemon to come back."""
    if not stat.S_ISFIFO(entry.stat(follow_symlinks=False).st_mode):
        return False
    try:
        os.close(os.open(entry.path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _names_living(path: str) -> bool:
    """Does the journal name a process that lives, though it may have closed all that it was given?"""
    import json

    for record in read_journal(path)[0].get("process", {}).values():
        try:
            facts = json.loads(record)
            pid, ticks = facts["process"].get("pid", 0), facts.get("start_ticks", 0)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # of no daemon of ours
        if pid and is_alive(pid, ticks):
            return True
    return False


def _holder(lock_fd: int) -> int:
    text = os.pread(lock_fd, 32, 0).partition(b"\n")[0].strip()
    return int(text) if text.isdigit() else 0


def _lives(pid: int) -> bool:
    found = stat_of(pid) if pid > 0 else None
    if found is not None:
        return not found.is_zombie  # one whose parent is slow to reap it holds nothing
    return pid > 0 and exists(pid)


def unlink_quietly(path: str) -> None:
    """Remove a name, if it is there and may be removed."""
    try:
        os.unlink(path)
    except OSError:
        pass
