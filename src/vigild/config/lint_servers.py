"""Checks of the doors: who can reach the daemon, with what secret, and whether the client finds it."""

import os
from collections.abc import Iterator

from vigild.config.accounts import Surroundings, SystemAccounts
from vigild.config.diagnostics import BadValueError, Diagnostic
from vigild.config.expand import expand
from vigild.config.lint_subject import Check, Subject
from vigild.config.model import ServerConfig
from vigild.config.servers import asks_who
from vigild.core.access import is_loopback

WORLD_WRITABLE = 0o002


def check_passwords(subject: Subject) -> Iterator[Diagnostic]:
    """V401: a password that everybody who can read the file can read."""
    doors = [(server.section, server.password) for server in subject.config.servers]
    for section, password in doors + [(f"user:{user.name}", user.password) for user in subject.config.users]:
        entry = subject.entry(section, "password")
        if entry is None or not password or password.startswith("{") or "%(ENV_" in entry.text:
            continue
        text = "a password in clear text"
        hint = (
            "write the {scrypt}… that `vigil user hash` prints, or take it from the environment: %(ENV_NAME)s"
        )
        yield subject.finding("warning", "V401", section, "password", text, hint)


def check_open_ports(subject: Subject) -> Iterator[Diagnostic]:
    """V402: anybody on the network may look, or even start and stop programs."""
    for server in subject.config.servers:
        if server.path is not None or is_loopback(server.host) or asks_who(server, subject.config.users):
            continue
        reach = server.host or "every address"
        what = (
            "who reaches it controls the programs"
            if server.allow_unauthenticated
            else "who reaches it may look, and nobody may start or stop anything through it"
        )
        text = f"port {server.port} on {reach} is open without a password: {what}"
        hint = f"write port=127.0.0.1:{server.port}, or add username= and password=, or a [user:NAME]"
        yield subject.finding("warning", "V402", server.section, "port", text, hint)


def check_users(subject: Subject) -> Iterator[Diagnostic]:
    """V407: a user that no server asks for, or that cannot come in."""
    servers = [server for server in subject.config.servers if server.path is None]
    for user in subject.config.users:
        section = f"user:{user.name}"
        if not servers:
            text = "no [inet_http_server] asks for users"
            yield subject.finding("warning", "V407", section, None, text, "add one, or drop the user")
        elif user.password is None and not any(server.client_ca_file for server in servers):
            text = "a user without a password, and no server takes certificates"
            hint = "add password=, or client_ca_file= to [inet_http_server]"
            yield subject.finding("warning", "V407", section, None, text, hint)


def check_certificates(subject: Subject) -> Iterator[Diagnostic]:
    """V408: a file for TLS that is not there."""
    for server in subject.config.servers:
        for option in ("certfile", "keyfile", "client_ca_file"):
            path = getattr(server, option)
            if path is not None and not os.path.isfile(path):
                text = f"no such file: {path}"
                hint = "the port stays closed to everybody until it is there"
                yield subject.finding("warning", "V408", server.section, option, text, hint)


def check_socket_modes(subject: Subject) -> Iterator[Diagnostic]:
    """V403: a unix socket that every user may use."""
    for server in subject.config.servers:
        if (
            server.path is not None
            and server.mode & WORLD_WRITABLE
            and not (server.username or server.peer_roles)
        ):
            text = f"every user of the machine controls the programs (mode 0{server.mode:o})"
            hint = "write chmod=0770 and chown=user:group, or or say who may what: admins=, operators="
            yield subject.finding("warning", "V403", server.section, "chmod", text, hint)


def check_interface(subject: Subject) -> Iterator[Diagnostic]:
    """V404, V405: servers that answer nothing, or no server at all."""
    config = subject.config
    names = {interface.name for interface in config.rpc_interfaces}
    if config.servers and "supervisor" not in names:
        text = "there is no [rpcinterface:supervisor]: Vigil answers supervisorctl all the same, Supervisor would not"
        hint = (
            "add [rpcinterface:supervisor] with "
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface"
        )
        yield subject.finding("info", "V404", config.servers[0].section, None, text, hint)
    if not config.servers and "supervisord" in subject.document.sections:
        text = "no [unix_http_server] and no [inet_http_server]: supervisorctl cannot reach this daemon"
        hint = "add [unix_http_server] with file=/run/supervisor.sock"
        yield subject.finding("info", "V405", "supervisord", None, text, hint)


def check_client(subject: Subject) -> Iterator[Diagnostic]:
    """V406: `[supervisorctl]` names a server that this file does not run."""
    entry = subject.entry("supervisorctl", "serverurl")
    if entry is None or not subject.config.servers:
        return
    around = Surroundings(subject.environ, SystemAccounts(), "")
    names = {
        "here": _here(subject, around),
        **{f"ENV_{name}": value for name, value in subject.environ.items()},
    }
    try:
        url = expand(entry.text, names)
    except BadValueError as error:
        yield subject.finding("error", error.code, "supervisorctl", "serverurl", str(error), error.hint)
        return
    if not any(_serves(server, url, around) for server in subject.config.servers):
        text = f"{url} is none of the servers of this file"
        hint = "servers: " + ", ".join(map(_address, subject.config.servers))
        yield subject.finding("warning", "V406", "supervisorctl", "serverurl", text, hint)


def _here(subject: Subject, around: Surroundings) -> str:
    return around.normal_path(subject.path).rpartition("/")[0] or "/"


def _serves(server: ServerConfig, url: str, around: Surroundings) -> bool:
    if url.startswith("unix://"):
        return server.path == around.normal_path(url[7:])
    host, _colon, port = url.partition("://")[2].rstrip("/").rpartition(":")
    if server.path is not None or port != str(server.port):
        return False
    return not server.host or host == server.host or not is_loopback(server.host) or is_loopback(host)


def _address(server: ServerConfig) -> str:
    if server.path is not None:
        return f"unix://{server.path}"
    return f"http://{server.host or '*'}:{server.port}"


SERVER_CHECKS: tuple[Check, ...] = (
    check_passwords,
    check_open_ports,
    check_socket_modes,
    check_users,
    check_certificates,
    check_interface,
    check_client,
)
