"""Reaping: every child that has ended is told of in the wake-up that SIGCHLD causes."""

import asyncio
import os
from collections.abc import Callable

EXITS_A_TURN = 32  # programs that end as soon as they are started must not keep the loop from everything else


class Reaper:
    """Calls `on_exit(pid, raw wait status)` for each child of this process that ends, ours or adopted.

    `reap` is to be called whenever SIGCHLD came (`host/signals.py`).
    """

    def __init__(self, on_exit: Callable[[int, int], None]) -> None:
        self._on_exit = on_exit

    def reap(self) -> None:
        """Reap all that has ended. Many exits may share one signal, so it goes on until there is none.

        A defect in what follows from one exit must not leave the others as zombies: it is told to the
        loop's exception handler, and the next exit is told of.
        """
        for _ in range(EXITS_A_TURN):
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            try:
                self._on_exit(pid, status)
            except Exception as error:
                context = {"message": f"in what follows from the exit of pid {pid}", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
        asyncio.get_running_loop().call_soon(self.reap)
