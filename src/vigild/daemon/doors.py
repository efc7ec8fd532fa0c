"""The listening sockets for clients: opened at the start, handed to the next image at an upgrade, taken over by it."""

import errno
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigild.config.model import ServerConfig
from vigild.daemon.arguments import UsageError
from vigild.engine.ports import Log
from vigild.host.handover import Handover, Package
from vigild.host.sockets import Listener, open_listener, take_listener

if TYPE_CHECKING:
    from vigild.host.inherited import Inherited

DOOR = "door"


def address_of(server: ServerConfig) -> str:
    """What names the socket of a server, however its section is called."""
    return f"unix:{server.path}" if server.path is not None else f"tcp:{server.host}:{server.port}"


def open_doors(servers: Sequence[ServerConfig], inherited: "Inherited | None", log: Log) -> list[Listener]:
    """Bind before anything is started: a second daemon on the same sockets must not start its programs too.

    A socket that systemd handed over for a door is used as it is, and whoever made it removes it. Raises UsageError.
    """
    listeners: list[Listener] = []
    for server in servers:
        try:
            handed_over = inherited.claim(server) if inherited is not None else None
            listeners.append(Listener(handed_over) if handed_over else open_listener(server, log))
        except OSError as error:
            for listener in listeners:
                listener.close()
            where = server.path or f"{server.host or '*'}:{server.port}"
            if error.errno == errno.EADDRINUSE:
                raise UsageError(
                    f"Another program is already listening on {where}, which [{server.section}] is to use. "
                    "Is this configuration's daemon running already? Shut that program down first"
                ) from None
            raise UsageError(
                f"cannot open the HTTP server of [{server.section}] on {where}: {error.strerror or error}"
            ) from None
    if inherited is not None:
        inherited.close_unclaimed(log)
    return listeners


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
