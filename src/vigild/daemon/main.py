"""From argv to a running daemon, and round again at a restart.

    argv -> Arguments -> load -> privileges, limits, log, doors -> background -> Life (compose.py) -> exit

Everything that can refuse to start does so before the daemon goes into the background, with status 2.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from vigild.config.load import Loaded, find_config_file, load, searched_paths
from vigild.config.model import Config
from vigild.config.needs import open_files
from vigild.core.compat import SUPERVISOR_VERSION
from vigild.core.states import SupervisorState
from vigild.daemon.arguments import Arguments, UsageError, help_text, parse_arguments
from vigild.daemon.compose import Life
from vigild.daemon.doors import open_doors, take_doors
from vigild.daemon.holdings import Holdings
from vigild.daemon.late_modules import import_late_modules
from vigild.daemon.lineage import Lineage, begin
from vigild.host.mainlog import MainLog
from vigild.host.privileges import daemonize, drop_privileges, raise_limits, remove_pidfile, write_pidfile
from vigild.host.runtime_dir import HeldRuntimeDir, NoRuntimeDir, RuntimeDir, open_runtime_dir
from vigild.host.service_manager import NoServiceManager, find_service_manager, pass_on_watchdog
from vigild.host.signals import SignalPipe
from vigild.host.sockets import Listener

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
        return _lives(program, arguments, begin(os.environ))
    except UsageError as error:
        sys.stderr.write(f"Error: {error}\nFor help, use {program} -h\n")
        return 2


def read_configuration(program: str, arguments: Arguments) -> Loaded:
    """The configuration that these arguments name. Raises UsageError, with all its errors."""
    loaded = load(_config_path(program, arguments), environ=os.environ, overrides=arguments.overrides)
    if loaded.config is None:
        raise UsageError(error_text(loaded))
    return loaded


def _lives(program: str, arguments: Arguments, lineage: Lineage) -> int:
    held: list[RuntimeDir] = []
    try:
        return _live(program, arguments, lineage, held)
    except Exception as error:
        if lineage.handover is not None:  # there is no way back, and nobody reads standard error
            from vigild.daemon.succession import write_last_words

            write_last_words(lineage.handover, error)
        raise
    finally:
        for runtime in held:
            runtime.release()


def _live(program: str, arguments: Arguments, lineage: Lineage, held: list[RuntimeDir]) -> int:
    loop: asyncio.AbstractEventLoop | None = None
    holdings: Holdings | None = None
    log = MainLog()
    inherited = _take_inherited(lineage, log)
    service = find_service_manager(os.environ, log)
    _open_store(service, inherited)
    runtime: RuntimeDir | NoRuntimeDir | None = None
    while True:
        path = _config_path(program, arguments)

        def read(path: str = path) -> Loaded:
            return load(path, environ=os.environ, overrides=arguments.overrides)

        loaded = read()
        if loaded.config is None:
            raise UsageError(error_text(loaded))
        config = loaded.config
        if holdings is not None:
            log = MainLog()
        elif lineage.handover is None:
            _drop_privileges(config, log)
            _raise_limits(config, log)
        else:
            _raise_limits_further(config, log)
        if runtime is None:
            runtime = _take_runtime_dir(config, lineage)
            if isinstance(runtime, RuntimeDir):
                held.append(runtime)
        _open_log(config, loaded, log)
        del loaded  # with the text of the file, which nothing needs as long as the daemon lives
        try:
            config, listeners = _doors(config, lineage, inherited, log)
        except UsageError as error:
            log.critical(str(error))  # after a restart nobody reads standard error
            raise
        if loop is None or holdings is None:
            _find_place(config, lineage, service, log)
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            holdings = Holdings(lineage, _open_signals(loop, lineage), runtime, service, inherited)
        service.attach(loop, log)
        mood, exit_status = _one_life(loop, config, read, log, listeners, holdings)
        if mood is SupervisorState.SHUTDOWN:
            service.close()
            if inherited is not None:
                inherited.close()
            holdings.signals.close()
            loop.close()
            return exit_status
        gc.unfreeze()  # what the last life froze is garbage now
        gc.collect()


def _one_life(
    loop: asyncio.AbstractEventLoop,
    config: Config,
    read: Callable[[], Loaded],
    log: MainLog,
    listeners: list[Listener],
    holdings: Holdings,
) -> tuple[SupervisorState, int]:
    log.attach(loop)
    # Another daemon with the same pidfile has its sockets; we would not have come this far.
    lineage, pidfile = holdings.lineage, config.daemon.pidfile
    former, lineage.pidfile = lineage.pidfile, ""
    if former and former != pidfile:
        remove_pidfile(former)
    if former == pidfile or write_pidfile(pidfile, log):
        lineage.pidfile = pidfile
    try:
        life = Life(loop, config, read, log, listeners, holdings)
        return loop.run_until_complete(life.run()), life.exit_status
    except UsageError as error:
        log.critical(str(error))
        raise
    except Exception:
        import traceback

        log.critical(
            "defect in Vigil, please report it: this daemon ends, what it runs goes on, and the next daemon "
            f"adopts it\n{traceback.format_exc()}".rstrip()
        )
        raise
    finally:
        for listener in listeners:
            listener.close()
        if lineage.pidfile:
            remove_pidfile(lineage.pidfile)
            lineage.pidfile = ""
        log.close()


def _take_runtime_dir(config: Config, lineage: Lineage) -> RuntimeDir | NoRuntimeDir:
    if lineage.handover is None:
        return _open_runtime_dir(config)
    from vigild.daemon.succession import take_runtime

    runtime = take_runtime(lineage.handover)
    if runtime is not None:
        return runtime
    try:
        return _open_runtime_dir(config)
    except UsageError as error:  # too late to refuse: programs run
        return NoRuntimeDir(str(error))


def _doors(
    config: Config, lineage: Lineage, inherited: "Inherited | None", log: MainLog
) -> tuple[Config, list[Listener]]:
    if lineage.handover is None:
        return config, open_doors(config.servers, inherited, log)
    servers, listeners = take_doors(config.servers, lineage.handover, log)
    return replace(config, servers=tuple(servers)), listeners


def _find_place(config: Config, lineage: Lineage, service: NoServiceManager, log: MainLog) -> None:
    """Go into the background, or be where the image before this one was."""
    if lineage.handover is not None:
        from vigild.daemon.succession import enter_directory

        enter_directory(lineage.handover)
    elif os.getpid() == 1 and not config.daemon.nodaemon:
        log.warn("staying in the foreground: the container would end with process 1; say nodaemon=true")
    elif not config.daemon.nodaemon:
        parent_pid = os.getpid()
        daemonize(log, config.daemon.directory, config.daemon.umask, before_leaving=service.main_pid)
        pass_on_watchdog(os.environ, parent_pid)
        pass_on_watchdog(lineage.image.environment, parent_pid)


def _open_signals(loop: asyncio.AbstractEventLoop, lineage: Lineage) -> SignalPipe:
    if lineage.handover is None:
        return SignalPipe(loop)
    from vigild.daemon.succession import take_signal_ends

    return SignalPipe(loop, take_signal_ends(lineage.handover))


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


def _raise_limits_further(config: Config, log: MainLog) -> None:
    """For an image that takes over: it is too late to refuse."""
    try:
        _raise_limits(config, log)
    except UsageError as error:
        log.warn(str(error))


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


def _take_inherited(lineage: Lineage, log: MainLog) -> "Inherited | None":
    if lineage.handover is not None:
        from vigild.daemon.succession import take_sockets

        return take_sockets(lineage.handover)
    if "LISTEN_FDS" not in os.environ:
        return None
    from vigild.host.inherited import take_inherited

    return take_inherited(os.environ, log)


def _open_store(service: NoServiceManager, inherited: "Inherited | None") -> None:
    if service.store_size:
        from vigild.host.descriptor_store import DescriptorStore

        service.store = DescriptorStore(service, inherited.take_stored() if inherited is not None else None)
