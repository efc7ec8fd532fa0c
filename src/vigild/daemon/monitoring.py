"""Monitors in one life of the daemon: made when a configuration first has any, and given what is read anew."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigild.config.model import Config, MonitorConfig
    from vigild.engine.engine import Engine
    from vigild.engine.monitors import Monitors
    from vigild.engine.ports import PauseStore, Worker
    from vigild.host.worker_process import WorkerProcess

JOURNAL_KIND = "monitor"


class Monitoring:
    """`entries`: the journal of the daemon before this one, by kind; `pids` are told those of workers."""

    def __init__(
        self,
        engine: "Engine",
        loop: asyncio.AbstractEventLoop,
        pids: set[int],
        entries: Mapping[str, Mapping[str, bytes]],
        config: "Config",
    ) -> None:
        self._engine = engine
        self._loop = loop
        self._pids = pids
        self._entries = entries.get(JOURNAL_KIND, {})
        self._config = config
        self._worker: WorkerProcess | None = None
        self.monitors: Monitors | None = None

    def follow(self, configs: "Sequence[MonitorConfig]") -> None:
        """From now on these are looked at."""
        if self.monitors is None:
            if not configs and not self._entries:
                return
            from vigild.engine.monitors import Monitors  # late: few daemons monitor anything

            self.monitors = Monitors(self._engine, self._make_worker, self._entries, self._open_pauses())
        self.monitors.follow(configs)

    def claim(self, pid: int, wait_status: int) -> bool:
        """A child was reaped: True if it was the monitor process."""
        if self._worker is None or not self._worker.claim(pid, wait_status):
            return False
        self._engine.settings.stir(JOURNAL_KIND)  # nobody looks, for now
        return True

    async def close(self) -> None:
        """Nothing is looked at any more."""
        if self.monitors is not None:
            await self.monitors.close()

    def _make_worker(self) -> "Worker":
        from vigild.host.worker_process import WorkerProcess, module_argv

        argv = module_argv("vigild.checks")
        self._worker = WorkerProcess(
            self._loop, argv, what="the monitor process", log=self._engine.ports.log, pids=self._pids
        )
        return self._worker

    def _open_pauses(self) -> "PauseStore":
        from vigild.host.pause_file import PauseFile
        from vigild.host.state_file import default_state_dir

        config = self._config
        directory = config.daemon.state_dir or default_state_dir(os.environ, os.geteuid())
        return PauseFile(directory, config.path, config.daemon.identifier, self._engine.ports.log)
