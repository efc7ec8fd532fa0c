"""Reaping: every child that has ended is told of in the wake-up that SIGCHLD causes, or, in a crowd, soon after."""

import asyncio
import os
from collections.abc import Callable

# Programs that end as soon as they are started, or a thousand at once, must not keep the loop from everything else. The
# answer to a client takes a few turns of the loop, so it waits for a few of these.
TURN_SECONDS = 0.004


class Reaper:
    """Calls `on_exit(pid, raw wait status)` for each child of this process that ends, ours or adopted.

    `reap` is to be called whenever SIGCHLD came (`host/signals.py`).
    """

    def __init__(self, on_exit: Callable[[int, int], None]) -> None:
        self._on_exit = on_exit
        self._goes_on = False  # in the next turn; signals that come meanwhile must not begin a second row

    def reap(self) -> None:
        """Reap all that has ended. Many exits may share one signal, so it goes on until there is none."""
        if not self._goes_on:
            self._reap_some()

    def _go_on(self) -> None:
        self._goes_on = False
        self._reap_some()

    def _reap_some(self) -> None:
        """For the time of one turn.

        A defect in what follows from one exit must not leave the others as zombies: it is told to the
        loop's exception handler, and the next exit is told of.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + TURN_SECONDS
        while True:
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
                loop.call_exception_handler(context)
            if loop.time() >= until:
                self._goes_on = True
                loop.call_soon(self._go_on)
                return
