"""The doors for clients (`[unix_http_server]`, `[inet_http_server]`), who may come through (`[user:x]`), and further
RPC interfaces."""

from collections.abc import Sequence
from typing import Any

from vigild.config.ini import Section
from vigild.config.model import RpcInterfaceConfig, ServerConfig, UserConfig
from vigild.config.options import INET_HTTP_SERVER, RPCINTERFACE, UNIX_HTTP_SERVER, USER, Option
from vigild.config.resolve import Resolver, plugin_options
from vigild.core.access import PeerRoles, Role

MAIN_FACTORY = "supervisor.rpcinterface:make_main_rpcinterface"
FACTORY_KEY = "supervisor.rpcinterface_factory"


def resolve_servers(resolver: Resolver) -> tuple[ServerConfig, ...]:
    """Every server, TCP first, in the order of the file."""
    sections = resolver.document.sections.values()
    servers = [_inet(resolver, item) for item in sections if item.name.startswith("inet_http_server")]
    servers += [_unix(resolver, item) for item in sections if item.name.startswith("unix_http_server")]
    return tuple(server for server in servers if server is not None)


def asks_who(server: ServerConfig, users: Sequence[UserConfig]) -> bool:
    """Does this TCP server want to know who somebody is?"""
    return server.username is not None or server.client_ca_file is not None or bool(users)


def server_url(servers: tuple[ServerConfig, ...]) -> str | None:
    """What children are told to connect to: the first unix socket, else the last TCP address."""
    for server in servers:
        if server.path is not None:
            return f"unix://{server.path}"
    scheme = "https" if servers and servers[-1].certfile else "http"
    return f"{scheme}://{servers[-1].host or 'localhost'}:{servers[-1].port}" if servers else None


def _inet(resolver: Resolver, section: Section) -> ServerConfig | None:
    credentials = _credentials(resolver, section, INET_HTTP_SERVER)
    address = resolver.value(section, INET_HTTP_SERVER["port"])
    if address is None:
        _require(resolver, section, "port", "add port=127.0.0.1:9001")
        return None
    host, port = address
    server = ServerConfig(
        section.name, _name(section), host=host, port=port, where=section.where, **credentials
    )
    for option in INET_HTTP_SERVER.values():
        if option.field and (value := resolver.value(section, option)) is not None:
            setattr(server, option.field, value)
    for name in _FILES:
        if path := getattr(server, name):
            setattr(server, name, resolver.around.normal_path(path))
    _check_tls(resolver, section, server)
    return server


_FILES = ("certfile", "keyfile", "client_ca_file")


def _check_tls(resolver: Resolver, section: Section, server: ServerConfig) -> None:
    if server.keyfile and not server.certfile:
        resolver.refuse(section, "keyfile", "V013", "keyfile without certfile", "add certfile=, or drop it")
    if server.client_ca_file and not server.certfile:
        text = "client_ca_file without certfile: client certificates need TLS"
        resolver.refuse(section, "client_ca_file", "V013", text, "add certfile= and keyfile=")
    if server.client_cert and not server.client_ca_file:
        text = "client_cert without client_ca_file: there is nothing to check certificates against"
        resolver.refuse(section, "client_cert", "V013", text, "add client_ca_file=, or drop it")


def _unix(resolver: Resolver, section: Section) -> ServerConfig | None:
    credentials = _credentials(resolver, section, UNIX_HTTP_SERVER)
    path = resolver.value(section, UNIX_HTTP_SERVER["file"])
    owner = resolver.value(section, UNIX_HTTP_SERVER["chown"], (-1, -1))
    mode = resolver.value(section, UNIX_HTTP_SERVER["chmod"], 0o700)
    if path is None:
        _require(resolver, section, "file", "add file=/run/supervisor.sock")
        return None
    path = resolver.around.normal_path(path.strip())
    return ServerConfig(
        section.name,
        _name(section),
        path=path,
        owner=owner,
        mode=mode,
        peer_roles=_peer_roles(resolver, section),
        where=section.where,
        **credentials,
    )


def _peer_roles(resolver: Resolver, section: Section) -> PeerRoles | None:
    given = [f"{role.word}s" for role in Role if f"{role.word}s" in resolver.entries(section)]
    if not given:
        return None
    return PeerRoles(**{name: resolver.value(section, UNIX_HTTP_SERVER[name], ()) for name in given})


def resolve_users(resolver: Resolver) -> tuple[UserConfig, ...]:
    """Every `[user:x]`."""
    users = []
    for section in resolver.document.sections.values():
        if not section.name.startswith("user:"):
            continue
        name = section.name.partition(":")[2].strip()
        if not name or ":" in name:
            text = f"not a name for a user: {name!r}"
            resolver.refuse(section, None, "V006", text, "a name is not empty and holds no colon")
            continue
        role = resolver.value(section, USER["role"], Role.VIEWER)
        password = resolver.value(section, USER["password"])
        users.append(UserConfig(name, role, password, section.where))
    return tuple(users)


def _require(resolver: Resolver, section: Section, option: str, hint: str) -> None:
    if option not in resolver.entries(section):
        resolver.refuse(section, None, "V005", f"no {option}= in this section", hint)


def _name(section: Section) -> str | None:
    _kind, colon, name = section.name.partition(":")
    return name if colon else None


def _credentials(resolver: Resolver, section: Section, table: dict[str, Option]) -> dict[str, Any]:
    username = resolver.value(section, table["username"])
    password = resolver.value(section, table["password"])
    if (username is None) != (password is None):
        present, absent = ("username", "password") if password is None else ("password", "username")
        text = f"{present} without {absent}: no authentication is possible"
        resolver.refuse(section, present, "V013", text, f"add {absent}=, or drop {present}")
    return {"username": username, "password": password}


def resolve_rpc_interfaces(resolver: Resolver) -> tuple[RpcInterfaceConfig, ...]:
    """Every `[rpcinterface:x]`, its factory's further options being expanded text."""
    interfaces = []
    for section in resolver.document.sections.values():
        if not section.name.startswith("rpcinterface:"):
            continue
        factory = resolver.value(section, RPCINTERFACE[FACTORY_KEY])
        if factory is None:
            _require(resolver, section, FACTORY_KEY, f"add {FACTORY_KEY}=module:function")
            continue
        if factory != MAIN_FACTORY and (why := resolver.around.why_not_importable(factory)):
            hint = (
                f"install the package that has it, for the Python of supervisord, or drop the section ({why})"
            )
            resolver.refuse(section, FACTORY_KEY, "V012", f"cannot import {factory}", hint)
        interfaces.append(
            RpcInterfaceConfig(
                section.name.partition(":")[2], factory, plugin_options(resolver, section, FACTORY_KEY)
            )
        )
    return tuple(interfaces)
