"""A stream of messages to a receiver of syslog, over TCP, TLS or a unix socket; and how much of it has arrived.

Nobody acknowledges a message in syslog. What can be known is what the other machine's kernel has acknowledged: a batch
counts as delivered when that is all of it, and after a failure the lines that were not acknowledged come again. What
the receiver had not read yet when it ended is lost all the same.
"""

import errno
import fcntl
import socket
import struct
import termios
import time
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from vigild.core.forwarding import DELIVERED, Outcome, Verdict
from vigild.host.peers import CONNECT_SECONDS, RequestError, has_news, has_nothing_yet, words_of
from vigild.wire.forward_urls import TlsFiles

if TYPE_CHECKING:
    from ssl import SSLContext

STALL_SECONDS = 30.0  # without any progress
FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 0.0005, 0.1  # at what is not acknowledged yet
GOODBYE_SECONDS = 0.3
WRITE_BYTES = 64 << 10


class Stream:
    """A connection to a host, or to a socket of this machine (`path`). Made when it is needed, kept until it fails."""

    def __init__(self, host: str, port: int, tls: TlsFiles | None = None, path: str = "") -> None:
        self._host, self._port, self._tls, self._path = host, port, tls, path
        self._socket: socket.socket | None = None
        self.shown = path or f"{host}:{port}"

    def send(self, frames: list[bytes]) -> Outcome:
        """Write all of them and wait until they have arrived."""
        written = 0
        try:
            sock = self._connected()
            data = memoryview(b"".join(frames))
            while written < len(data):
                written += sock.send(data[written : written + WRITE_BYTES])
            self._wait_until_arrived(sock)
        except RequestError as error:
            return Outcome(Verdict.LATER, str(error))
        except OSError as error:
            taken = self._taken(frames, written)
            self.close()
            return Outcome(Verdict.LATER, f"{self.shown}: {_words(error)}", taken_lines=taken)
        return DELIVERED

    def close(self) -> None:
        """Let go of the connection; the other end is told of it, where it listens."""
        sock, self._socket = self._socket, None
        if sock is None:
            return
        if self._tls is not None:
            try:
                sock.settimeout(GOODBYE_SECONDS)
                sock.unwrap()  # type: ignore[attr-defined]
            except (OSError, ValueError):
                pass
        sock.close()

    def _connected(self) -> socket.socket:
        if self._socket is not None and has_news(self._socket) and is_over(self._socket):
            self.close()
        if self._socket is None:
            self._socket = self._connect()
        return self._socket

    def _connect(self) -> socket.socket:
        if self._path:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(CONNECT_SECONDS)
            try:
                sock.connect(self._path)
            except OSError:
                sock.close()
                raise
        else:
            context = self._context()
            sock = socket.create_connection((self._host, self._port), CONNECT_SECONDS)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                if context is not None:
                    sock = context.wrap_socket(sock, server_hostname=self._host)
            except OSError:
                sock.close()
                raise
        sock.settimeout(STALL_SECONDS)
        return sock

    def _context(self) -> "SSLContext | None":
        if self._tls is None:
            return None
        from vigild.host.http_client import tls_context

        return tls_context(self._tls.ca_file, self._tls.cert_file, self._tls.key_file)

    def _wait_until_arrived(self, sock: socket.socket) -> None:
        """Until the other kernel has acknowledged everything. Raises OSError where the connection ends before."""
        left = unacknowledged(sock)
        deadline, pause = time.monotonic() + STALL_SECONDS, FIRST_LOOK_SECONDS
        while left and not self._path:
            if has_news(sock) and is_over(sock):
                raise ConnectionResetError(errno.ECONNRESET, "it closed the connection")
            if time.monotonic() >= deadline:
                raise TimeoutError
            time.sleep(pause)
            pause = min(2 * pause, LAST_LOOK_SECONDS)
            before, left = left, unacknowledged(sock)
            if left < before:
                deadline = time.monotonic() + STALL_SECONDS

    def _taken(self, frames: list[bytes], written: int) -> int:
        """How many of the first messages have arrived whole. Of TLS it cannot be told: its bytes are others."""
        if self._socket is None or self._tls is not None or self._path:
            return 0
        arrived = written - unacknowledged(self._socket)
        return bisect_right(list(accumulate(map(len, frames))), arrived)


def unacknowledged(sock: socket.socket) -> int:
    """Bytes that were written and that the other end's kernel has not acknowledged (SIOCOUTQ). 0 where nobody can say."""
    try:
        return max(0, int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]))
    except (OSError, ValueError):
        return 0


def is_over(sock: socket.socket) -> bool:
    """Has the other end closed it? What it says meanwhile is read and forgotten: syslog has no answers."""
    timeout = sock.gettimeout()
    sock.setblocking(False)
    try:
        for _ in range(16):
            if not sock.recv(WRITE_BYTES):
                return True
    except OSError as error:
        return not has_nothing_yet(error)
    finally:
        sock.settimeout(timeout)
    return False


def _words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"it took nothing in for {STALL_SECONDS:.0f} s, or cannot be reached"
    return words_of(error)
