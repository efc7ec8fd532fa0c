"""A daemon that only answers: HTTP and XML-RPC over a socket, by the standard library and not by code of ours."""

import socket
import socketserver
import xmlrpc.client
from base64 import b64encode
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Any

Method = Callable[..., object]


class FakeDaemon:
    """Answers `methods` (full names) on a unix socket, or on a TCP port if `path` is None. A context manager.

    A method raises `xmlrpc.client.Fault` to refuse. `streams` maps a path to pieces that are sent chunked;
    a stream ends after its pieces. `credentials` is `name:password`. What was asked is in `calls`.
    """

    def __init__(
        self,
        path: Path | None,
        methods: Mapping[str, Method],
        streams: Mapping[str, list[bytes]] | None = None,
        credentials: str | None = None,
    ) -> None:
        self.methods = dict(methods)
        self.streams = dict(streams or {})
        self.http_status = 200  # of every answer to a call
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.connections = 0
        self.authorization = f"Basic {b64encode(credentials.encode()).decode()}" if credentials else None
        self.server = _UnixServer(str(path), self) if path else _TcpServer(("127.0.0.1", 0), self)
        self.url = f"unix://{path}" if path else f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> "FakeDaemon":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.hang_up()
        self.server.server_close()
        self._thread.join()

    def hang_up(self) -> None:
        """Close all connections, as a daemon does that restarts."""
        for connection in list(self.server.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def named(self, method: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of one method."""
        return [arguments for name, arguments in self.calls if name == method]

    def answer(self, body: bytes) -> bytes:
        """The response to one XML-RPC call."""
        params, name = xmlrpc.client.loads(body)
        assert name is not None
        self.calls.append((name, params))
        method = self.methods.get(name)
        try:
            if method is None:
                raise xmlrpc.client.Fault(1, "UNKNOWN_METHOD")
            result = method(*params)
        except xmlrpc.client.Fault as fault:
            return xmlrpc.client.dumps(fault).encode()
        if isinstance(result, bytes):
            return result  # a body that is sent as it is
        return xmlrpc.client.dumps((result,), methodresponse=True, allow_none=True).encode()  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_UnixServer | _TcpServer"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def address_string(self) -> str:
        return "client"

    def _refused(self) -> bool:
        daemon = self.server.daemon
        if daemon.authorization is None or self.headers.get("Authorization") == daemon.authorization:
            return False
        self._send(401, b"Unauthorized")
        return True

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._refused():
            answer = self.server.daemon.answer(body)  # which may set the status
            self._send(self.server.daemon.http_status, answer)

    def do_GET(self) -> None:
        if self._refused():
            return
        self.server.daemon.calls.append((f"GET {self.path}", ()))
        pieces = self.server.daemon.streams.get(self.path)
        if pieces is None:
            self._send(404, b"Not Found")
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.close_connection = True  # the stream breaks off, as when the daemon ends


class _Tracking:
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    daemon: FakeDaemon
    open: set[socket.socket]

    def process_request(self, request: Any, client_address: Any) -> None:
        self.daemon.connections += 1
        self.open.add(request)
        super().process_request(request, client_address)  # type: ignore[misc]

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)  # type: ignore[misc]

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up in the middle is part of the tests


class _UnixServer(_Tracking, socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    def __init__(self, path: str, daemon: FakeDaemon) -> None:
        self.daemon, self.open = daemon, set()
        super().__init__(path, _Handler)


class _TcpServer(_Tracking, socketserver.ThreadingMixIn, socketserver.TCPServer):
    def __init__(self, address: tuple[str, int], daemon: FakeDaemon) -> None:
        self.daemon, self.open = daemon, set()
        super().__init__(address, _Handler)
