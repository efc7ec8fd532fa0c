"""The resolved configuration: plain values, no text left to interpret.

The names here are the field's words with units last; INI spellings live in `options.py` alone.
Equality is what `reread` compares: two processes are the same when every field that a running
instance depends on is the same. `where` fields are positions for people and take no part in it.
"""

from dataclasses import field
from enum import Enum

from vigild.config.control_config import ControlConfig as ControlConfig
from vigild.config.place import Where as Where
from vigild.core.access import PeerRoles as PeerRoles
from vigild.core.access import Role as Role
from vigild.core.dependency import Condition as Condition
from vigild.core.dependency import Dependency as Dependency
from vigild.core.frozen import plain
from vigild.core.kill_mode import KillMode as KillMode
from vigild.core.probe import Probe as Probe
from vigild.core.probe import Scheme as Scheme
from vigild.core.process import Autorestart as Autorestart
from vigild.core.quiet import QuietHours as QuietHours
from vigild.core.restarts import OnFlapping as OnFlapping


class Auto(Enum):
    """A log file that the daemon names itself, in `childlogdir`."""

    AUTO = "auto"


AUTO = Auto.AUTO


class GroupKind(Enum):
    """How the members of a group are run."""

    PROGRAM = "program"
    EVENTLISTENER = "eventlistener"
    FCGI = "fcgi-program"


@plain
class StreamConfig:
    """What becomes of one output stream (stdout or stderr) of a process."""

    logfile: str | Auto | None = AUTO
    logfile_max_bytes: int = 50 * 1024 * 1024
    logfile_backups: int = 10
    capture_max_bytes: int = 0
    events_enabled: bool = False
    syslog: bool = False


@plain
class ProcessConfig:
    """One process, fully expanded (`numprocs` and `%(…)s` are gone)."""

    name: str
    command: str
    kind: GroupKind = GroupKind.PROGRAM
    directory: str | None = None
    umask: int | None = None
    priority: int = 999
    autostart: bool = True
    autorestart: Autorestart = Autorestart.UNEXPECTED
    start_seconds: int = 1
    start_retries: int = 3
    uid: int | None = None
    stdout: StreamConfig = field(default_factory=StreamConfig)
    stderr: StreamConfig = field(default_factory=StreamConfig)
    redirect_stderr: bool = False
    stop_signal: int = 15
    stop_wait_seconds: int = 10
    stop_as_group: bool = False
    kill_as_group: bool = False
    exit_codes: tuple[int, ...] = (0,)
    environment: dict[str, str] = field(default_factory=dict)
    server_url: str | None = None
    kill_mode: KillMode = KillMode.PROCESS  # Vigil's, as all that follow
    forking: bool = False
    pidfile: str | None = None  # of a forking program
    essential: bool = False
    flapping: tuple[int, int] = (
        10,
        60,
    )  # so many restarts within so many seconds; 0 restarts: not watched for
    on_flapping: OnFlapping = OnFlapping.BACKOFF
    restart_delay_seconds: float = 0.0
    restart_factor: float = 2.0
    restart_limit_seconds: float = 60.0
    log_format: str = "text"  # Vigil's: or json
    log_prefix: str = ""  # Vigil's: put before every line of output; already expanded
    log_timestamps: bool = False  # Vigil's: an ISO 8601 time before every line of output
    # Vigil's: limits and identity. `limits`: (name as in limit_NAME, soft, hard), -1 being no limit.
    limits: tuple[tuple[str, int, int], ...] = ()
    nice: int | None = None
    io_priority: tuple[int, int] | None = None  # the kernel's numbers of class and level
    oom_score_adjustment: int | None = None
    cpus: tuple[int, ...] = ()  # empty: as the daemon
    gid: int | None = None
    supplementary_gids: tuple[int, ...] | None = None  # None: what the user database says
    inherit_environment: bool = True
    unset_environment: tuple[str, ...] = ()  # names and patterns of what is not to be inherited
    set_user_environment: bool = False
    environment_files: tuple[tuple[str, bool], ...] = ()  # (path, whether it may be missing)
    own_variables: tuple[
        str, ...
    ] = ()  # those in `environment` that the section itself sets; with the last three
    remember: bool = False  # Vigil's: what an operator stopped stays stopped over the end of the daemon
    depends_on: tuple[Dependency, ...] = ()  # Vigil's: what has to be there before it is spawned
    restart_with_dependency: bool = False  # Vigil's: started anew when what it depends on was
    # Vigil's: readiness and health.
    readiness: Probe | None = None
    readiness_timeout_seconds: float = 90.0
    watchdog_seconds: float = 0.0  # how long it may be silent; 0: for ever
    healthcheck: Probe | None = None
    healthcheck_interval_seconds: float = 30.0
    healthcheck_timeout_seconds: float = 5.0
    healthcheck_retries: int = 3
    healthcheck_start_period_seconds: float = 0.0
    healthcheck_expect_status: tuple[tuple[int, int], ...] = ((200, 399),)
    healthcheck_expect_body: str = ""  # a regular expression
    on_unhealthy: tuple[str, ...] = ("alert",)  # restart, alert, exec:COMMAND
    # Vigil's: what its resources are to be. `rules` are their texts, each on one line (see config.rule_text).
    memory_max_bytes: int = 0  # of the whole tree; 0: no bound
    on_memory_max: str = "restart"  # or alert
    rules: tuple[str, ...] = ()
    # Vigil's: when it is started; see config.cron and core.schedule.
    schedule: str = ""  # '': by nobody's clock
    schedule_timezone: str = ""  # '': the machine's
    schedule_overlap: str = "skip"  # queue, restart
    schedule_missed: str = "skip"  # once
    schedule_jitter_seconds: float = 0.0
    where: Where | None = field(default=None, compare=False)

    @property
    def is_notified(self) -> bool:
        """Does it speak systemd's notification protocol to us?"""
        return self.watchdog_seconds > 0 or (
            self.readiness is not None and self.readiness.scheme is Scheme.NOTIFY
        )

    @property
    def is_watched(self) -> bool:
        """Is it asked whether it is ready or healthy, or does it tell?"""
        return self.readiness is not None or self.healthcheck is not None or self.watchdog_seconds > 0

    @property
    def is_ruled(self) -> bool:
        """Are its resources judged?"""
        return self.memory_max_bytes > 0 or bool(self.rules)


@plain
class FcgiSocketConfig:
    """A listening socket that a group of FastCGI processes shares. `path` for unix, else host and port."""

    url: str
    path: str | None = None
    host: str | None = None
    port: int | None = None
    mode: int | None = None
    owner: tuple[int, int] | None = None
    backlog: int | None = None


@plain
class GroupConfig:
    """Processes that are named, ordered and reloaded together."""

    name: str
    priority: int
    processes: tuple[ProcessConfig, ...]
    kind: GroupKind = GroupKind.PROGRAM
    buffer_size: int = 10
    events: tuple[str, ...] = ()  # names from core.events, sorted
    result_handler: str = "supervisor.dispatchers:default_handler"
    length_in_characters: bool = False  # Vigil's: `len` counts as Supervisor does, not in bytes
    socket: FcgiSocketConfig | None = None
    where: Where | None = field(default=None, compare=False)


@plain
class ServerConfig:
    """One door for clients: a unix socket (`path`) or a TCP address (`host`, `port`; host '' = all)."""

    section: str
    name: str | None = None
    path: str | None = None
    owner: tuple[int, int] = (-1, -1)  # (-1: leave as it is)
    mode: int = 0o700
    host: str = ""
    port: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    peer_roles: PeerRoles | None = None  # None: who can connect to the socket is an admin
    allow_unauthenticated: bool = False
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()  # addresses and networks
    certfile: str | None = None
    keyfile: str | None = None
    client_ca_file: str | None = None
    client_cert: str | None = None  # "optional", "required"
    where: Where | None = field(default=None, compare=False)


@plain
class UserConfig:
    """Somebody who may come through the TCP doors; without a password with a certificate only."""

    name: str
    role: Role = Role.VIEWER
    password: str | None = field(default=None, repr=False)
    where: Where | None = field(default=None, compare=False)


@plain
class RpcInterfaceConfig:
    """An extra RPC namespace: `factory` is an import spec `module:name`."""

    name: str
    factory: str
    options: dict[str, str] = field(default_factory=dict)


@plain
class DaemonConfig:
    """`[supervisord]` merged with the command line (which wins)."""

    logfile: str = "supervisord.log"  # absolute, or 'syslog'
    logfile_max_bytes: int = 50 * 1024 * 1024
    logfile_backups: int = 10
    log_level: str = "info"  # critical error warn info debug trace blather
    pidfile: str = "supervisord.pid"
    identifier: str = "supervisor"
    nodaemon: bool = False
    silent: bool = False
    minfds: int = 1024
    minprocs: int = 200
    umask: int = 0o022
    user: str | None = None
    uid: int | None = None
    gid: int | None = None
    directory: str | None = None
    child_log_dir: str = ""
    nocleanup: bool = False
    strip_ansi: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    server_url: str | None = None  # what children get as SUPERVISOR_SERVER_URL
    state_dir: str | None = (
        None  # Vigil's: what outlasts a reboot; None: the usual place for the user it runs as
    )
    history: bool = True
    history_days: int = 30
    history_max_bytes: int = 50 * 1024 * 1024
    samples: bool = True
    sample_interval_seconds: float = 60.0


@plain
class AlertConfig:
    """Who is told of what. `urls` are secret. Takes effect at a reread; nothing is restarted for it."""

    name: str
    urls: tuple[str, ...] = field(default=(), repr=False)
    url_file: str | None = None  # more of them, read by the deliverer alone
    events: tuple[str, ...] = ("critical", "warning", "recovered")
    programs: tuple[str, ...] = ()
    monitors: tuple[str, ...] = ()
    batch_seconds: float = 10.0
    repeat_seconds: float = 0.0  # 0: never
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    quiet_pass: str = "critical"  # critical, warning, none
    max_per_hour: int = 60  # 0: no limit
    output_lines: int = 10
    language: str = "en"  # of the words: en, zh
    template: str = ""
    where: Where | None = field(default=None, compare=False)


@plain
class ForwardConfig:
    """Where output goes besides its log. `url` may be secret. Takes effect at a reread; nothing is restarted for it."""

    name: str
    url: str = field(default="", repr=False)  # "" where url_file is given
    url_file: str | None = None  # with the one URL in it, read by the worker alone
    programs: tuple[str, ...] = ("*",)  # as alerts match them
    channels: tuple[str, ...] = ("stdout", "stderr")
    labels: tuple[tuple[str, str], ...] = ()  # in the order of the file
    batch_seconds: float = 1.0
    batch_max_bytes: int = 1 << 20
    buffer_max_bytes: int = 8 << 20
    where: Where | None = field(default=None, compare=False)


@plain
class MonitorConfig:
    """Something beyond programs that is looked at. Takes effect at a reread.

    `settings` are for the check, as plain values; `rules` the texts of rules, each known to be right. `program`: the name of
    what `restart`, `start` and `stop` are about; without it they are about a process that Vigil did not start, by the
    commands. `depends_on`: names of programs, and of monitors after `monitor:`. `active_times`, `paused_times`: cron
    expressions, "" for none.
    """

    name: str
    type: str
    enabled: bool = True
    interval_seconds: float = 30.0
    timeout_seconds: float = 10.0
    start_delay_seconds: float = 0.0
    rules: tuple[str, ...] = ()
    settings: dict[str, object] = field(default_factory=dict)
    program: str = ""
    start_command: str = ""
    stop_command: str = ""
    restart_command: str = ""
    directory: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    uid: int | None = None
    depends_on: tuple[str, ...] = ()
    active_times: str = ""
    paused_times: str = ""
    where: Where | None = field(default=None, compare=False)

    def can(self, verb: str) -> bool:
        """Is there a command (or two) to `start`, `stop` or `restart` what is looked at?"""
        if verb == "restart" and self.start_command and self.stop_command:
            return True
        return bool({"start": self.start_command, "stop": self.stop_command}.get(verb, self.restart_command))


@plain
class Config:
    """Everything one configuration file says."""

    path: str
    daemon: DaemonConfig
    servers: tuple[ServerConfig, ...] = ()
    rpc_interfaces: tuple[RpcInterfaceConfig, ...] = ()
    groups: tuple[GroupConfig, ...] = ()  # in Supervisor's order: by priority, stable
    alerts: tuple[AlertConfig, ...] = ()
    users: tuple[UserConfig, ...] = ()
    monitors: tuple[MonitorConfig, ...] = ()
    forwards: tuple[ForwardConfig, ...] = ()
