"""Reaping: every child that has ended is told of in the wake-up that SIGCHLD causes."""

import os
from collections.abc import Callable


class Reaper:
    """Calls `on_exit(pid, raw wait status)` for each child of this process that ends, ours or adopted.

    `reap` is to be called whenever SIGCHLD came (`host/signals.py`).
    """

    def __init__(self, on_exit: Callable[[int, int], None]) -> None:
        self._on_exit = on_exit

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
