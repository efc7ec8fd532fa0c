"""Clients are received here: the servers on the doors, and the rooms that are loaded for the first of them.

Nothing of this is imported before the programs have been started.
"""

from collections.abc import Sequence

from vigild.config.model import Config, ServerConfig
from vigild.control.daemon import VigilControl
from vigild.fronts.router import make_app
from vigild.fronts.serving.auth import Credentials
from vigild.fronts.serving.gate import Gate
from vigild.fronts.serving.server import Server, open_server
from vigild.fronts.xmlrpc.interfaces import load_interface
from vigild.host.mainlog import MainLog
from vigild.host.sockets import Listener


def open_servers(
    config: Config, listeners: Sequence[Listener], control: VigilControl, log: MainLog
) -> list[tuple[ServerConfig, Server]]:
    """A server on each of the listening sockets, which are in the order of `config.servers`."""

    def log_by_level(level: str, message: str) -> None:
        getattr(log, level)(message)

    app = make_app(control, _load_interfaces(config, control, log))
    servers = []
    for server, listener in zip(config.servers, listeners, strict=True):
        _warn_of_open_door(server, log)
        opened = open_server(listener.socket, app, gate=_gate(server), log=log_by_level)
        servers.append((server, opened))
    return servers


def _load_interfaces(config: Config, control: VigilControl, log: MainLog) -> dict[str, object]:
    interfaces: dict[str, object] = {}
    for interface in config.rpc_interfaces:
        if interface.name != "supervisor":
            try:
                loaded = load_interface(interface.factory, control, interface.options)
            except Exception as error:  # somebody else's code
                log.critical(f"cannot load [rpcinterface:{interface.name}]: {error}")
                continue
            interfaces[interface.name] = loaded
        log.info(f"RPC interface '{interface.name}' initialized")
    return interfaces


def _warn_of_open_door(server: ServerConfig, log: MainLog) -> None:
    if server.path is None and server.username is None:
        log.critical(f"Server '{server.section}' running without any HTTP authentication checking")


def _gate(server: ServerConfig) -> Gate:
    if server.username is None:
        return Gate()
    return Gate(Credentials(server.username, server.password or ""))
