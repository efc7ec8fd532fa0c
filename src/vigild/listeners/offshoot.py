"""Work in a short-lived child, so that what it imports and leaks is gone with it, and a deadline can end it."""

import os
import select
import signal
import time
from collections.abc import Callable
from typing import NamedTuple

MAX_ANSWER_BYTES = 1024 * 1024
_DONE, _FAILED, _REFUSED = b"+", b"-", b"!"


class Outcome(NamedTuple):
    """What became of the work. `error` is '' if it was done; `permanent`: another try would fail like this one."""

    text: str = ""
    error: str = ""
    permanent: bool = False


class WorkError(Exception):
    """Raised by work that failed; `permanent` as in Outcome."""

    def __init__(self, text: str, permanent: bool = False) -> None:
        super().__init__(text)
        self.permanent = permanent


def in_child(work: Callable[[], str], timeout_seconds: float) -> Outcome:
    """Do the work in a child of its own process group; what it writes on stdout goes to our stderr.

    The process must have one thread only.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    late = True
    try:
        answer, late = _collect(reading, time.monotonic() + timeout_seconds)
    finally:
        os.close(reading)
        _end(pid, late)
    kind, text = answer[:1], answer[1:].decode("utf-8", "replace")
    if kind == _DONE:
        return Outcome(text)
    if kind in (_FAILED, _REFUSED):
        return Outcome(error=text, permanent=kind == _REFUSED)
    why = f"gave no answer within {timeout_seconds:.0f} s" if late else "ended before it was done"
    return Outcome(error=f"the process that was to do it {why}")


def _work(work: Callable[[], str], writing: int) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.dup2(2, 1)  # stdout belongs to the protocol
        try:
            answer = _DONE + work().encode("utf-8", "replace")
        except WorkError as error:
            answer = (_REFUSED if error.permanent else _FAILED) + str(error).encode("utf-8", "replace")
        except Exception as error:
            answer = _FAILED + (str(error) or type(error).__name__).encode("utf-8", "replace")
        _write(writing, answer[:MAX_ANSWER_BYTES])
        status = 0
    finally:
        os._exit(status)


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _collect(reading: int, deadline: float) -> tuple[bytes, bool]:
    answer = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            return answer, True
        data = os.read(reading, 65536)
        if not data:
            return answer, False
        answer += data


def _end(pid: int, late: bool) -> None:
    """Reap the child. One that is late, or whose parent is being ended, is ended with all it started."""
    if late:
        for target in (-pid, pid):
            try:
                os.kill(target, signal.SIGKILL)
            except ProcessLookupError:
                pass
    os.waitpid(pid, 0)
