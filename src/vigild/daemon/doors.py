"""The listening sockets of the image before this one, taken over; and what has changed about them since."""

import os
from collections.abc import Sequence

from vigild.config.model import ServerConfig
from vigild.engine.ports import Log
from vigild.host.handover import Handover, Package
from vigild.host.sockets import Listener, open_listener, take_listener

DOOR = "door"


def address_of(server: ServerConfig) -> str:
    """What names the socket of a server, however its section is called."""
    return f"unix:{server.path}" if server.path is not None else f"tcp:{server.host}:{server.port}"


def hand_over_doors(package: Package, servers: Sequence[ServerConfig], listeners: Sequence[Listener]) -> None:
    """Put them into the package; they stay open."""
    for server, listener in zip(servers, listeners, strict=True):
        package.add(DOOR, address_of(server), listener.socket.fileno(), listener.describe())


def take_doors(
    servers: Sequence[ServerConfig], handover: Handover, log: Log
) -> tuple[list[ServerConfig], list[Listener]]:
    """The doors of the configuration as it is now, with their sockets.

    One that cannot be opened is left out, and the log says so: everything else goes on. The sockets of those
    that are configured no more are closed.
    """
    inherited = {descriptor.name: descriptor for descriptor in handover.take(DOOR)}
    taken: list[ServerConfig] = []
    listeners: list[Listener] = []
    for server in servers:
        descriptor = inherited.pop(address_of(server), None)
        try:
            if descriptor is None:
                listeners.append(open_listener(server, log))
            else:
                listeners.append(take_listener(descriptor.fd, descriptor.data, server))
        except OSError as error:
            log.critical(
                f"cannot open the HTTP server of [{server.section}] on {address_of(server)}: "
                f"{error.strerror or error}; everything else goes on"
            )
            continue
        taken.append(server)
    for name, descriptor in inherited.items():
        log.info(f"closing the HTTP server on {name}, which is not configured any more")
        try:
            take_listener(descriptor.fd, descriptor.data).close()
        except OSError:
            os.close(descriptor.fd)
    return taken, listeners
