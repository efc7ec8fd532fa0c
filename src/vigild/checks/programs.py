"""Commands that look for themselves: run in a process group of their own, which is killed when the time is up."""

import os
import select
import signal
import subprocess
import threading
import time
from typing import Any

from vigild.checks.reading import BlockingCheck, Reading, Settings, Values, pairs_of, shortened, text_of

MAX_OUTPUT_BYTES = 16 << 10  # the last of it
READ_BYTES = 16 << 10

START_SECONDS = 2.0  # how long the end waits for commands that are just being started


class Commands:
    """The commands that run now, each a process group of its own; who ends this process ends them. Used by many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._groups: set[int] = set()
        self._starting = 0
        self.is_over = False

    def start(self, argv: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        """As Popen does, and raises what it does; OSError, too, once all is over."""
        with self._changed:
            if self.is_over:
                raise OSError("the monitor process ends")
            self._starting += 1
        try:
            process = subprocess.Popen(argv, process_group=0, **options)
            self._groups.add(process.pid)
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify_all()
        return process

    def forget(self, pid: int) -> None:
        """It has ended."""
        self._groups.discard(pid)

    def end_all(self) -> None:
        """End them, and those that are just being started, and start no more: nobody waits for them."""
        with self._changed:
            self.is_over = True
            self._changed.wait_for(lambda: not self._starting, START_SECONDS)
        for group in list(self._groups):
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass


COMMANDS = Commands()


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
        process = COMMANDS.start(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._directory,
            env={**os.environ, **self._environment},
            bufsize=0,
            **self._who,
        )
        try:
            output, in_time = _output_of(process, begun + self._timeout_seconds)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # not reaped yet, so the pid is still its own
                process.wait()
            COMMANDS.forget(process.pid)
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
