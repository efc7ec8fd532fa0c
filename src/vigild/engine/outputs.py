"""Who wants what a process writes: its logs (and their names), the listeners of its output, the pool that it listens for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.config.model import AUTO, ProcessConfig
from vigild.core.events import process_communication_event, process_log_event
from vigild.engine.bus import EventBus
from vigild.engine.plans import stream_plan
from vigild.engine.ports import Log, LogFiles, Ports, StreamPlan
from vigild.engine.settings import Settings

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.watching import Watch

OnData = Callable[[bytes], None]


def log_name(config: ProcessConfig, channel: str, logs: LogFiles) -> str | None:
    """Where this stream is logged, None for nowhere; an AUTO file is made now. Raises OSError."""
    logfile = (config.stdout if channel == "stdout" else config.stderr).logfile
    if logfile is AUTO:
        if channel == "stderr" and config.redirect_stderr:
            return None
        return logs.auto_name(config.name, channel)
    return logfile if isinstance(logfile, str) else None


def former_log_name(
    process: "ManagedProcess", channel: str, recorded: str | None, ports: Ports
) -> str | None:
    """The log to go on with: the one that was made for it, unless the configuration names another by now."""
    config = process.config
    stream = config.stdout if channel == "stdout" else config.stderr
    made = f"{config.name}-{channel}---"
    if stream.logfile is AUTO and recorded and recorded.rpartition("/")[2].startswith(made):
        return recorded
    try:
        return log_name(config, channel, ports.logs)
    except OSError as error:
        ports.log.critical(f"cannot make a log file for {process.namespec}: {error.strerror}")
        return None


def make_plans(process: "ManagedProcess", bus: EventBus, settings: Settings, log: Log) -> list[StreamPlan]:
    """The plan of stdout and, unless it goes the same way, of stderr."""
    config = process.config
    plans = []
    for channel, stream, logfile in (
        ("stdout", config.stdout, process.stdout_logfile),
        ("stderr", config.stderr, process.stderr_logfile),
    ):
        if channel == "stderr" and config.redirect_stderr:
            continue
        consumers: list[OnData] = []
        if settings.output_to_main_log:
            consumers.append(_to_main_log(process, channel, log))
        if process.pool is not None and channel == "stdout":
            consumers.append(_to_pool(process))
        elif stream.events_enabled:
            consumers.append(_to_listeners(process, channel, bus))
        if process.watch is not None and process.watch.reads_output:
            consumers.append(_to_watch(process.watch, channel))
        on_data = _all_of(consumers)
        on_capture = _captured(process, channel, bus, log) if stream.capture_max_bytes else None
        plan = stream_plan(channel, stream, config, settings, logfile, on_data, on_capture)
        if config.log_format == "json":
            plan.json_program = process.namespec
        if settings.forwards is not None:
            plan.tap = settings.forwards.tap(process, channel)
        plans.append(plan)
    return plans


def _to_main_log(process: "ManagedProcess", channel: str, log: Log) -> OnData:
    def write(data: bytes) -> None:
        log.debug(f"{process.config.name!r} {channel} output:\n{data.decode('utf-8', 'replace')}")

    return write


def _to_watch(watch: "Watch", channel: str) -> OnData:
    return lambda data: watch.wrote(channel, data)


def _to_pool(process: "ManagedProcess") -> OnData:
    pool = process.pool
    assert pool is not None
    return lambda data: pool.heard(process, data)


def _to_listeners(process: "ManagedProcess", channel: str, bus: EventBus) -> OnData:
    event_type = f"PROCESS_LOG_{channel.upper()}"
    name, group = process.config.name, process.group_name

    def emit(data: bytes) -> None:
        if bus.wants(event_type):
            bus.emit(process_log_event(channel, name, group, process.process.pid, data))

    return emit


def _captured(process: "ManagedProcess", channel: str, bus: EventBus, log: Log) -> OnData:
    name, group = process.config.name, process.group_name

    def emit(data: bytes) -> None:
        bus.emit(process_communication_event(channel, name, group, process.process.pid, data))
        log.debug(f"{name!r} {channel} emitted a comm event")

    return emit


def _all_of(consumers: list[OnData]) -> OnData | None:
    if len(consumers) < 2:
        return consumers[0] if consumers else None

    def consume_all(data: bytes) -> None:
        for consume in consumers:
            consume(data)

    return consume_all
