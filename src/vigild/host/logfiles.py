"""All child logs of the daemon: shared by path, named when AUTO, reopened and cleared on order."""

import asyncio
import os
import re
import stat

from vigild.engine.ports import Journal, Log, StreamPlan
from vigild.host.logfile import LogFile

_NAME_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789_"
_NAME_TRIES = 100
WAITING = "waiting"  # kind of journal entry: by path, what a log that is no regular file has not taken yet


class ChildLogs:
    """The `LogFiles` port, and the place where streams get their `LogFile`."""

    def __init__(
        self, child_log_dir: str, identifier: str, log: Log, *, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self._directory = child_log_dir
        self._identifier = identifier
        self._log = log
        self._loop = loop
        self._files: dict[str, LogFile] = {}
        self._unwanted: set[str] = set()  # no program names them any more, but a descendant still writes

    def open(self, plan: StreamPlan) -> LogFile | None:
        """The file of this plan, open for one more user; None when the plan has none. Never raises."""
        path = plan.logfile
        if path is None or path == "/dev/null":
            return None
        file = self._files.get(path)
        if file is None:
            file = LogFile(path, plan.max_bytes, plan.backups, self._log.warn)
            file.loop = self._loop
            self._files[path] = file
        elif not file.users:
            file.reopen_if_replaced()
            file.set_rotation(plan.max_bytes, plan.backups)
        self._unwanted.discard(path)
        file.users += 1
        return file

    def release(self, file: LogFile) -> None:
        """One stream has ended. The file stays open for the next spawn until `close_unused`."""
        file.users -= 1
        if file.users <= 0 and file.path in self._unwanted:
            self.close_unused(file.path)

    def close_unused(self, path: str) -> None:
        """Close the file at `path`, at once or as soon as no stream writes to it any more."""
        file = self._files.get(path)
        if file is None:
            return
        if file.users > 0:
            self._unwanted.add(path)
            return
        self._unwanted.discard(path)
        del self._files[path]
        file.close()

    def close_all(self) -> None:
        """At the end of the daemon: a last try for what waits, then close."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def lost_bytes(self) -> int:
        """Output lost so far to files that are open now."""
        return sum(file.lost_bytes for file in self._files.values())

    def hand_over(self) -> dict[str, dict[str, bytes]]:
        """Entries for the journal of a daemon that goes on in the place of this one: what waits to be taken."""
        waiting = {path: rest for path, file in self._files.items() if (rest := file.flush())}
        return {WAITING: waiting} if waiting else {}

    def inherit(self, journal: Journal) -> None:
        """Take over what `hand_over` said."""
        for path, data in list(journal.entries.get(WAITING, {}).items()):
            file = self.open(StreamPlan("stdout", path))
            if file is not None:
                file.write(data)
                self.release(file)
            journal.drop(WAITING, path)

    def reopen_all(self) -> None:
        """Open every child log anew."""
        for file in self._files.values():
            file.reopen()

    def clear(self, path: str) -> None:
        """Empty one child log. A file that isn't there is empty already. Raises OSError."""
        file = self._files.get(path)
        if file is not None:
            file.clear()
            return
        try:
            if stat.S_ISREG(os.stat(path).st_mode):
                os.truncate(path, 0)
        except FileNotFoundError:
            pass

    def auto_name(self, process_name: str, channel: str) -> str:
        """Make `NAME-CHANNEL---IDENTIFIER-XXXXXXXX.log`, empty, for the daemon's user only. Raises OSError."""
        prefix = f"{process_name}-{channel}---{self._identifier}-"
        for _ in range(_NAME_TRIES):
            suffix = "".join(_NAME_ALPHABET[byte % len(_NAME_ALPHABET)] for byte in os.urandom(8))
            path = os.path.join(self._directory, f"{prefix}{suffix}.log")
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            except FileExistsError:
                continue
            return path
        raise FileExistsError(f"no free name for {prefix}*.log in {self._directory}")

    def remove_auto_logs(self, keep: frozenset[str] = frozenset()) -> None:
        """Remove the AUTO logs of earlier runs with this identifier, and their backups; not those of `keep`."""
        pattern = re.compile(rf".+?---{re.escape(self._identifier)}-\S+\.log\.{{0,1}}\d{{0,4}}")
        try:
            names = os.listdir(self._directory)
        except OSError:
            self._log.warn("Could not clear childlog dir")
            return
        for name in names:
            path = os.path.join(self._directory, name)
            if pattern.fullmatch(name) and path not in keep and path.rpartition(".")[0] not in keep:
                try:
                    os.remove(path)
                except OSError:
                    self._log.warn(f"Failed to clean up {path!r}")
