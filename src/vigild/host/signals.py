"""Signals wake the loop through a pipe, and each kind is told once a wake-up, however many came.

`loop.add_signal_handler` sends one byte for each signal through a socket that holds some 280 of them: a
thousand children that die together overflow it, and with them a SIGTERM would be lost. A pipe holds
65,536, and is emptied in one read.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from types import FrameType


class SignalPipe:
    """Calls back from the loop when a signal came. One for the process, and for all lives of the daemon.

    While it is paused, between two lives, a signal neither kills the daemon nor is lost: it waits in the pipe.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ends: tuple[int, int] | None = None) -> None:
        self._loop = loop
        self._callbacks: dict[int, Callable[[], None]] = {}
        # `ends`: a pipe of the image before this one, which may still hold what came at its end.
        self._read_fd, self._write_fd = ends or os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._previous_fd = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)

    @property
    def ends(self) -> tuple[int, int]:
        """The descriptors to read from and to write to; for the daemon's next image."""
        return self._read_fd, self._write_fd

    def on(self, signum: signal.Signals, callback: Callable[[], None]) -> None:
        """Call `callback` from the loop whenever `signum` came (once for several of the same wake-up)."""
        self._callbacks[signum] = callback
        signal.signal(signum, _do_nothing)
        signal.siginterrupt(signum, False)

    def resume(self) -> None:
        """Tell of what came, and of what comes."""
        self._loop.add_reader(self._read_fd, self._on_signals)

    def pause(self) -> None:
        """Tell of nothing until `resume`; nothing is lost meanwhile."""
        self._loop.remove_reader(self._read_fd)

    def close(self) -> None:
        """Let go of the pipe; the signals have their default effects again."""
        self.pause()
        for signum in self._callbacks:
            signal.signal(signum, signal.SIG_DFL)
        signal.set_wakeup_fd(self._previous_fd)
        os.close(self._read_fd)
        os.close(self._write_fd)

    def _on_signals(self) -> None:
        for signum in sorted(set(os.read(self._read_fd, 65536))):
            callback = self._callbacks.get(signum)
            if callback is not None:
                callback()


def unblock(numbers: str) -> None:
    """Let through what was held back over an exec: from now on only `numbers` are blocked, as they were before."""
    signal.pthread_sigmask(signal.SIG_SETMASK, {int(word) for word in numbers.split(",") if word.isdigit()})


def _do_nothing(signum: int, frame: FrameType | None) -> None:
    """Python wants a handler; the wake-up byte has said it all."""
