"""Messages as datagrams: to a host over UDP, or to a socket of this machine."""

import errno
import socket
from collections.abc import Callable, Sequence

from vigild.core.forwarding import DELIVERED, Outcome, Verdict
from vigild.host.peers import words_of

STALL_SECONDS = 10.0  # until a full socket takes one more
SEND_BUFFER_BYTES = 8 << 20  # asked for; the kernel gives what it allows
# The socket is there, and another one listens: what was connected belongs to a receiver that has ended.
_GONE = frozenset({errno.ECONNREFUSED, errno.ENOTCONN, errno.ECONNRESET, errno.EPIPE})

TooLong = Callable[[socket.socket, bytes], None]


class Datagrams:
    """A socket that is connected when it is needed. `send_large` sends what is too long for a datagram, or raises."""

    def __init__(self, address: str | tuple[str, int], send_large: TooLong) -> None:
        self._address = address
        self._send_large = send_large
        self._socket: socket.socket | None = None
        self._failures = 0
        self.shown = address if isinstance(address, str) else f"{address[0]}:{address[1]}"

    def send(self, messages: Sequence[bytes]) -> Outcome:
        """One datagram for each. With UDP, an error is about one that was sent before: that comes again, too."""
        sent = 0
        try:
            sock = self.connected()
            for message in messages:
                try:
                    sock.send(message)
                except OSError as error:
                    if error.errno == errno.EMSGSIZE or (
                        error.errno == errno.ENOBUFS and len(message) > 4096
                    ):
                        self._send_large(sock, message)
                    elif error.errno in _GONE and isinstance(self._address, str):
                        self.close()  # once more, to whoever listens there now
                        sock = self.connected()
                        sock.send(message)
                    else:
                        raise
                sent += 1
        except OSError as error:
            self.close()
            self._failures += 1
            if isinstance(self._address, tuple) and error.errno == errno.ECONNREFUSED:
                sent = max(0, sent - 1)
            text = "it takes nothing in" if isinstance(error, TimeoutError) else words_of(error)
            return Outcome(Verdict.LATER, f"{self.shown}: {text}", taken_lines=sent)
        return DELIVERED

    def connected(self) -> socket.socket:
        """The socket. Raises OSError; EPROTOTYPE where it is no socket for datagrams."""
        if self._socket is None:
            self._socket = _connect(self._address, self._failures)
        return self._socket

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _connect(address: str | tuple[str, int], turn: int) -> socket.socket:
    """A host may have several addresses, and nobody may listen at some of them: each has its turn."""
    if isinstance(address, str):
        family, where = socket.AF_UNIX, address
    else:
        found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)
        family, _, _, _, where = found[turn % len(found)]  # type: ignore[assignment]
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.settimeout(STALL_SECONDS)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        sock.connect(where)
    except OSError:
        sock.close()
        raise
    return sock
