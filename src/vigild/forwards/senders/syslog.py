"""Batches to a receiver of syslog. A socket of this machine takes datagrams or a stream, as it is."""

import errno
import socket
from collections.abc import Mapping

from vigild.core.backlog import Batch
from vigild.core.forwarding import Outcome
from vigild.forwards.senders.connection import Stream
from vigild.forwards.senders.datagrams import Datagrams
from vigild.wire.forward_urls import MIN_MESSAGE_BYTES, Kind, Syslog
from vigild.wire.syslog_messages import SyslogWriter, counted, cut

LINE_BYTES = 150  # what stands before the text of a line, about
_ARRIVALS = {
    Kind.SYSLOG_SOCKET: "it was taken by the socket",
    Kind.SYSLOG_UDP: "it was sent; UDP does not say whether it arrived",
    Kind.SYSLOG_TCP: "it arrived at the other machine; syslog does not say more",
    Kind.SYSLOG_TLS: "it arrived at the other machine; syslog does not say more",
}


class SyslogSender:
    """See `forwards/sending.py`."""

    line_bytes = LINE_BYTES

    def __init__(self, target: Syslog, host: str, labels: Mapping[str, str]) -> None:
        self._target = target
        self._writer = SyslogWriter(target, host, labels)
        self.arrival = _ARRIVALS[target.kind]
        self._way: Stream | Datagrams
        match target.kind:
            case Kind.SYSLOG_UDP:
                self._way = Datagrams((target.host, target.port), send_cut)
            case Kind.SYSLOG_SOCKET:
                self._way = Datagrams(target.path, send_cut)
            case _:
                tls = target.tls if target.kind is Kind.SYSLOG_TLS else None
                self._way = Stream(target.host, target.port, tls)

    def send(self, batch: Batch) -> Outcome:
        """Bring these lines there."""
        messages = [message for block in batch.blocks for message in self._writer.messages(block)]
        if self._target.kind is Kind.SYSLOG_SOCKET:
            self._look_at_the_socket()
        if isinstance(self._way, Datagrams):
            return self._way.send(messages)
        if self._target.path:
            # As glibc writes to such a socket: no receiver expects lengths there, and no message has a line end in it.
            return self._way.send([message + b"\n" for message in messages])
        return self._way.send([counted(message) for message in messages])

    def close(self) -> None:
        """Let go of the connection."""
        self._way.close()

    def _look_at_the_socket(self) -> None:
        """Datagrams, unless the socket wants a stream; it may have become another one since."""
        if isinstance(self._way, Stream):
            return
        try:
            self._way.connected()
        except OSError as error:
            if error.errno == errno.EPROTOTYPE:
                self._way = Stream("", 0, path=self._target.path)


def send_cut(sock: socket.socket, message: bytes) -> None:
    """Send the beginning of a message that is too long for a datagram here. Raises OSError where nothing of it fits."""
    size = len(message)
    while size > MIN_MESSAGE_BYTES:
        size = max(MIN_MESSAGE_BYTES, size // 2)
        try:
            sock.send(cut(message, size))
            return
        except OSError as error:
            if error.errno not in (errno.EMSGSIZE, errno.ENOBUFS) or size == MIN_MESSAGE_BYTES:
                raise
