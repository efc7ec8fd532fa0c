"""Syslog over its local datagram socket, without ever waiting for it.

The message is the one glibc's `syslog(3)` sends: priority 14 (user, informational), local time,
`supervisord:`, text. What the socket does not take at once is dropped and counted.
"""

import os
import socket
import sys
import time

PRIORITY = 14  # LOG_USER | LOG_INFO, as Supervisor's
SOCKET_PATH = "/dev/log"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Syslog:
    """A sender. `dropped` counts messages that nobody took."""

    def __init__(self, ident: str | None = None, path: str = SOCKET_PATH) -> None:
        self.dropped = 0
        self._ident = ident or os.path.basename(sys.argv[0]) or "supervisord"
        self._path = path
        self._socket: socket.socket | None = None

    def send(self, text: bytes) -> None:
        """One message, one line. Never raises, never blocks."""
        now = time.localtime()
        head = (
            f"<{PRIORITY}>{_MONTHS[now.tm_mon - 1]} {now.tm_mday:2d} "
            f"{now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d} {self._ident}: "
        )
        message = head.encode() + text
        for _ in range(2):  # the second time after a restart of the syslog daemon
            try:
                self._connected().send(message, socket.MSG_DONTWAIT)
            except (BlockingIOError, FileNotFoundError):
                break
            except OSError:
                self.close()
            else:
                return
        self.dropped += 1

    def close(self) -> None:
        """Let go of the socket; the next message connects again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                connection.connect(self._path)
            except OSError:
                connection.close()
                raise
            self._socket = connection
        return self._socket
