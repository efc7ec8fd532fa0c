"""All monitors of one daemon, and the process that looks at what they name.

The monitor process (`vigild.checks`) runs as long as there is a monitor, and not else. It is told what to look at and
tells what it sees; `Monitored` judges. When it dies, what was known is unknown until it has looked again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vigild.core.errors import Fault, VigilError
from vigild.core.states import SupervisorState
from vigild.engine.monitor_actions import MonitorActions
from vigild.engine.monitor_holds import why_held
from vigild.engine.monitored import MONITOR, Monitored

if TYPE_CHECKING:
    from vigild.config.model import MonitorConfig
    from vigild.engine.engine import Engine
    from vigild.engine.ports import PauseStore, Worker


class Monitors:
    """`entries`: what the journal knew of them. `make_worker` makes the monitor process, without starting it.

    Pauses are in the journal, too, which knows better after a crash; `pauses` outlast the end of the daemon.
    """

    def __init__(
        self,
        engine: "Engine",
        make_worker: "Callable[[], Worker]",
        entries: Mapping[str, bytes],
        pauses: "PauseStore",
    ) -> None:
        self._engine = engine
        self._make_worker = make_worker
        self._entries = dict(entries)
        self._pauses = pauses
        self._paused = dict(pauses.load())  # as it was saved last
        self._worker: Worker | None = None
        self._actions = MonitorActions(engine)
        self._monitors: dict[str, Monitored] = {}
        self.misread = 0  # messages of the monitor process that mean nothing here

    def follow(self, configs: "Sequence[MonitorConfig]") -> None:
        """Look at these and no others; the first call begins. What goes on as it was keeps what is known of it."""
        wanted = {config.name: config for config in configs}
        for name, monitor in list(self._monitors.items()):
            if name not in wanted or not _is_same(monitor.config, wanted[name]):
                monitor.over("it is not configured any more")
                self._engine.ports.journal.drop(MONITOR, name)
                del self._monitors[name]
        for name, config in wanted.items():
            if name in self._monitors:
                self._monitors[name].follow(config)
            else:
                self._monitors[name] = self._made(config)
        # In the order of the file, as people see them.
        self._monitors = {name: self._monitors[name] for name in wanted}
        for name in self._entries:
            self._engine.ports.journal.drop(MONITOR, name)  # of monitors that are no more
        self._entries = {}
        self._keep_pauses()
        self._tell_worker()

    def _keep_pauses(self) -> None:
        paused = {
            monitor.name: monitor.is_enabled
            for monitor in self._monitors.values()
            if monitor.is_enabled is not monitor.config.enabled
        }
        if paused != self._paused:
            self._paused = paused
            self._pauses.save(paused)

    def _made(self, config: "MonitorConfig") -> Monitored:
        monitor = Monitored(config, self._engine.ports, self._engine.bus, self._actions.do)
        known = self._entries.pop(config.name, None)
        if known is not None:
            monitor.restore(known)
        elif config.name in self._paused:
            monitor.is_enabled = self._paused[config.name]
        monitor.on_change = self._changed
        monitor.held_by = lambda: why_held(self._engine, self._monitors, monitor)
        return monitor

    def _changed(self, monitor: Monitored) -> None:
        self._engine.settings.stir(MONITOR)

    @property
    def all(self) -> list[Monitored]:
        """Every monitor, in the order of the file."""
        return list(self._monitors.values())

    def find(self, name: str) -> Monitored:
        """The one of that name. BAD_NAME."""
        monitor = self._monitors.get(name)
        if monitor is None:
            raise VigilError(Fault.BAD_NAME, name)
        return monitor

    @property
    def trouble(self) -> str:
        """Why nothing can be seen at all, "" while the monitor process runs."""
        if self._worker is None or self._worker.is_running:
            return ""
        return f"the monitor process does not run: {self._worker.error or 'it is being started'}"

    def look_now(self, name: str) -> None:
        """Look at this one at once. BAD_NAME; FAILED while it is paused or nobody can look."""
        if not self.find(name).is_enabled:
            raise VigilError(Fault.FAILED, f"{name} is paused")
        if self._worker is None or not self._worker.send({"type": "look", "monitor": name}):
            raise VigilError(Fault.FAILED, self.trouble or "the monitor process takes nothing in")

    def set_enabled(self, name: str, is_enabled: bool) -> None:
        """Look at this one, or do not until somebody says so. BAD_NAME."""
        self.find(name).set_enabled(is_enabled)
        self._keep_pauses()
        self._tell_worker()

    async def close(self) -> None:
        """Nothing is looked at any more."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.close()
        self._pauses.close()

    # The monitor process.

    def _tell_worker(self) -> None:
        if self._worker is None:
            if not self._monitors:
                return
            self._worker = worker = self._make_worker()
            worker.on_started = self._started
            worker.on_message = self._heard
            worker.start()
            return
        self._send_orders()

    def _started(self) -> None:
        worker = self._worker
        if worker is not None and worker.failures:
            for monitor in filter(lambda one: one.is_enabled, self._monitors.values()):
                monitor.lost(f"the monitor process was started again ({worker.error})")
        self._send_orders()

    def _send_orders(self) -> None:
        self._engine.settings.stir(MONITOR)
        if self._worker is not None:
            orders = [monitor.order() for monitor in self._monitors.values() if monitor.is_enabled]
            is_sent = self._worker.send({"type": "config", "monitors": orders})
            if not is_sent and self._worker.is_running:
                self._engine.ports.log.error("the monitor process could not be told what to look at")

    def _heard(self, message: dict[str, object]) -> None:
        if self._engine.mood is not SupervisorState.RUNNING:
            return  # what ends with this daemon is no trouble, and nothing is to be started for it
        monitor = self._monitors.get(str(message.get("monitor")))
        if message.get("type") == "reading" and monitor is not None:
            monitor.heard(message)
            self._engine.settings.stir(MONITOR)
        elif message.get("type") != "reading":
            self.misread += 1


def _is_same(old: "MonitorConfig", new: "MonitorConfig") -> bool:
    """Do both look at the same thing in the same way? They may judge it differently."""
    judged = {
        "rules": (),
        "enabled": True,
        "program": "",
        "depends_on": (),
        "active_times": "",
        "paused_times": "",
    }
    return replace(old, **judged) == replace(new, **judged)  # type: ignore[arg-type]
