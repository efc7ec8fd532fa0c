"""One life of the daemon, composed: the only file that names every floor.

A life begins with the programs and ends with the last of them. At a restart the next life begins in
the same process, from a configuration read anew.
"""

import asyncio
import errno
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import vigild
from vigild.config.diff import diff_groups
from vigild.config.load import Loaded
from vigild.config.model import Config, GroupConfig, ServerConfig
from vigild.control.daemon import Configuration, Daemon, VigilControl
from vigild.core.adoption import Fate
from vigild.core.errors import Fault, VigilError
from vigild.core.states import SupervisorState
from vigild.daemon.alert_switch import AlertSwitch
from vigild.daemon.annals import Annals
from vigild.daemon.arguments import UsageError
from vigild.daemon.doors import address_of, hand_over_doors
from vigild.daemon.forwarding import Forwarding
from vigild.daemon.holdings import Holdings
from vigild.daemon.inheritance import find_inheritance
from vigild.daemon.monitoring import Monitoring
from vigild.daemon.sampling import begin_sampling, open_sampler
from vigild.daemon.signal_orders import SignalOrders
from vigild.engine.adoption import adopt, forget_strangers, plan_adoption
from vigild.engine.engine import Engine
from vigild.engine.listeners import ResultHandler, default_result_handler
from vigild.engine.ports import Ports
from vigild.engine.settings import Settings
from vigild.host.children import Children
from vigild.host.clock import LoopClock
from vigild.host.logfiles import ChildLogs
from vigild.host.mainlog import MainLog
from vigild.host.prober import Prober
from vigild.host.process_table import ProcTable
from vigild.host.reaper import Reaper
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir
from vigild.host.service_manager import without_own_variables
from vigild.host.signals import unblock
from vigild.host.sockets import Listener, SharedSockets
from vigild.host.state_file import StopFile, default_state_dir, state_key

if TYPE_CHECKING:
    from vigild.daemon.status_line import StatusLine
    from vigild.daemon.upgrade import Upgrade
    from vigild.fronts.serving.server import Server
    from vigild.host.handover import Handover, Package
    from vigild.host.schedule_file import ScheduleFile
    from vigild.host.token_file import TokenFile

DEFAULT_RESULT_HANDLER = "supervisor.dispatchers:default_handler"
SERVE_WITHIN_SECONDS = 0.1  # clients are served after this, even while programs are still being started
READY_CHECK_SECONDS = 0.005  # how soon a service manager hears that the last program was started
TELL_SECONDS = 0.5  # for a service manager to take what it is told before an upgrade
STOP_SLACK_SECONDS = 10  # for what follows the end of the last program
TIDY_AFTER_SECONDS = 5.0  # once, when all is quiet
DRAIN_SECONDS = 2.0  # for answers that are on their way when the daemon ends


class MainLogDoor:
    """The main log as control sees it."""

    def __init__(self, log: MainLog) -> None:
        self._log = log

    def file_path(self) -> str | None:
        """Where it is written, if that is a file."""
        return self._log.path

    def clear(self) -> None:
        """Empty it. Raises OSError."""
        self._log.clear()


def load_result_handler(spec: str) -> ResultHandler:
    """The function behind `module:name`. Raises ImportError or AttributeError; loading checked both before."""
    if spec == DEFAULT_RESULT_HANDLER:
        return default_result_handler
    from importlib import import_module

    module_name, _, attribute = spec.partition(":")
    handler: object = import_module(module_name)
    for part in attribute.split("."):
        handler = getattr(handler, part)
    if not callable(handler):
        raise AttributeError(f"{spec} is not callable")
    return handler


class Life:
    """Everything between one start and its end."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        config: Config,
        read: Callable[[], Loaded],
        log: MainLog,
        listeners: list[Listener],
        holdings: Holdings,
    ) -> None:
        self._loop = loop
        self._holdings = holdings
        self._service = holdings.service
        self._config, self._read = config, read
        self._log = log
        self._listeners = listeners
        self._signals = holdings.signals
        self._servers: list[tuple[ServerConfig, Server]] = []
        self._upgrade: Upgrade | None = None
        self._ended: asyncio.Future[None] = loop.create_future()
        loop.set_exception_handler(self._on_defect)
        daemon = config.daemon
        self._runtime = runtime = holdings.runtime
        _sign(runtime, log)
        handover = holdings.lineage.handover
        inheritance = find_inheritance(runtime, log, None if handover is None else handover.entries)
        self._journal = inheritance.journal
        self._child_logs = ChildLogs(daemon.child_log_dir, daemon.identifier, log, loop=loop)
        self._children = Children(loop, runtime, self._child_logs, log, journal=self._journal)
        settings = _settings(config)
        self._shared, self._table = SharedSockets(log), ProcTable()
        self._annals = Annals(config, loop, log, os.environ)
        self._was_killed = bool(inheritance.entries) and not inheritance.is_upgrade
        self._prober = Prober(loop, _notify_path(runtime))
        ports = Ports(
            LoopClock(loop),
            self._children,
            self._child_logs,
            self._shared,
            log,
            self._journal,
            self._table,
            self._annals.port,
            self._prober,
            open_sampler=partial(open_sampler, loop),
        )
        ports.open_schedules = lambda: _open_schedules(config, log)
        self._stops = _open_stops(config, log)
        self._engine = Engine(ports, settings, load_result_handler, self._stops)
        self._alerts = AlertSwitch(loop, self._engine, self._table, inheritance.entries, config)
        self._journal.on_trouble = partial(self._alerts.store_changed, "journal")
        self._annals.on_trouble(partial(self._alerts.store_changed, "history"))
        self._forwarding = Forwarding(loop, self._engine, self._table, self._alerts.forward_changed, config)
        self._engine.bus.restore(inheritance.entries, log)
        self._monitoring = Monitoring(self._engine, loop, self._table.workers, inheritance.entries, config)
        if self._service.store is not None:
            self._children.keep_streams_in(self._service.store)
        self._status_line = self._keep_status_line(settings) if self._service.is_present else None
        self._engine.on_essential_end = self.shutdown
        self._children.on_exit = self._engine.child_died
        self._children.on_directory_lost = self._renew_directory
        self._adoption = plan_adoption(
            inheritance.entries, config.groups, ports, keep_all=inheritance.is_upgrade
        )
        if not daemon.nocleanup:
            self._child_logs.remove_auto_logs(keep=self._adoption.logfiles)
        configuration = Configuration(self._engine, config.groups, self._reread, diff_groups)
        door, files = Daemon(self._engine, MainLogDoor(log), self), (config, read)
        self._control = VigilControl(self._engine, door, configuration, self._annals.writer, files)
        self._control.alert_desk = lambda: self._alerts.alerting
        self._control.open_tokens = self._open_tokens

    async def run(self) -> SupervisorState:
        """Start everything, serve, and return once all has ended: SHUTDOWN or RESTARTING."""
        reaper = Reaper(self._child_died)
        self._control.find_monitors = lambda: self._monitoring.monitors
        self._control.forward_desk = lambda: self._forwarding.forwards
        SignalOrders(
            self._engine,
            self._log,
            self._annals,
            self._child_logs,
            stop=self._stop,
            restart=self.restart,
        ).hear(self._signals, reaper)
        handover = self._holdings.lineage.handover
        if handover is not None:
            unblock(handover.text("signal_mask"))
        self._loop.call_soon(reaper.reap)  # whoever ended before this life began
        for group in self._adoption.groups:
            self._engine.add_group(group, self._adoption.records)
        self._adopt()
        self._annals.begin(self._holdings.lineage, self._adoption, was_killed=self._was_killed)
        self._engine.remembered.forget_others(self._engine.all_processes())
        if handover is None:
            self._engine.announce_running()
        if self._engine.needs_orphans:
            self._table.adopt_orphans()
        self._engine.start_slice()
        if not self._table.gets_orphans:
            self._table.adopt_orphans()
        self._engine.expect_orphans()
        deadline = self._loop.time() + SERVE_WITHIN_SECONDS
        while self._engine.starting and self._loop.time() < deadline:
            await asyncio.sleep(0)
        self._let_go_of_unclaimed()
        if self._listeners:
            from vigild.daemon.reception import open_servers

            self._servers = open_servers(self._config, self._listeners, self._control, self._log)
        servers = [server for _, server in self._servers]
        if handover is not None:
            self._take_the_rest(handover)
        later: list[asyncio.TimerHandle | asyncio.Task[None]] = [self._loop.create_task(self._tidy_up())]
        daemon, writer = self._config.daemon, self._annals.writer
        if daemon.samples:
            first = daemon.sample_interval_seconds  # the start is over then
            later.append(self._loop.call_later(first, begin_sampling, self._engine, daemon, writer))
        gc.enable()
        gc.freeze()
        self._start_workers()
        try:
            if self._status_line is not None:
                await self._tell_ready(self._status_line)
            await self._ended
            for server in servers:
                server.close()
            drained = (server.drain(DRAIN_SECONDS) for server in servers)
            workers = (self._monitoring.close(), self._alerts.close(), self._forwarding.close())
            await asyncio.gather(*drained, *workers)
        finally:
            for each in later:
                each.cancel()
            self._signals.pause()
            await self._prober.close()
            if self._ended.done() and not self._ended.cancelled():
                self._clear_away()
            else:
                self._annals.end("failed", "a defect ended the daemon; what it runs goes on")
            # Else a defect ends this daemon, and what runs is for the next one to adopt, as after SIGKILL.
        return self._engine.mood

    def _start_workers(self) -> None:
        """The programs have been started, and clients are served: now what works beside us."""
        self._alerts.begin(self._adoption, was_killed=self._was_killed)
        self._monitoring.follow(self._config.monitors)
        self._forwarding.begin()

    def _clear_away(self) -> None:
        """All has ended: let go of everything, and leave nothing to adopt."""
        if self._status_line is not None:
            self._status_line.close()
        self._children.close()
        self._child_logs.close_all()
        self._stops.close()
        self._annals.end("ended", self._engine.mood.name.lower())
        self._journal.remove()
        if isinstance(self._runtime, RuntimeDir):
            self._runtime.clear()

    def _renew_directory(self) -> None:
        """Somebody removed the runtime directory, and it is there again: it needs its lock and its journal."""
        if isinstance(self._runtime, RuntimeDir):
            try:
                self._runtime.renew()
            except OSError as error:
                self._log.critical(f"cannot lock {self._runtime.path} again: {error.strerror}")
        self._journal.compact()

    async def _tidy_up(self) -> None:
        await asyncio.sleep(TIDY_AFTER_SECONDS)
        from vigild.daemon.tidying import tidy_up

        is_monitoring = self._monitoring.monitors is not None
        await tidy_up(self._engine, self._config, self._runtime, self._log, is_monitoring=is_monitoring)

    def _adopt(self) -> None:
        """Take over what the daemon before this one ran, and say so."""
        adoption = self._adoption
        self._child_logs.inherit(self._journal)
        handover = self._holdings.lineage.handover
        if handover is not None:
            from vigild.daemon.succession import take_before_adoption

            take_before_adoption(handover, self._children, self._shared, self._prober)
        adoption.kept = frozenset(
            name for name, record in adoption.records.items() if self._children.is_kept(name, record.spawn_id)
        )
        try:
            adopt(self._engine, adoption)
            self._children.sweep()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            raise UsageError(
                f"the limit of open files is too low to adopt {len(adoption.remains)} programs ({error.strerror}); "
                "they go on as they are; raise it (minfds, LimitNOFILE=) and start again"
            ) from None
        self._children.close_inherited()
        self._shared.close_inherited()
        forget_strangers(self._engine, self._journal)
        self._engine.bus.restored()
        for line in adoption.report():
            self._log.info(line)

    @property
    def exit_status(self) -> int:
        """What the daemon exits with after this life."""
        return self._engine.exit_status

    # The lifecycle that control orders.

    def shutdown(self) -> None:
        """Stop everything and end, once the answer to this order is out."""
        self._loop.call_soon(self._stop, SupervisorState.SHUTDOWN)

    def restart(self) -> None:
        """Stop everything and start again; refused (CANT_REREAD) while the configuration has errors."""
        self._read_config()
        self._loop.call_soon(self._stop, SupervisorState.RESTARTING)

    async def upgrade(self) -> None:
        """Execute this daemon anew, when that has been found possible; refused (FAILED) otherwise."""
        from vigild.daemon.upgrade import Upgrade
        from vigild.host.helper_process import HelperProcesses

        if self._upgrade is None:
            self._upgrade = Upgrade(
                self._holdings.lineage.image,
                HelperProcesses(),
                self._log,
                pack=self._pack,
                go_on=self._go_on_as_before,
                may_go_on=lambda: self._engine.mood is SupervisorState.RUNNING,
            )
        while self._engine.starting:  # what has not had its turn yet is in no ledger
            await asyncio.sleep(READY_CHECK_SECONDS)
        try:
            await self._upgrade.begin([server for _, server in self._servers])
        except VigilError as error:
            if error.fault is Fault.FAILED:
                self._alerts.upgrade_failed(str(error.detail or error))
            raise

    def _pack(self) -> "Package":
        """Everything that the next image needs."""
        from vigild.daemon.succession import pack, pack_clients, pack_sessions

        self._service.reloading()
        self._service.flush(TELL_SECONDS)
        self._annals.pause()
        self._log.flush()
        entries = {**self._journal.entries, **self._engine.hand_over(), **self._child_logs.hand_over()}
        package = pack(self._holdings, entries, self._children, self._shared, self._prober)
        self._forwarding.flush()
        package.note("logfile", os.fsencode(self._log.path or "/dev/null"))
        hand_over_doors(package, self._config.servers, self._listeners)
        pack_clients(package, self._servers)
        pack_sessions(package, self._servers)
        return package

    def _go_on_as_before(self) -> None:
        self._children.resume()
        if self._upgrade is not None and self._upgrade.error:
            self._alerts.upgrade_failed(self._upgrade.error)
            if self._engine.settings.observer is not None:
                self._engine.settings.observer.mood_changed()
        if self._status_line is not None:
            self._service.ready(self._status_line.text())

    def _take_the_rest(self, handover: "Handover") -> None:
        """The clients of the image before this one; and let go of what nobody has taken."""
        from vigild.daemon.succession import take_clients, take_sessions

        take_sessions(handover, self._servers)
        lineage = self._holdings.lineage
        clients = take_clients(handover)
        for config, server in self._servers:
            for client in clients.pop(address_of(config), ()):
                server.adopt(client)
        for client in (client for rest in clients.values() for client in rest):
            os.close(client.fd)
        handover.close_rest()
        lineage.handover = None
        self._log.info(
            f"Vigil {vigild.__version__} goes on in place of {lineage.former_version}, upgrade number "
            f"{lineage.generation} of pid {os.getpid()}"
        )

    def _child_died(self, pid: int, wait_status: int) -> None:
        others = (self._prober, self._alerts, self._monitoring, self._forwarding)
        if any(one.claim(pid, wait_status) for one in others):
            return
        if self._upgrade is None or not self._upgrade.claim(pid, wait_status):
            self._engine.child_died(pid, wait_status)

    def facts(self) -> dict[str, object]:
        """What is known of this daemon, past Supervisor's questions."""
        reason = "the journal cannot be written: the log says why" if self._journal.failures else ""
        if isinstance(self._runtime, NoRuntimeDir):
            reason = f"no runtime directory: {self._runtime.reason}"
        lineage = self._holdings.lineage
        return {
            "version": vigild.__version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "pid": os.getpid(),
            "generation": lineage.generation,
            "started": int(lineage.started_wall),
            "adopted": self._adoption.count(Fate.ADOPT, Fate.ADOPT_SPAWNED),
            "survives": not reason,
            "survival": reason,
            "upgrade_error": self._upgrade.error if self._upgrade is not None else "",
        }

    def vitals(self) -> dict[str, object]:
        """What this daemon counts of itself."""
        from vigild.daemon.vitals import vitals

        return vitals(self._annals, self._child_logs, self._journal, self._servers)

    def _stop(self, mood: SupervisorState) -> None:
        if self._service.is_present and mood < self._engine.mood:
            self._tell_of_end(mood)
        self._engine.stop_everything(mood, self._end)

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    def _reread(self) -> Sequence[GroupConfig]:
        """What runs no program takes effect now; the groups are for an update to compare."""
        config = self._read_config()
        self._alerts.configure(config)
        self._monitoring.follow(config.monitors)
        self._forwarding.follow(config)
        if self._servers:
            from vigild.daemon.admission import renew_gates

            renew_gates(self._servers, config, self._control.history)
        self._control.follow(config)
        return config.groups

    def _read_config(self) -> Config:
        from vigild.daemon.main import error_text

        loaded = self._read()
        if loaded.config is None:
            raise VigilError(Fault.CANT_REREAD, error_text(loaded))
        return loaded.config

    def _open_tokens(self) -> "TokenFile":
        from vigild.host.token_file import TokenFile

        daemon = self._config.daemon
        directory = daemon.state_dir or default_state_dir(os.environ, os.geteuid())
        return TokenFile(
            os.path.join(directory, f"tokens-{state_key(self._config.path, daemon.identifier)}.json")
        )

    def _on_defect(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback failed: a defect of ours. It is written down where people look, and the daemon goes on."""
        error = context.get("exception")
        told = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
        self._log.critical(f"defect in Vigil, please report it: {context.get('message')}\n{told}".rstrip())

    # What the service manager hears.

    def _keep_status_line(self, settings: Settings) -> "StatusLine":
        from vigild.daemon.status_line import StatusLine

        line = StatusLine(self._engine.ports.clock, self._engine, self._service)
        settings.on_move = line.refresh_soon
        return line

    def _let_go_of_unclaimed(self) -> None:
        """By now every process of an earlier daemon is adopted, with its streams."""
        count = self._service.store.forget_unclaimed() if self._service.store is not None else 0
        if count:
            self._log.info(
                f"the service manager kept {count} streams that belong to no process; let go of them"
            )

    async def _tell_ready(self, status_line: "StatusLine") -> None:
        while self._engine.starting:
            await asyncio.sleep(READY_CHECK_SECONDS)
        if self._engine.mood is SupervisorState.RUNNING:
            self._service.ready(status_line.text())

    def _tell_of_end(self, mood: SupervisorState) -> None:
        from vigild.config.needs import stop_seconds

        if mood is SupervisorState.SHUTDOWN:
            self._service.stopping()
        else:
            self._service.reloading()
        # Programs may have been added, or given more time to stop, since the unit was written.
        groups = (group.config for group in self._engine.groups.values())
        self._service.extend_timeout(stop_seconds(groups) + STOP_SLACK_SECONDS)


def _settings(config: Config) -> Settings:
    daemon = config.daemon
    return Settings(
        identifier=daemon.identifier,
        server_url=daemon.server_url,
        strip_ansi=daemon.strip_ansi,
        output_to_main_log=daemon.log_level in ("debug", "trace", "blather"),
        base_environment=without_own_variables(os.environ),
    )


def _notify_path(runtime: RuntimeDir | NoRuntimeDir) -> str:
    directory = f"/vigil/{os.getpid()}" if isinstance(runtime, NoRuntimeDir) else runtime.path
    return f"{directory}/notify"


def _open_stops(config: Config, log: MainLog) -> StopFile:
    daemon = config.daemon
    directory = daemon.state_dir or default_state_dir(os.environ, os.geteuid())
    return StopFile(directory, config.path, daemon.identifier, log)


def _open_schedules(config: Config, log: MainLog) -> "ScheduleFile":
    from vigild.host.schedule_file import ScheduleFile  # late: few configurations have schedules

    directory = config.daemon.state_dir or default_state_dir(os.environ, os.geteuid())
    return ScheduleFile(directory, config.path, config.daemon.identifier, log)


def _sign(runtime: RuntimeDir | NoRuntimeDir, log: MainLog) -> None:
    if isinstance(runtime, NoRuntimeDir):
        log.warn(
            f"no runtime directory ({runtime.reason}): programs get plain pipes, "
            "and their output will not survive a crash of this daemon"
        )
    else:
        runtime.sign()
