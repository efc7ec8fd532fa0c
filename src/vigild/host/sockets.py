"""Listening sockets: the doors for clients, and the shared sockets of fcgi-programs."""

import errno
import os
import socket
import stat

from vigild.config.model import FcgiSocketConfig, ServerConfig
from vigild.core.frozen import plain
from vigild.engine.ports import Log

SERVER_BACKLOG = 1024
MAX_STALE_TRIES = 3


@plain
class Listener:
    """A listening, non-blocking socket. `path` is set for unix sockets."""

    socket: socket.socket
    path: str | None = None
    _identity: tuple[int, int] = (0, 0)

    def describe(self) -> bytes:
        """For `take_listener` in the daemon's next image."""
        if self.path is None:
            return b""
        return b"%d %d %b" % (*self._identity, os.fsencode(self.path))

    def close(self) -> None:
        """Stop listening; remove the socket file if it is still the one we made."""
        if self.path is not None and _identity(self.path) == self._identity:
            try:
                os.unlink(self.path)
            except OSError:
                pass
        self.socket.close()


def open_listener(server: ServerConfig, log: Log) -> Listener:
    """Open the door that `server` describes. Raises OSError (EADDRINUSE: somebody listens there already)."""
    if server.path is not None:
        return _open_unix(server.path, server.mode, server.owner, log)
    return _open_tcp(server.host, server.port)


def take_listener(fd: int, description: bytes, server: ServerConfig | None = None) -> Listener:
    """Go on with a socket of the image before this one. `server` says what the rights of its file are now.

    Raises OSError when `fd` is not a socket.
    """
    listener = socket.socket(fileno=fd)
    listener.setblocking(False)
    device, _, rest = description.partition(b" ")
    inode, _, path = rest.partition(b" ")
    if not path:
        return Listener(listener)
    taken = Listener(listener, os.fsdecode(path), (int(device), int(inode)))
    if server is not None and taken.path is not None and _identity(taken.path) == taken._identity:
        try:
            if stat.S_IMODE(os.stat(taken.path).st_mode) != server.mode:
                os.chmod(taken.path, server.mode)
            if server.owner != (-1, -1):
                os.chown(taken.path, *server.owner)
        except OSError:
            pass  # it stays as it was, which was right until now
    return taken


def _open_tcp(host: str, port: int) -> Listener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sees TCP and turns Nagle's algorithm off; without it, 40-ms stalls.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(SERVER_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return Listener(listener)


def _open_unix(path: str, mode: int, owner: tuple[int, int], log: Log) -> Listener:
    """Bind under another name, set mode and owner, listen, and only then link the name in: no moment at
    which the socket is there with the wrong rights, and no other daemon's socket is ever replaced."""
    temporary = f"{path}.{os.getpid()}"
    _unlink_quietly(temporary)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(temporary)
        os.chmod(temporary, mode)
        if owner != (-1, -1):
            _chown_socket(temporary, path, owner)
        listener.listen(SERVER_BACKLOG)
        listener.setblocking(False)
        _link_in(temporary, path, log)
        return Listener(listener, path, _identity(path))
    except BaseException:
        listener.close()
        raise
    finally:
        _unlink_quietly(temporary)


def _chown_socket(temporary: str, path: str, owner: tuple[int, int]) -> None:
    try:
        os.chown(temporary, *owner)
    except PermissionError as error:
        raise PermissionError(
            errno.EPERM,
            f"cannot give {path} to uid/gid {owner}: uid {os.geteuid()} may not; set sockchown to an owner it may choose",
        ) from error


def _link_in(temporary: str, path: str, log: Log) -> None:
    for _ in range(MAX_STALE_TRIES):
        try:
            os.link(temporary, path)
        except FileExistsError:
            if is_socket_served(path):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), path) from None
            log.info(f"Unlinking stale socket {path}")
            _unlink_quietly(path)
        else:
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), path)


def is_socket_served(path: str) -> bool:
    """Does somebody listen at this path? True, too, for what is not a socket: it is not ours to remove."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            return True
    except OSError:
        return False
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.setblocking(False)
    try:
        probe.connect(path)
    except BlockingIOError:
        return True  # its backlog is full: somebody is there
    except OSError:
        return False
    else:
        return True
    finally:
        probe.close()


def _identity(path: str) -> tuple[int, int]:
    try:
        facts = os.lstat(path)
    except OSError:
        return (0, -1)
    return facts.st_dev, facts.st_ino


def _unlink_quietly(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


class SharedSockets:
    """The `SharedSockets` port: one listening socket for each group, counted by its running members."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._sockets: dict[str, tuple[socket.socket, str]] = {}
        self._members: dict[str, int] = {}
        self._inherited: dict[str, socket.socket] = {}
        self._is_adopting = False

    def describe(self) -> list[tuple[str, int]]:
        """Groups and the descriptors of their sockets, for the daemon's next image."""
        return [(group, listener.fileno()) for group, (listener, _) in self._sockets.items()]

    def inherit(self, group: str, fd: int) -> None:
        """The socket of a group, from the image before this one; for the members that are adopted."""
        self._is_adopting = True
        self._inherited[group] = socket.socket(fileno=fd)

    def close_inherited(self) -> None:
        """No more members will be adopted: let go of what nobody claimed."""
        self._is_adopting = False
        for listener in self._inherited.values():
            listener.close()
        self._inherited.clear()

    def take_back(self, group: str, socket: object, pid: int) -> None:
        """Hold the socket that member `pid` of the daemon before this one holds."""
        assert isinstance(socket, FcgiSocketConfig)
        self._is_adopting = True
        if group not in self._sockets and group not in self._inherited:
            listener = self._taken_back(socket, pid)
            if listener is not None:
                self._inherited[group] = listener

    def adopt(self, group: str, socket: object) -> None:
        """Count a member that the daemon before this one started."""
        assert isinstance(socket, FcgiSocketConfig)
        self._claim(group, socket)
        self._members[group] = self._members.get(group, 0) + 1

    def _claim(self, group: str, config: FcgiSocketConfig) -> None:
        listener = self._inherited.pop(group, None)
        if listener is not None:
            self._sockets[group] = (listener, config.url)

    def _taken_back(self, config: FcgiSocketConfig, pid: int) -> socket.socket | None:
        from vigild.host.take_descriptor import take_descriptor

        try:
            return socket.socket(fileno=take_descriptor(pid, 0))
        except OSError as error:
            self._log.warn(
                f"cannot take the socket {config.url} back from process {pid} ({error.strerror}): "
                "what runs goes on with it, what is started from now on gets another one; "
                "restart all processes of the group to give them one again"
            )
            return None

    def acquire(self, group: str, socket: object) -> int:
        """fd of the group's socket, made on first use. Raises OSError."""
        assert isinstance(socket, FcgiSocketConfig)
        self._claim(group, socket)
        if group not in self._sockets:
            self._log.info(f"Creating socket {socket.url}")
            self._sockets[group] = (_open_shared(socket), socket.url)
        self._members[group] = self._members.get(group, 0) + 1
        return self._sockets[group][0].fileno()

    def release(self, group: str) -> None:
        """One member ended; the last one closes the socket. Its file stays, as Supervisor leaves it."""
        if group not in self._members:
            return
        self._members[group] -= 1
        if self._members[group] <= 0:
            del self._members[group]
            if group not in self._sockets:  # it could not be taken back from the members
                return
            listener, url = self._sockets.pop(group)
            if self._is_adopting:  # other members, which live, have not had their turn
                self._inherited[group] = listener
                return
            self._log.info(f"Closing socket {url}")
            listener.close()


def _open_shared(config: FcgiSocketConfig) -> socket.socket:
    # Blocking: the children accept on it, and know nothing of our loop.
    if config.path is not None:
        _unlink_quietly(config.path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if config.path is not None:
            listener.bind(config.path)
            if config.owner is not None:
                os.chown(config.path, *config.owner)
            if config.mode is not None:
                os.chmod(config.path, config.mode)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((config.host or "", config.port or 0))
        listener.listen(config.backlog or socket.SOMAXCONN)
    except BaseException:
        listener.close()
        if config.path is not None:
            _unlink_quietly(config.path)
        raise
    return listener
