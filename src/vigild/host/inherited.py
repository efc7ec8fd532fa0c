"""Descriptors that whoever started the daemon handed over: listening sockets, and what it kept for us.

systemd passes both in one row from 3 up (`LISTEN_FDS`). What we gave it to keep has a name of ours; the rest
are sockets, each for the door with the same address. A socket stays here for as long as the process
lives, so that a restart within it finds it again: `claim` gives a duplicate.
"""

import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass, field

from vigild.config.model import ServerConfig
from vigild.engine.ports import Log
from vigild.wire.listen_fds import VARIABLES, handed_over
from vigild.wire.sd_notify import decode_fd_name

STORED_PREFIX = "fifo."  # of the names of descriptors that we gave to be kept


@dataclass(slots=True)
class Inherited:
    """What was handed over at the start, and has not been taken yet."""

    sockets: list[socket.socket] = field(default_factory=list)
    claimed: set[int] = field(default_factory=set)
    _stored: dict[str, list[int]] = field(default_factory=dict)

    def claim(self, server: ServerConfig) -> socket.socket | None:
        """A listening socket for this door, non-blocking, if one was handed over; the caller's to close."""
        for listener in self.sockets:
            if _fits(listener, server):
                self.claimed.add(listener.fileno())
                taken = listener.dup()
                taken.setblocking(False)
                return taken
        return None

    def take_stored(self) -> dict[str, list[int]]:
        """The descriptors that were kept for us, by the names they were given; the caller's to close."""
        stored, self._stored = self._stored, {}
        return stored

    def close_unclaimed(self, log: Log) -> None:
        """Nobody will serve the sockets that no door has claimed: whoever connects is to be refused, not to wait."""
        for listener in [each for each in self.sockets if each.fileno() not in self.claimed]:
            log.warn(
                f"no [unix_http_server] or [inet_http_server] has the address {_address_text(listener)} of the socket "
                "that was handed over as LISTEN_FDS; it is closed: name that address there, or drop the .socket unit"
            )
            self.sockets.remove(listener)
            listener.close()
        self.claimed.clear()  # the next life of the daemon claims anew

    def close(self) -> None:
        """Let go of everything."""
        for listener in self.sockets:
            listener.close()
        self.sockets.clear()
        for fds in self.take_stored().values():
            for fd in fds:
                os.close(fd)


def take_inherited(environ: MutableMapping[str, str], log: Log) -> Inherited:
    """Take what was handed over, so that no child gets it; the variables have been read, and go.

    (A re-executed daemon has the same pid, and would take whatever has these numbers then for the same.)
    """
    inherited = Inherited()
    for fd, name in handed_over(environ, os.getpid()):
        try:
            os.set_inheritable(fd, False)
            if name.startswith(STORED_PREFIX):
                os.set_blocking(fd, False)
                kept_as = decode_fd_name(name.removeprefix(STORED_PREFIX))
                inherited._stored.setdefault(kept_as, []).append(fd)
            else:
                _take_socket(inherited, fd, name, log)
        except OSError as error:
            log.warn(f"descriptor {fd} ({name}) of LISTEN_FDS cannot be used: {error.strerror or error}")
    for variable in VARIABLES:
        environ.pop(variable, None)
    return inherited


def _take_socket(inherited: Inherited, fd: int, name: str, log: Log) -> None:
    try:
        listener = socket.socket(fileno=fd)
    except OSError:
        os.close(fd)
        raise
    if listener.type != socket.SOCK_STREAM or not listener.getsockopt(
        socket.SOL_SOCKET, socket.SO_ACCEPTCONN
    ):
        log.warn(
            f"the socket {name} of LISTEN_FDS does not listen for connections; it is closed "
            "(a .socket unit for Vigil has ListenStream= and no Accept=yes)"
        )
        listener.close()
        return
    inherited.sockets.append(listener)


def _fits(listener: socket.socket, server: ServerConfig) -> bool:
    if listener.family == socket.AF_UNIX:
        return server.path is not None and _is_same_path(listener.getsockname(), server.path)
    if listener.family not in (socket.AF_INET, socket.AF_INET6) or server.path is not None:
        return False
    host, port = listener.getsockname()[:2]
    return bool(port == server.port) and _is_same_host(host, server.host)


def _is_same_path(bound: str | bytes, path: str) -> bool:
    if not isinstance(bound, str) or not bound:  # bytes: an abstract name
        return False
    if bound == path:
        return True
    try:
        return os.path.samefile(bound, path)
    except OSError:
        return False


def _is_same_host(bound: str, host: str) -> bool:
    if not host:  # all addresses
        return bound in ("0.0.0.0", "::")
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return bound in {address[0] for *_, address in found}


def _address_text(listener: socket.socket) -> str:
    name = listener.getsockname()
    if isinstance(name, tuple):
        return f"{name[0]}:{name[1]}"
    return name if isinstance(name, str) else "@" + name[1:].decode(errors="replace")
