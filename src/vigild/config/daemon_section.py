"""`[supervisord]` and the command line, which wins, to one DaemonConfig."""

import os
from collections.abc import Mapping
from typing import Any

from vigild.config.accounts import Surroundings
from vigild.config.convert import environment, user_id
from vigild.config.diagnostics import BadValueError
from vigild.config.expand import expand_twice
from vigild.config.ini import Section
from vigild.config.model import DaemonConfig
from vigild.config.options import SUPERVISORD
from vigild.config.programs import environment_texts
from vigild.config.resolve import Resolver

Overrides = Mapping[str, str | bool]


def resolve_daemon(resolver: Resolver, section: Section, overrides: Overrides) -> DaemonConfig:
    """The daemon's own settings; its `environment` is known as ENV_X from here on."""
    fields: dict[str, Any] = {}
    for key, entry in resolver.entries(section).items():
        option = SUPERVISORD.get(key)
        if option is not None and option.field:
            # The file's value is checked even where the command line wins: Supervisor refuses it then, too.
            fields[option.field] = resolver.converted(section, option, entry)
    fields = {name: value for name, value in fields.items() if value is not None}
    for key, given in overrides.items():
        option = SUPERVISORD[key]
        value = given if isinstance(given, bool) else resolver.override(option, option.convert, given)
        if value is not None:
            fields[option.field] = value
    daemon = DaemonConfig(**fields)
    _settle_paths(resolver, section, daemon)
    _settle_user(resolver, section, daemon)
    daemon.environment = _environment(resolver, section)
    resolver.daemon_environment = daemon.environment
    resolver.set_environment(daemon.environment)
    return daemon


def _settle_paths(resolver: Resolver, section: Section, daemon: DaemonConfig) -> None:
    if daemon.logfile != "syslog":
        daemon.logfile = resolver.around.normal_path(daemon.logfile)
    daemon.pidfile = resolver.around.normal_path(daemon.pidfile)
    if not daemon.child_log_dir:
        daemon.child_log_dir = default_child_log_dir(resolver.around)


def _settle_user(resolver: Resolver, section: Section, daemon: DaemonConfig) -> None:
    if daemon.user is None:
        return
    try:
        daemon.uid = user_id(daemon.user, resolver.around)
    except BadValueError as error:
        resolver.refuse(section, "user", error.code, str(error), error.hint)
        return
    daemon.gid = resolver.around.accounts.gid_of_user(daemon.uid)


def _environment(resolver: Resolver, section: Section) -> dict[str, str]:
    variables: dict[str, str] = {}
    for entry, text in environment_texts(resolver.entries(section).get("environment")):
        try:
            variables.update(environment(expand_twice(text, resolver.names)))
        except BadValueError as error:
            resolver.bad_value(section, "environment", entry, error)
    return variables


def default_child_log_dir(around: Surroundings) -> str:
    """Where AUTO logs go unless told: the first temporary directory that can be written."""
    candidates = [around.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    for path in (*candidates, "/tmp", "/var/tmp", "/usr/tmp"):
        if path and around.has_directory(path) and os.access(path, os.W_OK | os.X_OK):
            return os.path.abspath(path)
    return os.getcwd()
