"""THE table of options: every option of every section, declared once.

Reading, unknown-option checks, did-you-mean, `vigil check` and the reference in the docs derive from it;
what an option means, in words, stands in `option_docs.py` under the same keys. INI spellings live here
alone; the model has the field's names.
"""

from collections.abc import Callable
from enum import Enum

from vigild.config import (
    convert,
    convert_access,
    convert_dependencies,
    convert_health,
    convert_limits,
    convert_restarts,
    convert_rules,
    convert_samples,
    convert_schedule,
)
from vigild.config.accounts import Surroundings
from vigild.core.access import Role
from vigild.core.frozen import frozen

Converter = Callable[[str, Surroundings], object]


class Names(Enum):
    """Which `%(…)s` names an option's text may hold. ENV_X is known everywhere."""

    HERE = "here, host_node_name"
    PROGRAM = "here, host_node_name, program_name, group_name"
    PROCESS = "here, host_node_name, program_name, group_name, process_num, numprocs, own environment"
    PREFIX = "as for a process, and process_name"


@frozen
class Option:
    """One option. `field` is where the model keeps it ('' when code of its own places it)."""

    name: str
    convert: Converter
    default: str | None
    field: str = ""
    names: Names = Names.HERE
    since: str = "supervisor"
    required: bool = False
    lone_percent: bool = False  # a % that no name follows is a sign of its own


def _table(*options: Option) -> dict[str, Option]:
    return {option.name: option for option in options}


def _stream_options(channel: str) -> tuple[Option, ...]:
    process, program = Names.PROCESS, Names.PROGRAM
    return (
        Option(f"{channel}_logfile", convert.log_file, "AUTO", f"{channel}.logfile", process),
        Option(
            f"{channel}_logfile_maxbytes", convert.byte_size, "50MB", f"{channel}.logfile_max_bytes", process
        ),
        Option(f"{channel}_logfile_backups", convert.integer, "10", f"{channel}.logfile_backups", process),
        Option(
            f"{channel}_capture_maxbytes", convert.byte_size, "0", f"{channel}.capture_max_bytes", program
        ),
        Option(f"{channel}_events_enabled", convert.boolean, "false", f"{channel}.events_enabled", program),
        Option(f"{channel}_syslog", convert.boolean, "false", f"{channel}.syslog", process),
    )


_LIMIT_OPTIONS = tuple(
    Option(f"limit_{name}", convert_limits.limit(name), None, f"limits.{name}", Names.PROGRAM, "vigil")
    for name in convert_limits.LIMITS
)
IDENTITY_OPTIONS = (
    Option("nice", convert_limits.nice, None, "nice", Names.PROGRAM, "vigil"),
    Option("ionice", convert_limits.io_priority, None, "io_priority", Names.PROGRAM, "vigil"),
    Option("oom_score_adj", convert_limits.oom_score, None, "oom_score_adjustment", Names.PROGRAM, "vigil"),
    Option("cpu_affinity", convert_limits.cpus, None, "cpus", Names.PROCESS, "vigil"),
    Option("group", convert.group_id, None, "gid", Names.PROGRAM, "vigil"),
    Option(
        "supplementary_groups", convert_limits.group_ids, None, "supplementary_gids", Names.PROGRAM, "vigil"
    ),
    Option("inherit_environment", convert.boolean, "true", "inherit_environment", Names.PROGRAM, "vigil"),
    Option(
        "unset_environment", convert_limits.variable_names, "", "unset_environment", Names.PROGRAM, "vigil"
    ),
    Option("set_user_environment", convert.boolean, "false", "set_user_environment", Names.PROGRAM, "vigil"),
    Option("envfile", convert_limits.environment_files, "", "environment_files", Names.PROCESS, "vigil"),
)

_RESTART_OPTIONS = (
    Option("flapping", convert_restarts.flapping, "10/60s", "flapping", Names.PROGRAM, "vigil"),
    Option("on_flapping", convert_restarts.on_flapping, "backoff", "on_flapping", Names.PROGRAM, "vigil"),
    Option("restart_delay", convert_restarts.seconds, "0", "restart_delay_seconds", Names.PROGRAM, "vigil"),
    Option("restart_factor", convert_restarts.factor, "2", "restart_factor", Names.PROGRAM, "vigil"),
    Option(
        "restart_limit",
        convert_restarts.positive_seconds,
        "60",
        "restart_limit_seconds",
        Names.PROGRAM,
        "vigil",
    ),
)


def _health_option(name: str, convert: Converter, default: str | None, field: str) -> Option:
    return Option(name, convert, default, field, Names.PROCESS, "vigil")


HEALTH_OPTIONS = (
    _health_option("readiness", convert_health.readiness, None, "readiness"),
    _health_option("readiness_timeout", convert_health.positive_seconds, "90", "readiness_timeout_seconds"),
    _health_option("watchdog_secs", convert_restarts.seconds, "0", "watchdog_seconds"),
    _health_option("healthcheck", convert_health.healthcheck, None, "healthcheck"),
    _health_option(
        "healthcheck_interval", convert_health.positive_seconds, "30", "healthcheck_interval_seconds"
    ),
    _health_option(
        "healthcheck_timeout", convert_health.positive_seconds, "5", "healthcheck_timeout_seconds"
    ),
    _health_option("healthcheck_retries", convert_health.retries, "3", "healthcheck_retries"),
    _health_option(
        "healthcheck_start_period", convert_restarts.seconds, "0", "healthcheck_start_period_seconds"
    ),
    _health_option(
        "healthcheck_expect_status", convert_health.statuses, "200-399", "healthcheck_expect_status"
    ),
    _health_option("healthcheck_expect_body", convert_health.regex, "", "healthcheck_expect_body"),
    _health_option("on_unhealthy", convert_health.on_unhealthy, "alert", "on_unhealthy"),
)

_RULE_OPTIONS = (
    Option("memory_max", convert_rules.memory_max, None, "memory_max_bytes", Names.PROGRAM, "vigil"),
    Option("on_memory_max", convert_rules.on_memory_max, "restart", "on_memory_max", Names.PROGRAM, "vigil"),
    Option("rules", convert_rules.rules, "", "rules", Names.PROGRAM, "vigil", lone_percent=True),
)


def _schedule_option(name: str, convert: Converter, default: str | None, field: str) -> Option:
    return Option(name, convert, default, field, Names.PROGRAM, "vigil")


SCHEDULE_OPTIONS = (
    _schedule_option("schedule", convert_schedule.schedule, "", "schedule"),
    _schedule_option("schedule_timezone", convert_schedule.timezone, "", "schedule_timezone"),
    _schedule_option("schedule_overlap", convert_schedule.overlap, "skip", "schedule_overlap"),
    _schedule_option("schedule_missed", convert_schedule.missed, "skip", "schedule_missed"),
    _schedule_option("schedule_jitter_seconds", convert_restarts.seconds, "0", "schedule_jitter_seconds"),
)

_PROCESS_OPTIONS = (
    Option("command", convert.text, None, "command", Names.PROCESS, required=True),
    Option("process_name", convert.text, "%(program_name)s", "", Names.PROCESS),
    Option("numprocs", convert.integer, "1", "", Names.PROGRAM),
    Option("numprocs_start", convert.integer, "0", "numprocs_start", Names.PROGRAM),
    Option("autostart", convert.boolean, "true", "autostart", Names.PROGRAM),
    Option("autorestart", convert.autorestart, "unexpected", "autorestart", Names.PROGRAM),
    Option("startsecs", convert.integer, "1", "start_seconds", Names.PROGRAM),
    Option("startretries", convert.integer, "3", "start_retries", Names.PROGRAM),
    Option("exitcodes", convert.exit_codes, "0", "exit_codes", Names.PROGRAM),
    Option("stopsignal", convert.signal_number, "TERM", "stop_signal", Names.PROGRAM),
    Option("stopwaitsecs", convert.integer, "10", "stop_wait_seconds", Names.PROGRAM),
    Option("stopasgroup", convert.boolean, "false", "stop_as_group", Names.PROGRAM),
    Option("killasgroup", convert.boolean, None, "kill_as_group", Names.PROGRAM),
    Option("killmode", convert.kill_mode, "process", "kill_mode", Names.PROGRAM, "vigil"),
    Option("forking", convert.boolean, "false", "forking", Names.PROGRAM, "vigil"),
    Option("pidfile", convert.text, None, "pidfile", Names.PROCESS, "vigil"),
    Option("essential", convert.boolean, "false", "essential", Names.PROGRAM, "vigil"),
    Option("user", convert.user_id, None, "uid", Names.PROGRAM),
    Option("umask", convert.octal, None, "umask", Names.PROGRAM),
    Option("directory", convert.text, None, "directory", Names.PROCESS),
    Option("environment", convert.text, "", "", Names.PROCESS),
    Option("serverurl", convert.server_url, "AUTO", "server_url", Names.PROGRAM),
    Option("redirect_stderr", convert.boolean, "false", "redirect_stderr", Names.PROGRAM),
    *_stream_options("stdout"),
    *_stream_options("stderr"),
    Option("log_format", convert.log_format, "text", "log_format", Names.PROGRAM, "vigil"),
    Option("log_prefix", convert.quotable_text, "", "log_prefix", Names.PREFIX, "vigil"),
    Option("log_timestamps", convert.boolean, "false", "log_timestamps", Names.PROGRAM, "vigil"),
    *_RESTART_OPTIONS,
    *HEALTH_OPTIONS,
    *_RULE_OPTIONS,
    *SCHEDULE_OPTIONS,
    *_LIMIT_OPTIONS,
    *IDENTITY_OPTIONS,
    Option("remember", convert.boolean, "false", "remember", Names.PROGRAM, "vigil"),
    Option("depends_on", convert_dependencies.dependencies, "", "depends_on", Names.PROGRAM, "vigil"),
    Option(
        "restart_with_dependency", convert.boolean, "false", "restart_with_dependency", Names.PROGRAM, "vigil"
    ),
)

PROGRAM = _table(Option("priority", convert.integer, "999", "priority", Names.PROGRAM), *_PROCESS_OPTIONS)

FCGI_PROGRAM = PROGRAM | _table(
    Option("socket", convert.text, None, required=True),
    Option("socket_backlog", convert.integer, None),
    Option("socket_mode", convert.octal, "0700"),
    Option("socket_owner", convert.owner, None),
)

EVENTLISTENER = _table(
    Option("priority", convert.integer, "-1", "priority", Names.PROGRAM),
    *_PROCESS_OPTIONS,
    Option("events", convert.names, None, required=True),
    Option("buffer_size", convert.integer, "10"),
    Option("result_handler", convert.text, "supervisor.dispatchers:default_handler"),
    Option("length_in_characters", convert.boolean, "false", since="vigil"),
)
# A listener's stdout is a protocol, not a log, and whoever speaks it stays in the foreground.
_ASKED = tuple(option.name for option in HEALTH_OPTIONS)  # a listener says by its protocol how it is
_PLANNED = tuple(option.name for option in SCHEDULE_OPTIONS)  # and is there when there are events
for _vigils in ("log_format", "log_prefix", "log_timestamps", "forking", "pidfile", *_ASKED, *_PLANNED):
    del EVENTLISTENER[_vigils]

GROUP = _table(
    Option("programs", convert.names, None, required=True),
    Option("priority", convert.integer, "999"),
)

SUPERVISORD = _table(
    Option("logfile", convert.path_in_directory, "supervisord.log", "logfile"),
    Option("logfile_maxbytes", convert.byte_size, "50MB", "logfile_max_bytes"),
    Option("logfile_backups", convert.integer, "10", "logfile_backups"),
    Option("loglevel", convert.log_level, "info", "log_level"),
    Option("pidfile", convert.path_in_directory, "supervisord.pid", "pidfile"),
    Option("identifier", convert.text, "supervisor", "identifier"),
    Option("nodaemon", convert.boolean, "false", "nodaemon"),
    Option("silent", convert.boolean, "false", "silent"),
    Option("minfds", convert.integer, "1024", "minfds"),
    Option("minprocs", convert.integer, "200", "minprocs"),
    Option("umask", convert.octal, "022", "umask"),
    Option("user", convert.text, None, "user"),
    Option("directory", convert.existing_directory, None, "directory"),
    Option("childlogdir", convert.existing_directory, None, "child_log_dir"),
    Option("nocleanup", convert.boolean, "false", "nocleanup"),
    Option("strip_ansi", convert.boolean, "false", "strip_ansi"),
    Option("environment", convert.text, "", ""),
    Option("state_dir", convert.directory_to_be, None, "state_dir", since="vigil"),
    Option("history", convert.boolean, "true", "history", since="vigil"),
    Option("history_days", convert.days, "30", "history_days", since="vigil"),
    Option("history_maxbytes", convert.history_size, "50MB", "history_max_bytes", since="vigil"),
    Option("samples", convert.boolean, "true", "samples", since="vigil"),
    Option(
        "sample_interval", convert_samples.sample_interval, "60", "sample_interval_seconds", since="vigil"
    ),
)

_CREDENTIALS = (Option("username", convert.text, None), Option("password", convert.text, None))
UNIX_HTTP_SERVER = _table(
    Option("file", convert.text, None, required=True),
    Option("chmod", convert.octal, "0700"),
    Option("chown", convert.owner, None),
    *_CREDENTIALS,
    *(Option(f"{role.word}s", convert_access.people, None, since="vigil") for role in Role),
)
INET_HTTP_SERVER = _table(
    Option("port", convert.inet_address, None, required=True),
    *_CREDENTIALS,
    Option("allow_unauthenticated", convert.boolean, "false", "allow_unauthenticated", since="vigil"),
    Option("allowed_hosts", convert.names, None, "allowed_hosts", since="vigil"),
    Option("trusted_proxies", convert_access.networks, None, "trusted_proxies", since="vigil"),
    Option("certfile", convert.quotable_text, None, "certfile", since="vigil"),
    Option("keyfile", convert.quotable_text, None, "keyfile", since="vigil"),
    Option("client_ca_file", convert.quotable_text, None, "client_ca_file", since="vigil"),
    Option("client_cert", convert_access.client_certificate, None, "client_cert", since="vigil"),
)
USER = _table(
    Option("password", convert.text, None, "password", since="vigil"),
    Option("role", convert_access.role, "viewer", "role", since="vigil"),
)

SUPERVISORCTL = _table(
    Option("serverurl", convert.text, "http://localhost:9001", "server_url"),
    Option("username", convert.text, None, "username"),
    Option("password", convert.text, None, "password"),
    Option("prompt", convert.text, "supervisor", "prompt"),
    Option("history_file", convert.text, None, "history_file"),
    *(
        Option(name, convert.text, None, name, since="vigil")
        for name in ("token_file", "ca_file", "certfile", "keyfile")
    ),
)


def _alert_option(name: str, converter: str, default: str | None, field: str) -> Option:
    def convert(value: str, around: Surroundings) -> object:
        from vigild.config import convert_alerts  # late: few configurations have alerts

        convert_it: Converter = getattr(convert_alerts, converter)
        return convert_it(value, around)

    return Option(name, convert, default, field, since="vigil")


ALERT = _table(
    _alert_option("url", "urls", None, "urls"),
    _alert_option("url_file", "absolute_path", None, "url_file"),
    _alert_option("events", "events", "critical, warning, recovered", "events"),
    _alert_option("programs", "patterns", "", "programs"),
    _alert_option("monitors", "patterns", "", "monitors"),
    _alert_option("batch_seconds", "batch", "10", "batch_seconds"),
    _alert_option("repeat_seconds", "repeat", "0", "repeat_seconds"),
    _alert_option("quiet_hours", "quiet_hours", "", "quiet_hours"),
    _alert_option("quiet_pass", "quiet_pass", "critical", "quiet_pass"),
    _alert_option("max_per_hour", "messages_per_hour", "60", "max_per_hour"),
    _alert_option("output_lines", "lines", "10", "output_lines"),
    _alert_option("language", "language", "en", "language"),
    _alert_option("template", "template", "", "template"),
)


def _monitor_option(
    name: str, converter: str, default: str | None = None, field: str = "", *, lone_percent: bool = False
) -> Option:
    def convert_late(value: str, around: Surroundings) -> object:
        from vigild.config import convert_monitors  # late: few configurations have monitors

        convert_it: Converter = getattr(convert_monitors, converter)
        return convert_it(value, around)

    return Option(name, convert_late, default, field, since="vigil", lone_percent=lone_percent)


MONITOR = _table(
    _monitor_option("type", "monitor_type", None, "type"),
    Option("enabled", convert.boolean, "true", "enabled", since="vigil"),
    _monitor_option("interval", "interval", "30", "interval_seconds"),
    _monitor_option("timeout", "interval", "10", "timeout_seconds"),
    _monitor_option("start_delay", "seconds", "0", "start_delay_seconds"),
    Option("rules", convert.text, None, "", since="vigil", lone_percent=True),
    Option("program", convert.text, None, "program", since="vigil"),
    _monitor_option("depends_on", "names", "", "depends_on"),
    _monitor_option("active_times", "times", "", "active_times"),
    _monitor_option("paused_times", "times", "", "paused_times"),
    _monitor_option("path", "absolute_path"),
    _monitor_option("checksum", "checksum"),
    _monitor_option("content", "regex", lone_percent=True),
    _monitor_option("content_ignore", "regex", lone_percent=True),
    _monitor_option("url", "url", lone_percent=True),
    _monitor_option("expect_status", "status_ranges"),
    _monitor_option("expect_body", "regex", lone_percent=True),
    _monitor_option("headers", "headers", lone_percent=True),
    _monitor_option("method", "method", "GET"),
    Option("tls_verify", convert.boolean, "true", since="vigil"),
    _monitor_option("tls_ca", "absolute_path"),
    Option("send", convert.text, None, since="vigil", lone_percent=True),
    _monitor_option("expect", "regex", lone_percent=True),
    _monitor_option("command", "command", lone_percent=True),
    Option("directory", convert.text, None, "directory", since="vigil"),
    Option("environment", convert.text, "", since="vigil"),
    Option("user", convert.user_id, None, "uid", since="vigil"),
    Option("interface", convert.text, None, since="vigil"),
    _monitor_option("pidfile", "absolute_path"),
    _monitor_option("pattern", "regex", lone_percent=True),
    _monitor_option("start_command", "command", None, "start_command", lone_percent=True),
    _monitor_option("stop_command", "command", None, "stop_command", lone_percent=True),
    _monitor_option("restart_command", "command", None, "restart_command", lone_percent=True),
)


def _forward_option(name: str, converter: str, default: str | None, field: str) -> Option:
    def convert_late(value: str, around: Surroundings) -> object:
        from vigild.config import convert_forwards  # late: few configurations have forwards

        convert_it: Converter = getattr(convert_forwards, converter)
        return convert_it(value, around)

    return Option(name, convert_late, default, field, since="vigil")


FORWARD = _table(
    _forward_option("url", "url", None, "url"),
    _forward_option("url_file", "absolute_path", None, "url_file"),
    _forward_option("programs", "programs", "*", "programs"),
    _forward_option("channels", "channels", "stdout, stderr", "channels"),
    _forward_option("labels", "labels", "", "labels"),
    _forward_option("batch_seconds", "batch_seconds", "1", "batch_seconds"),
    _forward_option("batch_maxbytes", "batch_size", "1MB", "batch_max_bytes"),
    _forward_option("buffer_maxbytes", "buffer_size", "8MB", "buffer_max_bytes"),
)

INCLUDE = _table(Option("files", convert.text, None, required=True))
RPCINTERFACE = _table(Option("supervisor.rpcinterface_factory", convert.text, None, required=True))
CTLPLUGIN = _table(Option("supervisor.ctl_factory", convert.text, None, required=True))

SECTIONS: dict[str, dict[str, Option]] = {
    "supervisord": SUPERVISORD,
    "unix_http_server": UNIX_HTTP_SERVER,
    "inet_http_server": INET_HTTP_SERVER,
    "user": USER,
    "supervisorctl": SUPERVISORCTL,
    "program": PROGRAM,
    "fcgi-program": FCGI_PROGRAM,
    "eventlistener": EVENTLISTENER,
    "group": GROUP,
    "alert": ALERT,
    "monitor": MONITOR,
    "forward": FORWARD,
    "include": INCLUDE,
    "rpcinterface": RPCINTERFACE,
    "ctlplugin": CTLPLUGIN,
}
# Sections whose further keys go to the factory they name.
OPEN_SECTIONS = frozenset({"rpcinterface", "ctlplugin"})
NAMED_SECTIONS = frozenset(
    {
        "program",
        "fcgi-program",
        "eventlistener",
        "group",
        "alert",
        "monitor",
        "forward",
        "rpcinterface",
        "ctlplugin",
        "user",
    }
)


def kind_of(section: str) -> str | None:
    """The kind of a section by its header (`program` for `program:web`), None when there is no such kind."""
    kind, colon, _name = section.partition(":")
    if kind not in SECTIONS or (not colon and kind in NAMED_SECTIONS):
        return None
    if colon and kind in ("supervisord", "supervisorctl", "include"):
        return None
    return kind
