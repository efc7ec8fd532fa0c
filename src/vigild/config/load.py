"""One configuration file, with what it includes, to a resolved Config. It never throws: findings are values.

    file -> ini.Document -> [supervisord] -> groups -> servers -> Config

Nothing here acts on the machine; it is asked whether directories and accounts exist, because Supervisor
refuses a file that names missing ones. `vigil check` reads through this very code and adds `lint`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import field

from vigild.config.accounts import Accounts, Surroundings, SystemAccounts
from vigild.config.daemon_section import Overrides, resolve_daemon
from vigild.config.dependencies import resolve_dependencies
from vigild.config.diagnostics import BadValueError, Diagnostic
from vigild.config.expand import expand
from vigild.config.groups import resolve_groups
from vigild.config.imports import why_not_importable as _why_not_importable
from vigild.config.ini import Document, Section, read_bytes
from vigild.config.model import AlertConfig, Config, ForwardConfig, GroupConfig, MonitorConfig, Where
from vigild.config.resolve import Resolver
from vigild.config.review import review_document
from vigild.config.search import find_config_file as find_config_file
from vigild.config.search import searched_paths as searched_paths
from vigild.config.servers import resolve_rpc_interfaces, resolve_servers, resolve_users, server_url
from vigild.core.frozen import plain


@plain
class Loaded:
    """What a load came to. `config` is None when a diagnostic is an error; `draft` is what could be resolved.

    `criticals`, `warnings` and `infos` are the lines that Supervisor writes in its own log at start.
    """

    config: Config | None
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    criticals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    document: Document = field(default_factory=Document)
    draft: Config | None = None


def load(
    path: str,
    *,
    environ: Mapping[str, str],
    overrides: Overrides | None = None,
    accounts: Accounts | None = None,
    host_node_name: str | None = None,
    uid: int | None = None,
    is_directory: Callable[[str], bool] = os.path.isdir,
    why_not_importable: Callable[[str], str] = _why_not_importable,
) -> Loaded:
    """Read and resolve a configuration file.

    `overrides` are the command line's values by INI option name of `[supervisord]`: raw text, or True.
    The keyword arguments after it stand for the machine; without them it is asked itself.
    """
    around = Surroundings(
        environ=environ,
        accounts=SystemAccounts() if accounts is None else accounts,
        host_node_name=os.uname().nodename if host_node_name is None else host_node_name,
        uid=os.getuid() if uid is None else uid,
        is_directory=is_directory,
        why_not_importable=why_not_importable,
    )
    document = read_file(path)
    here = os.path.abspath(os.path.dirname(path))
    resolver = Resolver(document, here, around)
    files = [path]
    if not resolver.failed:
        files += _include(resolver, path)
    section = document.sections.get("supervisord")
    if section is None:
        if not resolver.failed:
            hint = (
                "add the line [supervisord]; parts of a configuration belong in a file that [include]s them"
            )
            text = ".ini file does not include supervisord section"
            resolver.report("error", "V004", Where(path, 0), None, None, text, hint)
        section = Section("supervisord", path, 0)
    config = _resolve(resolver, section, path, overrides or {})
    review_document(resolver)
    return Loaded(
        None if resolver.failed else config,
        tuple(resolver.diagnostics),
        tuple(files),
        (),
        tuple(resolver.warnings),
        tuple(resolver.infos),
        document,
        config,
    )


def read_file(path: str) -> Document:
    """A file's sections; that it cannot be read is a diagnostic of the document."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        text = f"could not {'find' if missing else 'read'} config file {path}"
        hint = (
            "check the name; supervisord and supervisorctl take it after -c"
            if missing
            else str(error.strerror)
        )
        return Document(diagnostics=[Diagnostic("error", Where(path, 0), None, None, text, hint, "V001")])
    return read_bytes(data, path)


def _resolve(resolver: Resolver, section: Section, path: str, overrides: Overrides) -> Config:
    daemon = resolve_daemon(resolver, section, overrides)
    interfaces = resolve_rpc_interfaces(resolver)
    groups = resolve_groups(resolver)
    resolve_dependencies(resolver, groups)
    servers = resolve_servers(resolver)
    daemon.server_url = server_url(servers)
    return Config(
        path,
        daemon,
        servers,
        interfaces,
        groups,
        _alerts(resolver),
        resolve_users(resolver),
        _monitors(resolver, groups),
        _forwards(resolver),
    )


def _alerts(resolver: Resolver) -> tuple[AlertConfig, ...]:
    if not any(name.startswith("alert:") for name in resolver.document.sections):
        return ()
    from vigild.config.alerts import resolve_alerts  # late: few configurations have any

    return resolve_alerts(resolver)


def _monitors(resolver: Resolver, groups: tuple[GroupConfig, ...]) -> tuple[MonitorConfig, ...]:
    if not any(name.startswith("monitor:") for name in resolver.document.sections):
        return ()
    from vigild.config.monitors import resolve_monitors  # late: few configurations have any

    return resolve_monitors(resolver, groups)


def _forwards(resolver: Resolver) -> tuple[ForwardConfig, ...]:
    if not any(name.startswith("forward:") for name in resolver.document.sections):
        return ()
    from vigild.config.forwards import resolve_forwards  # late: few configurations have any

    return resolve_forwards(resolver)


def _include(resolver: Resolver, path: str) -> list[str]:
    """Merge the files that `[include]` names into the document; each has its own `here`."""
    document = resolver.document
    section = document.sections.get("include")
    if section is None:
        return []
    entry = resolver.entries(section).get("files")
    if entry is None:
        hint = "add files=conf.d/*.conf (patterns with blanks between), or drop the section"
        resolver.refuse(section, None, "V014", "[include] without files=", hint)
        return []
    document.replace_in_values("%(here)s", resolver.here)
    try:
        patterns = expand(entry.text, resolver.names).split()
    except BadValueError as error:
        resolver.bad_value(section, "files", entry, error)
        return []
    import glob

    base = os.path.dirname(os.path.abspath(path))
    included: list[str] = []
    for pattern in patterns:
        full = os.path.join(base, pattern)
        names = sorted(glob.glob(full))
        if not names:
            resolver.warnings.append(f'No file matches via include "{full}"')
            text = f"no file matches {full}"
            hint = "patterns are relative to this file; a file that comes later needs a reread"
            resolver.report("info", "V106", entry.where, section.name, "files", text, hint)
        for name in names:
            resolver.infos.append(f'Included extra file "{name}" during parsing')
            _include_file(resolver, name)
            included.append(name)
    return included


def _include_file(resolver: Resolver, name: str) -> None:
    document = read_file(name)
    for finding in document.diagnostics:
        if finding.code == "V001":  # Supervisor skips what it cannot open, without a word
            resolver.report("warning", "V111", finding.where, None, None, finding.text, finding.hint)
        else:
            resolver.report(
                finding.severity,
                finding.code,
                finding.where,
                finding.section,
                None,
                finding.text,
                finding.hint,
            )
    document.diagnostics = []
    nested = document.sections.get("include")
    if nested is not None:
        text = "[include] in an included file is not followed"
        hint = "include the files from the main file"
        resolver.report("warning", "V108", nested.where, "include", None, text, hint)
    document.replace_in_values("%(here)s", os.path.abspath(os.path.dirname(name)))
    resolver.document.merge(document)
