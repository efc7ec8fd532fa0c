"""From argv to a running daemon, and round again at a restart.

    argv -> Arguments -> load -> privileges, limits, log, doors -> background -> Life (compose.py) -> exit

Everything that can refuse to start does so before the daemon goes into the background, with status 2.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.config.load import Loaded, find_config_file, load, searched_paths
from vigild.config.model import Config
from vigild.config.needs import open_files
from vigild.core.compat import SUPERVISOR_VERSION
from vigild.core.states import SupervisorState
from vigild.daemon.arguments import Arguments, UsageError, help_text, parse_arguments
from vigild.daemon.compose import Life, import_late_modules
from vigild.host.mainlog import MainLog
from vigild.host.privileges import daemonize, drop_privileges, raise_limits, remove_pidfile, write_pidfile
from vigild.host.runtime_dir import HeldRuntimeDir, NoRuntimeDir, RuntimeDir, open_runtime_dir
from vigild.host.service_manager import NoServiceManager, find_service_manager, pass_on_watchdog
from vigild.host.signals import SignalPipe
from vigild.host.sockets import Listener, open_listener

if TYPE_CHECKING:
    from vigild.host.inherited import Inherited

DEFINED_TWICE = "V104"  # a section that a later one replaces, perhaps in another file


def run(argv: list[str]) -> int:
    """Run until the daemon ends; its exit status."""
    program = argv[0]
    try:
        arguments = parse_arguments(argv[1:])
        if arguments.help:
            sys.stdout.write(help_text(program))
            return 0
        if arguments.version:
            sys.stdout.write(f"{SUPERVISOR_VERSION}\n")
            return 0
        if arguments.check:
            from vigild.daemon.precheck import check

            return check(read_configuration(program, arguments))
        return _lives(program, arguments)
    except UsageError as error:
        sys.stderr.write(f"Error: {error}\nFor help, use {program} -h\n")
        return 2


def read_configuration(program: str, arguments: Arguments) -> Loaded:
    """The configuration that these arguments name. Raises UsageError, with all its errors."""
    loaded = load(_config_path(program, arguments), environ=os.environ, overrides=arguments.overrides)
    if loaded.config is None:
        raise UsageError(error_text(loaded))
    return loaded


def _lives(program: str, arguments: Arguments) -> int:
    held: list[RuntimeDir] = []
    try:
        return _live(program, arguments, held)
    finally:
        for runtime in held:
            runtime.release()


def _live(program: str, arguments: Arguments, held: list[RuntimeDir]) -> int:
    loop: asyncio.AbstractEventLoop | None = None
    signals: SignalPipe | None = None
    log = MainLog()
    inherited = _take_inherited(log)
    service = find_service_manager(os.environ, log)
    _open_store(service, inherited)
    runtime: RuntimeDir | NoRuntimeDir | None = None
    first = True
    while True:
        path = _config_path(program, arguments)

        def read(path: str = path) -> Loaded:
            return load(path, environ=os.environ, overrides=arguments.overrides)

        loaded = read()
        if loaded.config is None:
            raise UsageError(error_text(loaded))
        config = loaded.config
        if not first:
            log = MainLog()
        if first:
            _drop_privileges(config, log)
            _raise_limits(config, log)
        if runtime is None:
            runtime = _open_runtime_dir(config)
            if isinstance(runtime, RuntimeDir):
                held.append(runtime)
        _open_log(config, loaded, log)
        try:
            listeners = _open_doors(config, inherited, log)
        except UsageError as error:
            log.critical(str(error))  # after a restart nobody reads standard error
            raise
        if first and not config.daemon.nodaemon:
            parent_pid = os.getpid()
            daemonize(log, config.daemon.directory, config.daemon.umask, before_leaving=service.main_pid)
            pass_on_watchdog(os.environ, parent_pid)
        if loop is None or signals is None:
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            signals = SignalPipe(loop)
        first = False
        service.attach(loop, log)
        mood = _one_life(loop, config, read, log, listeners, signals, runtime, service)
        if mood is SupervisorState.SHUTDOWN:
            service.close()
            if inherited is not None:
                inherited.close()
            signals.close()
            loop.close()
            return 0
        gc.unfreeze()  # what the last life froze is garbage now
        gc.collect()


def _one_life(
    loop: asyncio.AbstractEventLoop,
    config: Config,
    read: Callable[[], Loaded],
    log: MainLog,
    listeners: list[Listener],
    signals: SignalPipe,
    runtime: RuntimeDir | NoRuntimeDir,
    service: NoServiceManager,
) -> SupervisorState:
    log.attach(loop)
    # Another daemon with the same pidfile has its sockets; we would not have come this far.
    ours = write_pidfile(config.daemon.pidfile, log)
    try:
        life = Life(loop, config, read, log, listeners, signals, runtime, service)
        return loop.run_until_complete(life.run())
    finally:
        for listener in listeners:
            listener.close()
        if ours:
            remove_pidfile(config.daemon.pidfile)
        log.close()


def _open_runtime_dir(config: Config) -> RuntimeDir | NoRuntimeDir:
    """Lock it before anything else is touched: what runs belongs to whoever holds the lock."""
    runtime = open_runtime_dir(config.path, config.daemon.identifier, environ=os.environ, uid=os.geteuid())
    if isinstance(runtime, HeldRuntimeDir):
        holder = f"by pid {runtime.pid}" if runtime.pid else "by another process"
        raise UsageError(
            f"this configuration ({os.path.realpath(config.path)}, identifier {config.daemon.identifier}) is run already {holder}, "
            f"which holds {runtime.path}; shut that daemon down first, or give this one an identifier of its own"
        )
    return runtime


def error_text(loaded: Loaded) -> str:
    """All errors of a configuration, one after another, as people read them."""
    errors = []
    for diagnostic in loaded.diagnostics:
        if diagnostic.severity == "error" and diagnostic.where.line == 0 and diagnostic.section is None:
            errors.append(diagnostic.text + (f"\n    hint: {diagnostic.hint}" if diagnostic.hint else ""))
        elif diagnostic.severity == "error":
            errors.append(str(diagnostic))
    return "\n".join(errors) or "the configuration cannot be used"


def _config_path(program: str, arguments: Arguments) -> str:
    if arguments.configuration is not None:
        return arguments.configuration
    found = find_config_file(program, os.getcwd())
    if found is None:
        raise UsageError(
            f"No config file found at default paths ({', '.join(searched_paths(program))}); "
            "use the -c option to specify a config file at a different path"
        )
    if os.getuid() == 0:
        sys.stderr.write(
            f"Warning: running as root with the configuration found at {found}, a place that was searched, "
            "not named (the current directory is among them); name the file with -c\n"
        )
    return found


def _drop_privileges(config: Config, log: MainLog) -> None:
    if config.daemon.uid is None:
        if os.getuid() == 0:
            log.critical(
                "running as root, because [supervisord] names no user; "
                "set user=root there if that is meant, or user=NAME to run as somebody else"
            )
        return
    if config.daemon.uid != os.getuid():
        processes = (process for group in config.groups for process in group.processes)
        import_late_modules(dotenv=any(process.environment_files for process in processes))
    refusal = drop_privileges(config.daemon.uid)
    if refusal is not None:
        raise UsageError(refusal)
    log.info(f"Set uid to user {config.daemon.uid} succeeded")


def _raise_limits(config: Config, log: MainLog) -> None:
    done, refusal = raise_limits(config.daemon.minfds, config.daemon.minprocs)
    if refusal is not None:
        raise UsageError(refusal)
    for line in done:
        log.info(line)
    # What the configuration needs can be more than minfds says. Children inherit the limit, so it is raised
    # only as far as needed, and only within what the system allows anyway.
    needed = open_files(config.groups)
    if needed > config.daemon.minfds:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            log.info(f"raised the limit of open files to {wanted}, for {needed} that the programs may need")


def _open_log(config: Config, loaded: Loaded, log: MainLog) -> None:
    daemon = config.daemon
    try:
        log.open(
            daemon.logfile,
            daemon.logfile_max_bytes,
            daemon.logfile_backups,
            level=daemon.log_level,
            to_stdout=daemon.nodaemon and not daemon.silent,
        )
    except OSError as error:
        raise UsageError(str(error)) from None
    for line in loaded.criticals:
        log.critical(line)
    for diagnostic in loaded.diagnostics:
        if (
            diagnostic.code == DEFINED_TWICE
        ):  # it starts as Supervisor would, with the last one, but not silently
            log.warn(str(diagnostic))
    for line in loaded.warnings:
        log.warn(line)
    for line in loaded.infos:
        log.info(line)


def _take_inherited(log: MainLog) -> "Inherited | None":
    if "LISTEN_FDS" not in os.environ:
        return None
    from vigild.host.inherited import take_inherited

    return take_inherited(os.environ, log)


def _open_store(service: NoServiceManager, inherited: "Inherited | None") -> None:
    if service.store_size:
        from vigild.host.descriptor_store import DescriptorStore

        service.store = DescriptorStore(service, inherited.take_stored() if inherited is not None else None)


def _open_doors(config: Config, inherited: "Inherited | None", log: MainLog) -> list[Listener]:
    """Bind before anything is started: a second daemon on the same sockets must not start its programs too.

    A socket that was handed over for a door is used as it is, and whoever made it removes it.
    """
    import errno

    listeners: list[Listener] = []
    for server in config.servers:
        try:
            handed_over = inherited.claim(server) if inherited is not None else None
            listeners.append(Listener(handed_over) if handed_over else open_listener(server, log))
        except OSError as error:
            for listener in listeners:
                listener.close()
            where = server.path or f"{server.host or '*'}:{server.port}"
            if error.errno == errno.EADDRINUSE:
                raise UsageError(
                    f"Another program is already listening on {where}, which [{server.section}] is to use. "
                    "Is this configuration's daemon running already? Shut that program down first"
                ) from None
            raise UsageError(
                f"cannot open the HTTP server of [{server.section}] on {where}: {error.strerror or error}"
            ) from None
    if inherited is not None:
        inherited.close_unclaimed(log)
    return listeners
