"""Alerts in one life of the daemon: there from the first `[alert:x]` on, gone with the last.

Engine and journal know of troubles from the start of the programs on (`engine/alarms.py`, `engine/telling.py`). The
deliverer, a process of its own, is started when the programs have been, and is told what has come up meanwhile.
"""

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from functools import partial

from vigild.config.model import AlertConfig, Config
from vigild.core.adoption import Fate
from vigild.core.edges import EdgeKind, Severity
from vigild.daemon.structs import struct_of
from vigild.engine.adoption import Adoption
from vigild.engine.alarms import Alarms
from vigild.engine.engine import Engine
from vigild.engine.ports import NO_ALERTS
from vigild.engine.records import EDGE, TROUBLE
from vigild.engine.telling import Telling
from vigild.engine.troubles import DAEMON
from vigild.host.process_table import ProcTable
from vigild.host.state_file import default_state_dir, state_key
from vigild.host.worker_process import WorkerProcess, module_argv

DELIVERER = "vigild.alerts"
# For the deliverer to end by itself, which takes it 2 s at most. One that is killed may have to send something twice.
EOF_SECONDS = 5.0
SETTLE_SECONDS = 3.0  # for the deliverer to keep what it was told last, when the daemon ends

_FORWARD = "forward:"  # what the troubles of forwards begin with

Entries = Mapping[str, Mapping[str, bytes]]


class Alerting:
    """From the first alert on. Made before the programs are adopted: what became of them is told, too."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        config: Config,
        engine: Engine,
        table: ProcTable,
        entries: Entries,
        argv: Sequence[str] | None = None,
    ) -> None:
        ports = engine.ports
        self.telling = Telling(ports, entries.get(EDGE, {}))
        self._ports = ports
        self._engine = engine
        self._identifier = config.daemon.identifier
        self._alerts: Sequence[AlertConfig] = ()
        self._alarms = Alarms(ports, entries.get(TROUBLE, {}))
        self._worker = WorkerProcess(
            loop,
            argv or module_argv(DELIVERER),
            what="the alert deliverer",
            log=ports.log,
            pids=table.workers,
            eof_seconds=EOF_SECONDS,
        )
        self.telling.attend(self._worker)
        self.telling.on_change = partial(engine.settings.stir, "alert")
        ports.alerts, engine.settings.alarms = self.telling, self._alarms
        self.configure(config)

    @property
    def names(self) -> Sequence[str]:
        """Of the alerts, in the order of the configuration."""
        return [alert.name for alert in self._alerts]

    def configure(self, config: Config) -> None:
        """The configuration was read, perhaps anew."""
        self._alerts = config.alerts
        self._forget_forwards({forward.name for forward in config.forwards})
        daemon = config.daemon
        directory = daemon.state_dir or default_state_dir(os.environ, os.geteuid())
        about = {
            "identifier": daemon.identifier,
            "host": socket.gethostname(),
            "outbox": os.path.join(directory, f"alerts-{state_key(config.path, daemon.identifier)}.db"),
        }
        self.telling.configure(about, [struct_of(alert) for alert in config.alerts])

    def begin(self) -> None:
        """The programs have been started or adopted: now there is time for the deliverer."""
        engine = self._engine
        pools = [name for name, group in engine.groups.items() if group.pool is not None]
        self._alarms.adopted(engine.all_processes(), pools)
        self._worker.start()

    def claim(self, pid: int, wait_status: int) -> bool:
        """A child was reaped: True if it was the deliverer."""
        is_ours = self._worker.claim(pid, wait_status)
        if is_ours:
            self.telling.on_change()  # nothing is delivered, for now
        return is_ours

    def leave(self) -> None:
        """The daemon ends, or there are no alerts any more: nothing more is told. Before `close`."""
        self._alarms.close()
        self._ports.alerts, self._engine.settings.alarms = NO_ALERTS, None

    async def close(self) -> None:
        """Let the deliverer take what it was told last, and end it."""
        left = await self.telling.settle(SETTLE_SECONDS)
        if left:
            self._ports.log.error(
                f"{left} troubles and ends of them could not be handed to the alert deliverer"
            )
        self.telling.forget()
        await self._worker.close()

    # The daemon's own troubles.

    def was_killed(self, adoption: Adoption) -> None:
        """The daemon before this one did not end in good order."""
        adopted = adoption.count(Fate.ADOPT, Fate.ADOPT_SPAWNED)
        ended = adoption.count(Fate.MOURN)
        programs = "1 program" if adopted == 1 else f"{adopted} programs"
        text = f"the daemon was killed, or crashed, and is back: {programs} ran on, {ended} ended meanwhile"
        self._happened("killed", text, {"adopted": adopted, "ended": ended})

    def upgrade_failed(self, reason: str) -> None:
        """This image goes on, because the next could not begin."""
        self._happened("upgrade", f"the daemon was not upgraded, and goes on as before: {reason}", {})

    def store_changed(self, trouble: str, reason: str) -> None:
        """`journal` or `history` cannot be written (why), or can be again ("")."""
        if reason:
            text = f"the {trouble} cannot be written: {reason}"
            self._begin(trouble, Severity.CRITICAL if trouble == "journal" else Severity.WARNING, text, {})
        else:
            text = f"the {trouble} can be written again"
            self._alarms.troubles.end(DAEMON, self._identifier, (trouble,), text)

    def forward_changed(self, forward: str, reason: str) -> None:
        """It cannot be delivered, or loses output (why), or does so no more ("")."""
        if reason:
            self._begin(_FORWARD + forward, Severity.WARNING, reason, {"forward": forward})
        else:
            text = f"forward {forward} is well again"
            self._alarms.troubles.end(DAEMON, self._identifier, (_FORWARD + forward,), text)

    def _forget_forwards(self, known: set[str]) -> None:
        """Of forwards that are not in the configuration any more."""
        open_ones = self._alarms.troubles.of(DAEMON, self._identifier)
        gone = [
            name
            for name in open_ones
            if name.startswith(_FORWARD) and name.removeprefix(_FORWARD) not in known
        ]
        self._alarms.troubles.end(DAEMON, self._identifier, gone, "", quiet=True)

    def _happened(self, trouble: str, text: str, details: dict[str, object]) -> None:
        """A trouble that is over when it is told."""
        self._begin(trouble, Severity.WARNING, text, details)
        self._alarms.troubles.end(DAEMON, self._identifier, (trouble,), "", quiet=True)

    def _begin(self, trouble: str, severity: Severity, text: str, details: dict[str, object]) -> None:
        self._alarms.troubles.begin(
            EdgeKind.DAEMON, severity, DAEMON, self._identifier, trouble, text, details
        )
