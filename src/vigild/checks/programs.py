"""Commands that look for themselves: run in a process group of their own, which is killed when the time is up."""

import os
import select
import signal
import subprocess
import time
from typing import Any

from vigild.checks.reading import BlockingCheck, Reading, Settings, Values, pairs_of, shortened, text_of

MAX_OUTPUT_BYTES = 16 << 10  # the last of it
READ_BYTES = 16 << 10

running: set[int] = set()
"""The process groups of commands that run now; who ends this process ends them."""


class ProgramCheck(BlockingCheck):
    """`argv`; `uid` of the user, where it is another; `directory`; `environment` on top of ours."""

    grace_seconds = 2.0  # it ends what takes too long itself, and says so

    def __init__(self, settings: Settings, timeout_seconds: float) -> None:
        super().__init__()
        argv = settings.get("argv")
        self._argv = [str(word) for word in argv] if isinstance(argv, list) else []
        self._directory = text_of(settings, "directory") or None
        self._environment = pairs_of(settings, "environment")
        self._who = _identity(settings)
        self._timeout_seconds = timeout_seconds

    def look(self) -> Reading:
        """Run it. Raises OSError where it cannot be started."""
        begun = time.monotonic()
        process = subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._directory,
            env={**os.environ, **self._environment},
            process_group=0,
            bufsize=0,
            **self._who,
        )
        running.add(process.pid)
        try:
            output, in_time = _output_of(process, begun + self._timeout_seconds)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the pid is still its own
                process.wait()
            running.discard(process.pid)
            assert process.stdout is not None
            process.stdout.close()
        values: Values = {
            "output": shortened(output.decode("utf-8", "replace")[-MAX_OUTPUT_BYTES:]),
            "duration": round(time.monotonic() - begun, 3),
        }
        if not in_time:
            return Reading(values, f"it did not end within {self._timeout_seconds:g} s, and was killed")
        return _judged(values, process.returncode or 0)


def _judged(values: Values, status: int) -> Reading:
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return Reading(values, f"killed by {name}")
    values["status"] = status
    if not status:
        return Reading(values)
    said = str(values["output"])
    return Reading(values, f"exit status {status}: {said}" if said else f"exit status {status}")


def _output_of(process: "subprocess.Popen[bytes]", deadline: float) -> tuple[bytes, bool]:
    """The last of what it says until it ends, and whether it ended in time; what it left running is not waited for."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    end = os.pidfd_open(process.pid)
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    poll.register(end, select.POLLIN)
    output = bytearray()
    try:
        while (left := deadline - time.monotonic()) > 0:
            ready = {fd for fd, _ in poll.poll(left * 1000)}
            if pipe in ready and not _take(pipe, output):
                poll.unregister(pipe)
            if end in ready:
                _take(pipe, output)
                process.wait()
                return bytes(output), True
        return bytes(output), False
    finally:
        os.close(end)


def _take(pipe: int, output: bytearray) -> bool:
    """What is there to be read, bounded; False at the end."""
    for _ in range(64):
        try:
            data = os.read(pipe, READ_BYTES)
        except BlockingIOError:
            return True
        output += data
        del output[:-MAX_OUTPUT_BYTES]
        if not data:
            return False
    return True


def _identity(settings: Settings) -> dict[str, Any]:
    """What Popen is told to become that user, where it is another. Raises KeyError where there is none."""
    uid = settings.get("uid")
    if not isinstance(uid, int) or uid == os.geteuid():
        return {}
    import pwd

    record = pwd.getpwuid(uid)
    groups = os.getgrouplist(record.pw_name, record.pw_gid)
    return {"user": uid, "group": record.pw_gid, "extra_groups": groups}


def end_all() -> None:
    """Nobody waits for them any more."""
    for group in list(running):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
