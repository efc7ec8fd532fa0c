"""Clients are received here: the servers on the doors, and the rooms that are loaded for the first of them.

Nothing of this is imported before the programs have been started.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigild.config.model import Config, ServerConfig
from vigild.control.daemon import VigilControl
from vigild.daemon.admission import make_gate
from vigild.fronts.router import make_app
from vigild.fronts.serving.server import Server, bound_to, open_server
from vigild.fronts.xmlrpc.interfaces import load_interface
from vigild.host.mainlog import MainLog
from vigild.host.sockets import Listener

if TYPE_CHECKING:
    from vigild.fronts.serving.tls import Certificates


def open_servers(
    config: Config, listeners: Sequence[Listener], control: VigilControl, log: MainLog
) -> list[tuple[ServerConfig, Server]]:
    """A server on each of the listening sockets, which are in the order of `config.servers`."""

    def log_by_level(level: str, message: str) -> None:
        getattr(log, level)(message)

    app = make_app(control, _load_interfaces(config, control, log))
    servers = []
    for server, listener in zip(config.servers, listeners, strict=True):
        gate = make_gate(server, config.users, bound_to(listener.socket), control, log)
        handler = app
        if gate.sessions is not None:
            from vigild.fronts.login import with_login

            handler = with_login(app, gate)
        opened = open_server(
            listener.socket, handler, gate=gate, tls=_certificates(server, log), log=log_by_level
        )
        servers.append((server, opened))
    return servers


def _certificates(server: ServerConfig, log: MainLog) -> "Certificates | None":
    """What a server that speaks TLS has, loaded already, so that the log tells at once what is wrong."""
    if server.path is not None or server.certfile is None:
        return None
    from vigild.fronts.serving.tls import Certificates

    certificates = Certificates(
        server.certfile,
        server.keyfile,
        server.client_ca_file,
        require_client=server.client_cert == "required",
        log=lambda level, text: getattr(log, level)(text),
    )
    certificates.context()
    return certificates


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
