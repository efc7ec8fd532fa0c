"""Is output forwarded? As long as there is a `[forward:x]`; nothing of it is loaded in a daemon without."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from vigild.config.model import Config
from vigild.core.states import SupervisorState
from vigild.engine.engine import Engine
from vigild.host.process_table import ProcTable
from vigild.host.state_file import default_state_dir, forward_spool_base

if TYPE_CHECKING:
    from vigild.engine.forwards import Forwards
    from vigild.host.worker_process import WorkerProcess

FORWARDER = "vigild.forwards"
PIPE_BYTES = 1 << 20  # what the forwarder's stdin holds: so much it may be late without a queue in the daemon
DELIVER_SECONDS = 5.0  # for the forwarder to take what was said last, and to deliver what it has
SLACK_SECONDS = 1.0  # for it to say what was lost, and to end
FLUSH_SECONDS = 1.0  # for it to take what waits, before an upgrade; everything waits for that


class Forwarding:
    """Of one life of the daemon. `on_trouble` is told of a forward that is one, and why; or "" when it is none any more."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        table: ProcTable,
        on_trouble: Callable[[str, str], None],
        config: Config,
    ) -> None:
        self.forwards: Forwards | None = None
        self._loop = loop
        self._engine = engine
        self._table = table
        self._on_trouble = on_trouble
        self._has_begun = False
        self._worker: WorkerProcess | None = None
        self._going: dict[WorkerProcess, Forwards] = {}
        self._ends: set[asyncio.Task[None]] = set()
        self.follow(config)

    def follow(self, config: Config) -> None:
        """The configuration was read, perhaps anew."""
        if not config.forwards:
            if self._worker is not None:
                self._worker.send({"type": "forget"})
            self._switch_off()
            return
        if self.forwards is None:
            from vigild.engine.forwards import Forwards

            self.forwards = Forwards(self._engine.ports, self._engine.all_processes, self._on_trouble)
            self._engine.settings.forwards = self.forwards
            self.forwards.on_change = partial(self._engine.settings.stir, "forward")
        import socket

        from vigild.daemon.structs import struct_of

        identifier = config.daemon.identifier
        directory = config.daemon.state_dir or default_state_dir(os.environ, os.geteuid())
        daemon = {
            "identifier": identifier,
            "host": socket.gethostname(),
            "spool": forward_spool_base(directory, config.path, identifier),
        }
        self.forwards.configure(daemon, config.forwards, [struct_of(each) for each in config.forwards])
        if self._has_begun and self._worker is None:
            self._start(self.forwards)

    def begin(self) -> None:
        """The programs have been started or adopted: now there is time for the forwarder."""
        self._has_begun = True
        if self.forwards is not None:
            self._start(self.forwards)

    def claim(self, pid: int, wait_status: int) -> bool:
        """A child was reaped: True if it was a forwarder of ours."""
        if self._worker is not None and self.forwards is not None and self._worker.claim(pid, wait_status):
            self.forwards.ended()
            return True
        for worker, forwards in self._going.items():
            if worker.claim(pid, wait_status):
                forwards.ended()
                return True
        return False

    def flush(self) -> None:
        """This daemon is about to execute itself anew, and has stopped reading."""
        if self.forwards is not None:
            self.forwards.flush(FLUSH_SECONDS)

    async def close(self) -> None:
        """This life ends, and all programs have. If another follows, the forwarder delivers meanwhile, on its own."""
        self._switch_off()
        await asyncio.gather(*self._ends)

    def _start(self, forwards: "Forwards") -> None:
        from vigild.host.worker_process import WorkerProcess, module_argv

        self._worker = WorkerProcess(
            self._loop,
            module_argv(FORWARDER),
            what="the forwarder",
            log=self._engine.ports.log,
            pids=self._table.workers,
            pipe_bytes=PIPE_BYTES,
            eof_seconds=DELIVER_SECONDS + SLACK_SECONDS,
        )
        forwards.attend(self._worker)
        self._worker.start()

    def _switch_off(self) -> None:
        forwards, self.forwards = self.forwards, None
        worker, self._worker = self._worker, None
        if forwards is None:
            return
        self._engine.settings.forwards = None
        forwards.leave()
        if worker is None:  # it had not begun
            return
        self._going[worker] = forwards
        task = self._loop.create_task(self._end(forwards, worker))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _end(self, forwards: "Forwards", worker: "WorkerProcess") -> None:
        """Let it take what was said last, and deliver that, in as much time as there is for both."""
        began = self._loop.time()
        left = await forwards.settle(DELIVER_SECONDS)
        if left:
            self._engine.ports.log.error(f"{left} bytes of output could not be handed to the forwarder")
        if self._engine.mood is SupervisorState.RESTARTING:
            worker.leave()
        else:
            left_seconds = began + DELIVER_SECONDS - self._loop.time()
            worker.eof_seconds = max(0.0, left_seconds) + SLACK_SECONDS
            await worker.close()
        del self._going[worker]
