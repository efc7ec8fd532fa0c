"""From configuration to what the host is to do: the request for one child of one process."""

from collections.abc import Callable
from functools import lru_cache

from vigild.config.model import GroupKind, KillMode, ProcessConfig, StreamConfig
from vigild.core.process import Policy
from vigild.core.restarts import Pace
from vigild.engine.ports import SPAWN_MARK, ChildRequest, ChildSetup, Command, StreamPlan
from vigild.engine.settings import Settings

NO_SETUP = ChildSetup()
OnData = Callable[[bytes], None]
SHARED_POLICIES = 32  # most programs of a thousand have the same


def policy_of(config: ProcessConfig) -> Policy:
    """What the machine needs of a process's configuration."""
    policy = Policy(
        start_seconds=config.start_seconds,
        start_retries=config.start_retries,
        autorestart=config.autorestart,
        exit_codes=config.exit_codes,
        stop_signal=config.stop_signal,
        stop_wait_seconds=config.stop_wait_seconds,
        stop_as_group=config.stop_as_group or config.kill_mode is KillMode.GROUP,
        kill_as_group=config.kill_as_group or config.kill_mode is KillMode.GROUP,
        forking=config.forking,
        ends_tree=config.kill_mode is KillMode.TREE,
        has_dependencies=bool(config.depends_on),
        readiness=config.readiness.text if config.readiness is not None else "",
        ready_seconds=config.readiness_timeout_seconds,
        pace=Pace(
            config.restart_delay_seconds,
            config.restart_factor,
            config.restart_limit_seconds,
            *config.flapping,
            config.on_flapping,
        ),
    )
    return _shared(policy)


@lru_cache(SHARED_POLICIES)
def _shared(policy: Policy) -> Policy:
    return policy


def child_environment(
    config: ProcessConfig, group_name: str, settings: Settings, spawn_id: str
) -> dict[str, str]:
    """The daemon's environment, the SUPERVISOR_ variables, what the configuration sets, and the mark, in that order."""
    environment = dict(settings.base_environment) if config.inherit_environment else {}
    variables = config.environment
    if config.unset_environment:
        own = frozenset(config.own_variables)
        environment = _inherited(environment, config.unset_environment)
        kept = _inherited(variables, config.unset_environment)
        variables = {name: value for name, value in variables.items() if name in own or name in kept}
    environment["SUPERVISOR_ENABLED"] = "1"
    server_url = config.server_url or settings.server_url
    if server_url:
        environment["SUPERVISOR_SERVER_URL"] = server_url
    environment["SUPERVISOR_PROCESS_NAME"] = config.name
    environment["SUPERVISOR_GROUP_NAME"] = group_name
    environment.update(variables)
    environment[SPAWN_MARK] = spawn_id
    return environment


def _inherited(variables: dict[str, str], unset: tuple[str, ...]) -> dict[str, str]:
    from fnmatch import fnmatchcase  # late: few programs unset anything

    return {
        name: value
        for name, value in variables.items()
        if not any(fnmatchcase(name, pattern) for pattern in unset)
    }


def child_setup(config: ProcessConfig, environment: dict[str, str]) -> ChildSetup | None:
    """What the host is to do in the child besides; None when there is nothing, which is most often."""
    variables: tuple[tuple[str, str], ...] = ()
    if config.set_user_environment or config.environment_files:
        variables = tuple((name, environment[name]) for name in (*config.own_variables, SPAWN_MARK))
    setup = ChildSetup(
        config.limits,
        config.nice,
        config.io_priority,
        config.oom_score_adjustment,
        config.cpus,
        config.gid,
        config.supplementary_gids,
        config.set_user_environment,
        config.environment_files,
        variables,
    )
    return None if setup == NO_SETUP else setup


def stream_plan(
    channel: str,
    stream: StreamConfig,
    config: ProcessConfig,
    settings: Settings,
    logfile: str | None,
    on_data: OnData | None,
    on_capture: OnData | None,
) -> StreamPlan:
    """The plan for one stream. A listener's stdout is its protocol: it is logged, never captured or dressed."""
    protocol = config.kind is GroupKind.EVENTLISTENER and channel == "stdout"
    is_dressed = not protocol and config.log_format == "text"
    prefix = config.log_prefix.encode() if config.log_prefix and is_dressed else b""
    return StreamPlan(
        channel=channel,
        logfile=logfile,
        max_bytes=stream.logfile_max_bytes,
        backups=stream.logfile_backups,
        syslog_tag=config.name if stream.syslog and not protocol else None,
        strip_ansi=settings.strip_ansi and not protocol,
        line_prefix=prefix,
        line_timestamps=config.log_timestamps and is_dressed,
        capture_max_bytes=0 if protocol else stream.capture_max_bytes,
        on_data=on_data,
        on_capture=None if protocol else on_capture,
        retells=not protocol,  # a listener that is adopted is met as if its last words had been lost
    )


def child_request(
    command: Command,
    config: ProcessConfig,
    namespec: str,
    environment: dict[str, str],
    stdout: StreamPlan,
    stderr: StreamPlan | None,
    stdin_fd: int | None,
) -> ChildRequest:
    """Everything the host needs to run it."""
    return ChildRequest(
        name=namespec,
        filename=command.filename,
        argv=command.argv,
        environment=environment,
        stdout=stdout,
        stderr=stderr,
        directory=config.directory,
        umask=config.umask,
        uid=config.uid,
        stdin_fd=stdin_fd,
        setup=child_setup(config, environment),
    )
