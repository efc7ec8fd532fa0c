"""The receiving side of systemd's notification protocol: one datagram socket for all programs of the daemon.

Its address is abstract (`@` and the path that it would have in the runtime directory), so that programs of every
user reach it and nothing is left behind by a daemon that dies. The kernel says who sends (SCM_CREDENTIALS); whose
process that is, is for the engine to find. Descriptors that come along are closed: a `BARRIER=1` wants just that.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from errno import ENOTSUP

from vigild.engine.ports import Sender
from vigild.host import procfs
from vigild.wire.sd_notify import MAX_MESSAGE_BYTES, parse

MESSAGES_A_TURN = 64
MAX_ANCESTORS = 32
MAX_DESCRIPTORS = 253  # what one message can carry
RECEIVE_BUFFER_BYTES = 1 << 20
_CREDENTIALS = struct.Struct("iII")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(4 * MAX_DESCRIPTORS)

OnNotice = Callable[[Sender, dict[str, str]], None]


class Notifications:
    """Hears what programs say of themselves, once `listen` was called."""

    def __init__(self, loop: asyncio.AbstractEventLoop, path: str) -> None:
        self._loop = loop
        self._path = path
        self._socket: socket.socket | None = None
        self.on_notice: OnNotice = lambda sender, message: None

    @property
    def address(self) -> str:
        """For NOTIFY_SOCKET."""
        return f"@{self._path}"

    @property
    def fd(self) -> int:
        """The socket, to be handed over; -1 while nobody listens."""
        return self._socket.fileno() if self._socket is not None else -1

    def inherit(self, fd: int) -> None:
        """Go on with the socket of the image before this one; what was sent meanwhile waits in it."""
        self._open(socket.socket(fileno=fd))

    def listen(self) -> str:
        """The address; heard from now on. Raises OSError."""
        if self._socket is None:
            if not hasattr(socket, "SO_PASSCRED"):
                raise OSError(ENOTSUP, "notifications need Linux")
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                opened.bind("\0" + self._path)
            except OSError:
                opened.close()
                raise
            self._open(opened)
        return self.address

    def close(self) -> None:
        """Hear nothing any more."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _open(self, opened: socket.socket) -> None:
        opened.setblocking(False)
        self._socket = opened
        self._loop.add_reader(opened.fileno(), self._receive)

    def _receive(self) -> None:
        for _ in range(MESSAGES_A_TURN):
            if self._socket is None:
                return
            try:
                data, ancillary, flags, _address = self._socket.recvmsg(
                    MAX_MESSAGE_BYTES + 1, _ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC
                )
            except (BlockingIOError, InterruptedError):
                return
            credentials = _take(ancillary)
            message = parse(data) if not flags & socket.MSG_TRUNC else {}
            if credentials is not None and message:
                self.on_notice(_sender(*credentials), message)


def _take(ancillary: list[tuple[int, int, bytes]]) -> tuple[int, int] | None:
    """Pid and uid of the sender. Descriptors are closed."""
    found = None
    for level, kind, data in ancillary:
        if level != socket.SOL_SOCKET:
            continue
        if kind == socket.SCM_CREDENTIALS and len(data) >= _CREDENTIALS.size:
            pid, uid, _gid = _CREDENTIALS.unpack_from(data)
            found = pid, uid
        elif kind == socket.SCM_RIGHTS:
            for (fd,) in struct.iter_unpack("i", data[: len(data) // 4 * 4]):
                os.close(fd)
    return found


def _sender(pid: int, uid: int) -> Sender:
    ancestors: list[int] = []
    own, stat = os.getpid(), procfs.stat_of(pid)
    while stat is not None and stat.ppid not in (0, 1, own) and len(ancestors) < MAX_ANCESTORS:
        ancestors.append(stat.ppid)
        stat = procfs.stat_of(stat.ppid)
    return Sender(pid, uid, procfs.spawn_id_of(pid) or "", tuple(ancestors))
