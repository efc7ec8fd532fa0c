"""What a child does to itself between fork and exec, and how it tells which step failed.

`Popen` runs a `preexec_fn` in the forked child, after the change of directory, and of what goes wrong in it
the parent learns nothing but that it did. So the child writes the number of the step and errno to a pipe. All
that is needed there is looked up and imported in the parent: the child only makes system calls.
"""

import errno
import os
import signal
from collections.abc import Callable

from vigild.core.frozen import frozen
from vigild.engine.ports import SpawnFailure


@frozen
class Step:
    """One system call of the child. `explain` says in the parent why it failed, given the errno."""

    stage: str
    what: Callable[[], str]  # in words: "set limit_nofile to 1024"; asked only when it failed
    act: Callable[[], object]
    explain: Callable[[int], str] = lambda number: ""

    def failure(self, number: int) -> SpawnFailure:
        """What is told of it when the call failed with this errno (0: not a system error)."""
        reason = self.explain(number) or os.strerror(number)
        code = errno.errorcode.get(number, str(number))
        return SpawnFailure(self.stage, number, f"couldn't {self.what()}: {code} ({reason})")


class Steps:
    """The steps of one spawn. `run` is for the child; `failure` and `close` for the parent. Raises OSError."""

    __slots__ = ("_read_fd", "_steps", "_write_fd")

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps
        self._read_fd, self._write_fd = os.pipe()  # neither survives the exec
        os.set_blocking(self._read_fd, False)

    def run(self) -> None:
        """Take the steps. One that fails is written to the pipe and ends the child."""
        signal.set_wakeup_fd(-1)  # it is the daemon's: a signal to the child must not be taken for one to it
        for index, step in enumerate(self._steps):
            try:
                step.act()
            except OSError as error:
                self._report(index, error.errno or 0)
                raise
            except MemoryError:  # the limit of memory that was just set is below what a fork needs
                self._report(index, errno.ENOMEM)
                raise

    def _report(self, index: int, number: int) -> None:
        os.write(self._write_fd, b"%d %d" % (index, number))

    def failure(self) -> SpawnFailure:
        """Which step failed, once the child has ended."""
        try:
            report = os.read(self._read_fd, 64)
        except BlockingIOError:  # a defect of a step: anything but a system error
            return SpawnFailure("fork", 0, "couldn't prepare the child")
        index, number = map(int, report.split())
        return self._steps[index].failure(number)

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._read_fd)
        os.close(self._write_fd)
