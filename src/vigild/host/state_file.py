"""What is remembered over the end of the daemon, in a small file of the state directory: the `StopStore` port.

Written anew beside the old one, synced, and renamed over it, by a thread: a disk that stalls must not keep the
loop from serving. Only the newest state counts, so at most one write is under way and one waits.
"""

import os
import threading
import zlib
from collections.abc import Callable, Mapping
from typing import TypeVar

from vigild.core.stop_marks import StopMark
from vigild.engine.ports import Log
from vigild.wire.stop_marks import decode_marks, encode_marks

T = TypeVar("T")

MAX_FILE_BYTES = 16 << 20
SET_ASIDE = ".unreadable"  # put behind the name of a file that is of no use
CLOSE_SECONDS = 5.0  # how long the end of the daemon waits for the disk


def default_state_dir(environ: Mapping[str, str], uid: int) -> str:
    """Where state is kept unless `[supervisord]` says so."""
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]  # systemd's, of a unit with StateDirectory=
    if os.path.isabs(given):
        return given
    if uid == 0:
        return "/var/lib/vigil"
    base = environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        home = environ.get("HOME", "")
        if not os.access(home or "?", os.W_OK):  # of the user who started it as root, perhaps
            import pwd

            try:
                home = pwd.getpwuid(uid).pw_dir
            except KeyError:
                home = home or "/"
        base = os.path.join(home, ".local", "state")
    return os.path.join(base, "vigil")


class StateFile:
    """One file in `directory`, written by a thread of its own. `lost` says what follows where it cannot be written.

    `unused` says what follows where it is of no use.
    """

    def __init__(self, path: str, log: Log, *, lost: str, unused: str) -> None:
        self.path = path
        self._log = log
        self._lost = lost
        self._unused = unused
        self._lock = threading.Lock()
        self._waiting: bytes | None = None
        self._writer: threading.Thread | None = None
        self._failure: OSError | None = None
        self._said = 0  # the number of the error that was said last; 0: it could be written since

    def read(self, decode: Callable[[bytes], T]) -> T | None:
        """What the file says, None where there is none. One that is of no use is set aside, and the log says so."""
        try:
            with open(self.path, "rb") as file:
                return decode(file.read(MAX_FILE_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            self._set_aside(reason)
            return None

    def write(self, data: bytes) -> None:
        """Write it down soon. What cannot be written is said in the log with the next write, or at the end."""
        with self._lock:
            self._waiting = data
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name="state file", daemon=True)
                self._writer.start()
        self._tell()

    def discard(self) -> None:
        """Remove the file, if there is one: no program asks for it any more."""
        try:
            os.unlink(self.path)
        except OSError:
            pass

    def close(self) -> None:
        """The daemon ends: wait for what is being written, but not for ever."""
        with self._lock:
            writer = self._writer
        if writer is not None:
            writer.join(CLOSE_SECONDS)
            if writer.is_alive():
                self._log.critical(f"the disk of {self.path} does not answer; {self._lost}")
        self._tell()

    def _write_all(self) -> None:
        while True:
            with self._lock:
                data, self._waiting = self._waiting, None
                if data is None:
                    self._writer = None
                    return
            try:
                _replace(self.path, data)
                self._said = 0
            except OSError as error:
                self._failure = error

    def _tell(self) -> None:
        """Logs belong to the loop's thread."""
        failure, self._failure = self._failure, None
        if failure is not None and failure.errno != self._said:
            self._said = failure.errno or 0
            self._log.critical(
                f"cannot write {self.path}: {failure.strerror or failure}; {self._lost}; make the directory writable, "
                "or name another with state_dir="
            )

    def _set_aside(self, reason: str) -> None:
        aside = self.path + SET_ASIDE
        try:
            os.rename(self.path, aside)
            what = f"it is set aside as {aside}"
        except OSError as error:
            what = f"and cannot be set aside: {error.strerror}"
        self._log.critical(f"cannot use {self.path}: {reason}; {what}, and {self._unused}")


class StopFile(StateFile):
    """`stopped-KEY.json` in `directory`, one for each pair of configuration file and identifier."""

    def __init__(self, directory: str, configuration: str, identifier: str, log: Log) -> None:
        super().__init__(
            os.path.join(directory, f"stopped-{state_key(configuration, identifier)}.json"),
            log,
            lost="what an operator stopped will start again with the next daemon",
            unused="all programs start as configured, also those that an operator had stopped",
        )
        self._configuration = configuration
        self._identifier = identifier

    def load(self) -> dict[str, StopMark]:
        """What the file says; nothing where that is of no use."""
        return self.read(decode_marks) or {}

    def save(self, marks: dict[str, StopMark]) -> None:
        """Write it down soon."""
        self.write(encode_marks(marks, self._configuration, self._identifier))


def schedule_path(directory: str, configuration: str, identifier: str) -> str:
    """Where it is kept how schedules stood: one file for each pair of configuration file and identifier."""
    return os.path.join(directory, f"schedules-{state_key(configuration, identifier)}.json")


def pause_path(directory: str, configuration: str, identifier: str) -> str:
    """Where it is kept which monitors somebody paused: likewise."""
    return os.path.join(directory, f"monitors-{state_key(configuration, identifier)}.json")


def forward_spool_base(directory: str, configuration: str, identifier: str) -> str:
    """Where forwarders keep what they have not delivered when they end: files whose paths begin like this."""
    return os.path.join(directory, f"forwards-{state_key(configuration, identifier)}")


def state_key(configuration: str, identifier: str) -> str:
    """What tells the files of one daemon from those of another in the same directory."""
    # Unlike that of the runtime directory it is the same in every container made from one image.
    return format(
        zlib.crc32(f"{os.path.realpath(configuration)}\0{identifier}".encode(errors="replace")), "08x"
    )


def _replace(path: str, data: bytes) -> None:
    directory = os.path.dirname(path)
    os.makedirs(os.path.dirname(directory) or "/", exist_ok=True)
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        pass
    fresh = f"{path}.new"
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)
    os.rename(fresh, path)
    directory_fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory_fd)
    finally:
        os.close(directory_fd)
