"""Are people told of troubles? As long as there is an `[alert:x]`; nothing of it is loaded in a daemon without."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vigild.config.model import Config
from vigild.engine.adoption import Adoption
from vigild.engine.engine import Engine
from vigild.engine.records import EDGE, TROUBLE
from vigild.host.process_table import ProcTable

if TYPE_CHECKING:
    from vigild.daemon.alerting import Alerting

Entries = Mapping[str, Mapping[str, bytes]]


class AlertSwitch:
    """Of one life of the daemon. `entries`: the journal of the daemon before this one."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        table: ProcTable,
        entries: Entries,
        config: Config,
    ) -> None:
        self.alerting: Alerting | None = None
        self._loop = loop
        self._engine = engine
        self._table = table
        self._entries = entries
        self._has_begun = False
        self._going: dict[Alerting, asyncio.Task[None]] = {}
        self.configure(config)

    def configure(self, config: Config) -> None:
        """The configuration was read, perhaps anew."""
        entries, self._entries = self._entries, {}
        if not config.alerts:
            for kind in (EDGE, TROUBLE):
                for key in list(entries.get(kind, {})):
                    self._engine.ports.journal.drop(kind, key)
            self._switch_off()
        elif self.alerting is not None:
            self.alerting.configure(config)
        else:
            from vigild.daemon.alerting import Alerting

            self.alerting = Alerting(self._loop, config, self._engine, self._table, entries)
            if self._has_begun:
                self.alerting.begin()

    def begin(self, adoption: Adoption, *, was_killed: bool) -> None:
        """The programs have been started or adopted, and clients are served."""
        self._has_begun = True
        if self.alerting is not None:
            if was_killed:
                self.alerting.was_killed(adoption)
            self.alerting.begin()

    def claim(self, pid: int, wait_status: int) -> bool:
        """A child was reaped: True if it was a deliverer of ours."""
        if self.alerting is not None and self.alerting.claim(pid, wait_status):
            return True
        return any(going.claim(pid, wait_status) for going in self._going)

    def upgrade_failed(self, reason: str) -> None:
        """This image goes on, because the next could not begin."""
        if self.alerting is not None:
            self.alerting.upgrade_failed(reason)

    def store_changed(self, store: str, trouble: str) -> None:
        """`journal` or `history` cannot be written (why), or can be again ("")."""
        if self.alerting is not None:
            self.alerting.store_changed(store, trouble)

    def forward_changed(self, forward: str, trouble: str) -> None:
        """It cannot be delivered, or loses output (why), or does so no more ("")."""
        if self.alerting is not None:
            self.alerting.forward_changed(forward, trouble)

    async def close(self) -> None:
        """The daemon ends."""
        self._switch_off()
        await asyncio.gather(*self._going.values())

    def _switch_off(self) -> None:
        going, self.alerting = self.alerting, None
        if going is not None:
            going.leave()
            self._going[going] = task = self._loop.create_task(going.close())
            task.add_done_callback(lambda _: self._going.pop(going, None))
