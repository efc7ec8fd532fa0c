"""Accepting connections, and ending them in good order."""

import asyncio
import errno
import socket
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vigild.fronts.serving.connection import Connection, Context, OpenConnection, Peer
from vigild.fronts.serving.gate import Gatekeeper
from vigild.fronts.serving.limits import Counters, Limits
from vigild.fronts.serving.messages import Handler

if TYPE_CHECKING:
    from vigild.fronts.serving.tls import Certificates

_ACCEPTS_A_WAKEUP = 64
_PAUSE_SECONDS = 0.5  # before accepting again when the process is out of file descriptors
_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_SETTLING_SECONDS = (
    0.002  # how often it is asked whether all have their answers, for the moment before an exec
)
_INTERRUPTION_SECONDS = 0.5
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nServer: Vigil\r\nConnection: close\r\nRetry-After: 1\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 52\r\n\r\n"
    b"too many connections are open; try again in a while\n"
)


class Server:
    """One listening socket and its connections. Made by `open_server`, in the loop that it serves in."""

    def __init__(self, sock: socket.socket, context: Context) -> None:
        self._sock = sock
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._connecting: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._closed = False
        sock.setblocking(False)
        self._loop.add_reader(sock.fileno(), self._accept)

    @property
    def counters(self) -> Counters:
        """What happened so far."""
        return self._context.counters

    @property
    def gate(self) -> Gatekeeper:
        """Whom it asks about each request."""
        return self._context.gate

    @property
    def bound_to(self) -> str:
        """See `bound_to`."""
        return bound_to(self._sock)

    @property
    def connections(self) -> int:
        """How many are open, or still have an answer in the making."""
        return len(self._context.connections)

    def close(self) -> None:
        """Accept no more; end idle connections and streams now, the others with their answer.

        The listening socket stays open: it belongs to who opened it.
        """
        if self._closed:
            return
        self._closed = True
        self._context.closing = True
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock.fileno())
        for connection in list(self._context.connections):
            connection.wind_down()

    async def drain(self, seconds: float) -> None:
        """`close`, wait up to `seconds` for answers in the making, then cut what is left."""
        self.close()
        if self._connecting:
            await asyncio.wait(list(self._connecting), timeout=seconds)
        deadline = self._loop.time() + seconds
        for connection in list(self._context.connections):
            await connection.wait_ended(max(0.0, deadline - self._loop.time()))
        for connection in list(self._context.connections):
            connection.cut()
        for connection in list(self._context.connections):
            await connection.wait_ended(1.0)

    def hold(self) -> None:
        """Accept nobody and begin no request until `resume`: clients wait in the kernel's queues."""
        if self._context.held is not None or self._closed:
            return
        self._context.held = asyncio.Event()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._loop.remove_reader(self._sock.fileno())
        for connection in list(self._context.connections):
            connection.hold()

    def resume(self) -> None:
        """Go on as before `hold`."""
        held, self._context.held = self._context.held, None
        if held is None:
            return
        held.set()
        for connection in list(self._context.connections):
            connection.resume()
        if not self._closed:
            self._loop.add_reader(self._sock.fileno(), self._accept)

    async def settle(self, seconds: float) -> None:
        """After `hold`: wait until requests under way are answered, and answer 503 to what takes longer.

        Streams, which have no end, are ended at once.
        """
        deadline = self._loop.time() + seconds
        if self._connecting:
            await asyncio.wait(list(self._connecting), timeout=seconds)
        for connection in list(self._context.connections):
            connection.hold()
            connection.wind_down_stream()
        await self._wait_between_requests(deadline)
        for connection in list(self._context.connections):
            if not connection.is_between_requests:
                connection.interrupt()
        await self._wait_between_requests(self._loop.time() + _INTERRUPTION_SECONDS)
        if self._context.tls is not None:
            for connection in list(self._context.connections):
                connection.part()

    async def _wait_between_requests(self, deadline: float) -> None:
        while self._loop.time() < deadline:
            if all(connection.is_between_requests for connection in self._context.connections):
                return
            await asyncio.sleep(_SETTLING_SECONDS)

    def open_connections(self) -> list[OpenConnection]:
        """After `settle`: those that the daemon's next image can go on with (`adopt`)."""
        described = [connection.describe() for connection in self._context.connections]
        return [one for one in described if one is not None]

    def adopt(self, connection: OpenConnection) -> None:
        """Go on with a connection of the image before this one."""
        sock = socket.socket(fileno=connection.fd)
        self._context.counters.connections += 1
        sock.setblocking(False)
        peer = _unix_peer(sock) if sock.family == socket.AF_UNIX else Peer(connection.peer)
        self._begin(sock, peer, connection.early, connection.used)

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_A_WAKEUP):
            if self._connecting and self._is_full():
                return  # those half made may make room in a moment; the socket stays readable
            try:
                peer_sock, address = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause_accepting(error)
                return
            self._admit(peer_sock, address)

    def _admit(self, peer_sock: socket.socket, address: object) -> None:
        context = self._context
        context.counters.connections += 1
        if self._is_full() and not self._evict_idle():
            context.counters.connections_refused += 1
            peer_sock.setblocking(False)
            try:
                peer_sock.send(_FULL)
            except OSError:
                pass
            peer_sock.close()
            return
        if peer_sock.family != socket.AF_UNIX:
            peer_sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A peer that lost its power would follow a silent log for ever.
            peer_sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        is_inet = isinstance(address, tuple)
        peer = _inet_peer(address) if is_inet else _unix_peer(peer_sock)
        self._begin(peer_sock, peer)

    def _begin(self, peer_sock: socket.socket, peer: Peer, early: bytes = b"", used: bool = False) -> None:
        task: asyncio.Task[object] = self._loop.create_task(self._connect(peer_sock, peer, early, used))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, peer_sock: socket.socket, peer: Peer, early: bytes, used: bool) -> None:
        options: dict[str, Any] = {}
        if self._context.tls is not None:
            context = self._context.tls.context()
            if context is None:
                peer_sock.close()
                return
            seconds = self._context.limits.header_seconds
            options = {"ssl": context, "ssl_handshake_timeout": seconds, "ssl_shutdown_timeout": 2.0}
        try:
            await self._loop.connect_accepted_socket(
                lambda: Connection(self._context, peer, early=early, used=used), peer_sock, **options
            )
        except OSError as error:  # gone already, or not speaking TLS as we do
            if options:
                self._context.counters.handshakes_failed += 1
                self._context.log("debug", f"no TLS with {peer.label}: {error}")
            peer_sock.close()

    def _is_full(self) -> bool:
        return len(self._context.connections) + len(self._connecting) >= self._context.limits.connections

    def _evict_idle(self) -> bool:
        idle = [
            (c.waiting_since, i, c)
            for i, c in enumerate(self._context.connections)
            if c.waiting_since is not None
        ]
        if not idle:
            return False
        min(idle)[2].cut()
        self._context.counters.connections_evicted += 1
        return True

    def _pause_accepting(self, error: OSError) -> None:
        # Out of descriptors: the socket stays readable, so accepting on would spin.
        self._context.log("error", f"cannot accept a connection: {error.strerror}; trying again in a moment")
        self._loop.remove_reader(self._sock.fileno())
        self._pause = self._loop.call_later(_PAUSE_SECONDS, self._resume_accepting)

    def _resume_accepting(self) -> None:
        self._pause = None
        self._loop.add_reader(self._sock.fileno(), self._accept)


def bound_to(sock: socket.socket) -> str:
    """The address that a socket listens on; "" for one without, as a unix socket."""
    address = sock.getsockname()
    return str(address[0]) if isinstance(address, tuple) else ""


def open_server(
    sock: socket.socket,
    handler: Handler,
    *,
    gate: Gatekeeper,
    tls: "Certificates | None" = None,
    limits: Limits | None = None,
    log: Callable[[str, str], None],
    wall_clock: Callable[[], float] = time.time,
) -> Server:
    """Serve `handler` on a listening socket (unix, or TCP made with IPPROTO_TCP), from the running loop.

    `log` gets a level (`error`, `trace`, …) and a message.
    """
    if gate.problem is not None:
        log("error", f"nobody can enter through this server: {gate.problem}")
    return Server(sock, Context(handler, gate, limits or Limits(), Counters(), log, wall_clock, tls=tls))


def _inet_peer(address: Any) -> Peer:
    return Peer(f"{address[0]}:{address[1]}")


_SO_PEERGROUPS = 59  # Linux 4.13; Python has no name for it


def _unix_peer(sock: socket.socket) -> Peer:
    """`unix:uid=1000` where the kernel says who it is. One word: the next image of the daemon gets it in a list."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return Peer("unix")
    try:
        _pid, uid, gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, option, 12))
    except OSError:
        return Peer("unix")
    return Peer(f"unix:uid={uid}", uid, (gid, *_peer_groups(sock)))


def _peer_groups(sock: socket.socket) -> tuple[int, ...]:
    """The supplementary groups that the process had when it connected."""
    try:
        packed = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * 256)
    except OSError:  # another system, or somebody in more groups than that
        return ()
    return struct.unpack(f"{len(packed) // 4}I", packed)
