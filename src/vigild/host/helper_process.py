"""Short-lived processes of the daemon's own, such as the check before an upgrade: run, watched, bounded, reaped.

They are reaped with the programs, by `host/reaper.py`, and told apart by `claim`.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from errno import EINVAL
from typing import Any

from vigild.core.frozen import frozen

MAX_OUTPUT_BYTES = 32 << 10  # the last of what it said: a traceback has its point at the end
READ_BYTES = 16 << 10


@frozen
class HelperOutcome:
    """How it ended: its raw wait status, None when it was ended for taking too long; and what it said."""

    wait_status: int | None
    output: bytes


class _Running:
    """One that runs now."""

    def __init__(self, pid: int, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        self.pid = pid
        self.ended: asyncio.Future[int] = loop.create_future()
        self.output = bytearray()
        self._fd = fd
        self._loop = loop
        os.set_blocking(fd, False)
        loop.add_reader(fd, self.read)

    def read(self) -> bool:
        """Take in what it said since; False at the end."""
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return False
        self.output += data
        del self.output[:-MAX_OUTPUT_BYTES]
        if not data:
            self._loop.remove_reader(self._fd)
        return bool(data)

    def close(self) -> None:
        for _ in range(
            2 * MAX_OUTPUT_BYTES // READ_BYTES
        ):  # what a descendant goes on saying is not waited for
            if not self.read():
                break
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


class HelperProcesses:
    """Runs them. One for the daemon."""

    def __init__(self) -> None:
        self._running: dict[int, _Running] = {}

    def claim(self, pid: int, wait_status: int) -> bool:
        """A child was reaped: True if it was one of these."""
        helper = self._running.pop(pid, None)
        if helper is None:
            return False
        if not helper.ended.done():
            helper.ended.set_result(wait_status)
        return True

    async def run(
        self,
        argv: Sequence[str],
        *,
        directory: str | None,
        environment: Mapping[str, str],
        seconds: float,
        uid: int | None = None,
    ) -> HelperOutcome:
        """Run one to its end, or for `seconds`, as this user. Raises OSError when it cannot be started.

        Its process group is killed when it takes too long, or when the task is cancelled.
        """
        who = {} if uid is None or uid == os.geteuid() else _identity_of(uid)
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=dict(environment),
            process_group=0,
            bufsize=0,
            **who,
        )
        process.returncode = 0  # Popen must not wait for it: host.reaper does
        assert process.stdout is not None
        helper = _Running(process.pid, os.dup(process.stdout.fileno()), asyncio.get_running_loop())
        process.stdout.close()
        self._running[process.pid] = helper
        try:
            async with asyncio.timeout(seconds):
                status: int | None = await asyncio.shield(helper.ended)
        except TimeoutError:
            status = None
        finally:
            if not helper.ended.done():
                os.killpg(helper.pid, signal.SIGKILL)  # not reaped yet, so the pid is still its own
            helper.close()
        return HelperOutcome(status, bytes(helper.output))


def _identity_of(uid: int) -> "dict[str, Any]":
    """What Popen is told to become this user. Raises OSError."""
    import pwd

    try:
        record = pwd.getpwuid(uid)
    except KeyError:
        raise OSError(EINVAL, f"there is no user {uid}") from None
    groups = os.getgrouplist(record.pw_name, record.pw_gid)
    return {"user": uid, "group": record.pw_gid, "extra_groups": groups}
