"""What the daemon does when it is sent a signal."""

import os
import signal
from collections.abc import Callable
from functools import partial

from vigild.core.errors import VigilError
from vigild.core.states import SupervisorState
from vigild.daemon.annals import Annals
from vigild.engine.engine import Engine
from vigild.host.logfiles import ChildLogs
from vigild.host.mainlog import MainLog
from vigild.host.reaper import Reaper
from vigild.host.signals import SignalPipe

FORWARDED_BY_INIT = ("SIGUSR1", "SIGWINCH", "SIGALRM", "SIGVTALRM", "SIGPWR", "SIGCONT")


class SignalOrders:
    """The signals of one life. `stop` and `restart` are that life's; `restart` may refuse (VigilError)."""

    def __init__(
        self,
        engine: Engine,
        log: MainLog,
        annals: Annals,
        child_logs: ChildLogs,
        *,
        stop: Callable[[SupervisorState], None],
        restart: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._log = log
        self._annals = annals
        self._child_logs = child_logs
        self._stop = stop
        self._restart = restart

    def hear(self, pipe: SignalPipe, reaper: Reaper) -> None:
        """From now on."""
        pipe.on(signal.SIGCHLD, reaper.reap)
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            pipe.on(signum, partial(self._on_end, signum))
        pipe.on(signal.SIGHUP, self._on_hangup)
        pipe.on(signal.SIGUSR2, self._on_reopen)
        if os.getpid() == 1:  # the init of a container: what means nothing to us is for its program
            for name in FORWARDED_BY_INIT:
                signum = getattr(signal, name)
                pipe.on(signum, partial(self._engine.signal_essential, int(signum)))
        pipe.resume()

    def _on_end(self, signum: signal.Signals) -> None:
        self._log.warn(f"received {signum.name} indicating exit request")
        self._annals.note("signal", f"received {signum.name}")
        self._stop(SupervisorState.SHUTDOWN)

    def _on_hangup(self) -> None:
        if self._engine.mood is SupervisorState.SHUTDOWN:
            self._log.warn("ignored SIGHUP indicating restart request (shutdown in progress)")
            return
        self._log.warn("received SIGHUP indicating restart request")
        self._annals.note("signal", "received SIGHUP")
        try:
            self._restart()
        except VigilError as error:
            self._log.critical(f"going on as before, because a restart would fail: {error}")

    def _on_reopen(self) -> None:
        self._log.info("received SIGUSR2 indicating log reopen request")
        self._log.reopen()
        self._child_logs.reopen_all()
