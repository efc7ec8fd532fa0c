"""A receiver of syslog over TCP (RFC 6587, octet counting) that keeps every message, and can be away for a while."""

import contextlib
import socket
import socketserver
import threading
from types import TracebackType
from typing import Self

from support.ports import free_port


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        server.connections.append(self.connection)
        try:
            while digits := self._number():
                server.messages.append(self.rfile.read(int(digits)))
        except OSError:
            pass

    def _number(self) -> bytes:
        digits = b""
        while (byte := self.rfile.read(1)) not in (b" ", b""):
            digits += byte
        return digits


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, messages: list[bytes]) -> None:
        self.messages = messages
        self.connections: list[socket.socket] = []
        super().__init__(("127.0.0.1", port), _Handler)


class SyslogServer:
    """A context manager; `url` is where it listens. `go_away` and `come_back` at the same address."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self._server: _Server | None = _Server(free_port(), self.messages)
        self.port = self._server.server_address[1]
        self.url = f"syslog+tcp://127.0.0.1:{self.port}"
        self._serve(self._server)

    @property
    def lines(self) -> list[bytes]:
        """The lines of the programs: what stands behind the structured data (RFC 5424)."""
        return [message.rpartition(b"] ")[2].removeprefix(b"\xef\xbb\xbf") for message in self.messages]

    def go_away(self) -> None:
        """Refuse connections, and end those that are open."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            for connection in server.connections:
                with contextlib.suppress(OSError):  # the other end has gone
                    connection.shutdown(socket.SHUT_RDWR)

    def come_back(self) -> None:
        """Listen again."""
        self._server = _Server(self.port, self.messages)
        self._serve(self._server)

    def _serve(self, server: _Server) -> None:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_away()
