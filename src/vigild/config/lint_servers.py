"""Checks of the doors: who can reach the daemon, with what secret, and whether the client finds it."""

from collections.abc import Iterator

from vigild.config.accounts import Surroundings, SystemAccounts
from vigild.config.diagnostics import BadValueError, Diagnostic
from vigild.config.expand import expand
from vigild.config.lint_subject import Check, Subject
from vigild.config.model import ServerConfig

WORLD_WRITABLE = 0o002


def check_passwords(subject: Subject) -> Iterator[Diagnostic]:
    """V401: a password that everybody who can read the file can read."""
    for server in subject.config.servers:
        entry = subject.entry(server.section, "password")
        if entry is None or not server.password or server.password.startswith("{") or "%(ENV_" in entry.text:
            continue
        text = "a password in clear text"
        hint = "write {scrypt}… or {SHA} and the SHA-1 in hex, or take it from the environment: %(ENV_NAME)s"
        yield subject.finding("warning", "V401", server.section, "password", text, hint)


def is_loopback(host: str) -> bool:
    """True for addresses that only this machine reaches."""
    return host in ("localhost", "::1", "[::1]") or host.startswith("127.")


def check_open_ports(subject: Subject) -> Iterator[Diagnostic]:
    """V402: anybody on the network may start and stop programs."""
    for server in subject.config.servers:
        if server.path is None and not is_loopback(server.host) and server.username is None:
            reach = server.host or "every address"
            text = f"port {server.port} on {reach} is open without a password: who reaches it controls the programs"
            hint = f"write port=127.0.0.1:{server.port}, or add username= and password="
            yield subject.finding("warning", "V402", server.section, "port", text, hint)


def check_socket_modes(subject: Subject) -> Iterator[Diagnostic]:
    """V403: a unix socket that every user may use."""
    for server in subject.config.servers:
        if server.path is not None and server.mode & WORLD_WRITABLE and server.username is None:
            text = f"every user of the machine controls the programs (mode 0{server.mode:o})"
            hint = "write chmod=0770 and chown=user:group, or add username= and password="
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
    check_interface,
    check_client,
)
