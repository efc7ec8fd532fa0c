"""Reaping: SIGCHLD wakes the loop, and every child that has ended is told of in the same wake-up."""

import asyncio
import os
import signal
from collections.abc import Callable


class Reaper:
    """Calls `on_exit(pid, raw wait status)` for each child of this process that ends, ours or adopted."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_exit: Callable[[int, int], None]) -> None:
        self._loop = loop
        self._on_exit = on_exit
        loop.add_signal_handler(signal.SIGCHLD, self.reap)

    def reap(self) -> None:
        """Reap all that has ended. Many exits may share one signal, so it goes on until there is none."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._on_exit(pid, status)

    def close(self) -> None:
        """Leave SIGCHLD alone from now on."""
        self._loop.remove_signal_handler(signal.SIGCHLD)
