"""Operations on the daemon itself and on its configuration, and the facade that holds all nouns together."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from vigild.config.model import GroupConfig
from vigild.control.facade import ConfigInfo, Facts
from vigild.control.history import History, HistoryKeeper
from vigild.control.info import config_info
from vigild.control.logs import Logs, read_part
from vigild.control.processes import Processes
from vigild.core.access import Role, current_caller
from vigild.core.errors import Fault, VigilError
from vigild.core.states import SupervisorState
from vigild.engine.engine import Engine

if TYPE_CHECKING:
    from vigild.config.load import Loaded
    from vigild.config.model import Config
    from vigild.control.access import Access, TokenStore
    from vigild.control.alerts import AlertDesk, Alerts
    from vigild.control.forwards import ForwardDesk, Forwards
    from vigild.control.graph import Graph
    from vigild.control.inspection import Inspection
    from vigild.control.live import Live
    from vigild.control.monitors import Monitors
    from vigild.control.operations import Operations
    from vigild.control.samples import Samples
    from vigild.control.view import Views
    from vigild.engine.monitors import Monitors as EngineMonitors


_IN_FORCE_AT_REREAD = ("alerts", "users", "monitors", "forwards")


class MainLogFile(Protocol):
    """The part of the daemon's log that control needs."""

    def file_path(self) -> str | None:
        """Where it is written, if that is a file."""

    def clear(self) -> None:
        """Empty it. Raises OSError."""


class Lifecycle(Protocol):
    """How the daemon is ended; `daemon/` provides it."""

    def shutdown(self) -> None: ...
    def restart(self) -> None:
        """Raises VigilError when the new configuration would not come up."""

    async def upgrade(self) -> None:
        """Raises VigilError when the new code would not come up, or another upgrade is under way."""

    def facts(self) -> Facts: ...
    def vitals(self) -> Facts: ...


class Daemon:
    """See `control.facade.DaemonControl`."""

    def __init__(self, engine: Engine, main_log: MainLogFile, lifecycle: Lifecycle) -> None:
        self._engine = engine
        self._main_log = main_log
        self._lifecycle = lifecycle

    def identification(self) -> str:
        """The `identifier` of `[supervisord]`."""
        return self._engine.settings.identifier

    def state(self) -> tuple[int, str]:
        """Code and name."""
        return int(self._engine.mood), self._engine.mood.name

    def pid(self) -> int:
        """Of the daemon."""
        return os.getpid()

    def log_path(self) -> str | None:
        """The main log, if it is a file that exists."""
        path = self._main_log.file_path()
        return path if path is not None and os.path.exists(path) else None

    def read_log(self, offset: int, length: int) -> bytes:
        """Part of the main log. NO_FILE, BAD_ARGUMENTS, FAILED."""
        return read_part(self._main_log.file_path(), offset, length)

    def clear_log(self) -> None:
        """Empty the main log. NO_FILE, FAILED."""
        if self.log_path() is None:
            raise VigilError(Fault.NO_FILE)
        try:
            self._main_log.clear()
        except OSError:
            raise VigilError(Fault.FAILED) from None

    def shutdown(self) -> None:
        """Stop everything and end."""
        self._lifecycle.shutdown()

    def restart(self) -> None:
        """Stop everything, read the configuration anew and start again. CANT_REREAD."""
        self._lifecycle.restart()

    async def upgrade(self) -> None:
        """Execute the daemon anew, once its code has been found fit. FAILED."""
        await self._lifecycle.upgrade()

    def facts(self) -> Facts:
        """What the daemon knows of itself, past Supervisor's questions."""
        return self._lifecycle.facts()

    def vitals(self) -> Facts:
        """What the daemon counts of itself."""
        return self._lifecycle.vitals()

    def require_running(self) -> None:
        """SHUTDOWN_STATE while the daemon is ending or restarting."""
        if self._engine.mood < SupervisorState.RUNNING:
            raise VigilError(Fault.SHUTDOWN_STATE)


class Configuration:
    """See `control.facade.ConfigControl`. `read` loads the files; it raises VigilError(CANT_REREAD)."""

    def __init__(
        self,
        engine: Engine,
        groups: Sequence[GroupConfig],
        read: Callable[[], Sequence[GroupConfig]],
        diff: Callable[
            [Sequence[GroupConfig], Sequence[GroupConfig]], tuple[list[str], list[str], list[str]]
        ],
    ) -> None:
        self._engine = engine
        self._known = list(groups)
        self._read = read
        self._diff = diff

    def reload(self) -> tuple[list[str], list[str], list[str]]:
        """Names of groups (added, changed, removed) since what runs was read. CANT_REREAD."""
        self._known = list(self._read())
        changes = self._diff([group.config for group in self._engine.groups.values()], self._known)
        if self._engine.settings.observer is not None:
            self._engine.settings.observer.reread(*changes)
        return changes

    def add_group(self, name: str) -> None:
        """Take in a group of the configuration as last read. BAD_NAME, ALREADY_ADDED."""
        for group in self._known:
            if group.name == name:
                if not self._engine.add_group(group):
                    raise VigilError(Fault.ALREADY_ADDED, name)
                return
        raise VigilError(Fault.BAD_NAME, name)

    def remove_group(self, name: str) -> None:
        """Let go of a group that has stopped. BAD_NAME, STILL_RUNNING."""
        if name not in self._engine.groups:
            raise VigilError(Fault.BAD_NAME, name)
        if not self._engine.remove_group(name):
            raise VigilError(Fault.STILL_RUNNING, name)

    def all_config_info(self) -> list[ConfigInfo]:
        """Every process of the configuration as last read, by name. What is most likely secret is for admins."""
        infos = []
        for group in self._known:
            running = self._engine.groups.get(group.name)
            same = running is not None and running.config is group
            for process in group.processes:
                actual = running.processes.get(process.name) if running is not None and same else None
                infos.append(config_info(process, group, actual, in_use=running is not None))
        if not current_caller.get().may(Role.ADMIN):
            from vigild.config.shown import hide_in_command  # late: Supervisor's clients are admins

            for info in infos:
                info.update({key: hide_in_command(str(info[key])) for key in ("command", "serverurl")})
        return sorted(infos, key=lambda info: str(info["name"]))


class VigilControl:
    """Everything a door may ask, by noun."""

    def __init__(
        self,
        engine: Engine,
        daemon: Daemon,
        configuration: Configuration,
        keeper: HistoryKeeper | None = None,
        files: "tuple[Config, Callable[[], Loaded]] | None" = None,
    ) -> None:
        self._engine = engine
        self._files = files  # the configuration in force, but for groups, and how to read its files anew
        self.daemon = daemon
        self.config = configuration
        self.processes = Processes(engine)
        self.logs = Logs(engine)
        self.history = History(engine, keeper)
        self._keeper = keeper
        self.alert_desk: Callable[[], AlertDesk | None] = lambda: None
        self.open_tokens: Callable[[], TokenStore] | None = None
        self.find_monitors: Callable[[], EngineMonitors | None] = lambda: None
        self.forward_desk: Callable[[], ForwardDesk | None] = lambda: None

    @cached_property
    def alerts(self) -> "Alerts":
        """Who is told of troubles."""
        from vigild.control.alerts import Alerts

        return Alerts(self.alert_desk)

    @cached_property
    def samples(self) -> "Samples":
        """What programs use."""
        from vigild.control.samples import Samples

        return Samples(self._engine, self._keeper)

    @cached_property
    def monitors(self) -> "Monitors":
        """What is looked at beyond programs."""
        from vigild.control.monitors import Monitors

        return Monitors(self.find_monitors)

    @cached_property
    def forwards(self) -> "Forwards":
        """Where output is forwarded to."""
        from vigild.control.forwards import Forwards

        return Forwards(self.forward_desk)

    # What only the JSON API, metrics and the console need is loaded when one of them is first asked.

    @cached_property
    def views(self) -> "Views":
        """Processes and groups as plain values, everything that is known of them."""
        from vigild.control.view import Views

        return Views(self._engine)

    @cached_property
    def graph(self) -> "Graph":
        """Dependencies."""
        from vigild.control.graph import Graph

        return Graph(self._engine)

    @cached_property
    def operations(self) -> "Operations":
        """Orders that take their time."""
        from vigild.control.operations import Operations

        return Operations(self._engine, self.processes, self.logs.clear, self.history.note_order)

    @cached_property
    def live(self) -> "Live":
        """What happens, as it happens."""
        from vigild.control.live import Live

        tellers = {
            "alert": lambda: self.alerts.list(),  # noqa: PLW0108 - loaded when first told of
            "monitor": lambda: self.monitors.views(),  # noqa: PLW0108
            "forward": lambda: [info.facts() for info in self.forwards.status()],
        }
        return Live(self._engine, self.operations, tellers)

    @cached_property
    def inspection(self) -> "Inspection":
        """The configuration for people. FAILED where this daemon was made without one."""
        from vigild.control.inspection import Inspection

        if self._files is None:
            raise VigilError(Fault.FAILED, "the configuration is not known here")
        return Inspection(self._engine, self._in_force, self._files[1], self)

    def follow(self, config: "Config") -> None:
        """The files were read anew: what runs no program is in force at once."""
        if self._files is not None:
            old, load = self._files
            taken = {name: getattr(config, name) for name in _IN_FORCE_AT_REREAD}
            self._files = (replace(old, **taken), load)

    def _in_force(self) -> "Config":
        assert self._files is not None
        return self._files[0]

    @cached_property
    def access(self) -> "Access":
        """Who may come in. FAILED where this daemon was made without a place for tokens."""
        from vigild.control.access import Access

        if self.open_tokens is None:
            raise VigilError(Fault.FAILED, "this daemon keeps no tokens")
        ports = self._engine.ports
        return Access(self.open_tokens(), ports.clock, ports.log)
