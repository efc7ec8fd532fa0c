"""An HTTP server in a thread that plays the receiver of alerts: keeps what it is sent, answers as a test says.

with HttpReceiver() as receiver:
    receiver.answers.append(Reply(429, {"Retry-After": "7"}))
    ...  # send to receiver.base
    assert {"text": "x"} == receiver.requests[0].json
"""

import json
import socket
import ssl
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from support.ports import free_port
from support.until import DEADLINE_SECONDS


@dataclass
class Arrived:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass
class Reply:
    """What is answered. `silent`: nothing, until the test is over; `endless`: a body without an end."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | str | dict[str, object] = b""
    silent: bool = False
    endless: bool = False

    @property
    def data(self) -> bytes:
        if isinstance(self.body, dict):
            return json.dumps(self.body, ensure_ascii=False).encode()
        return self.body if isinstance(self.body, bytes) else self.body.encode()


@dataclass
class HttpReceiver:
    """Listens on 127.0.0.1. Answers with `answers`, one after the other, then with `usual`.

    `keeps`: connections are kept open for more requests. `port`: where it is to listen; 0: anywhere.
    """

    usual: Reply = field(default_factory=Reply)
    answers: deque[Reply] = field(default_factory=deque)
    context: ssl.SSLContext | None = None
    requests: list[Arrived] = field(default_factory=list)
    keeps: bool = False
    port: int = 0
    connections: int = 0

    def __enter__(self) -> Self:
        parent = self
        self._over = threading.Event()
        self._open: list[socket.socket] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1" if self.keeps else "HTTP/1.0"

            def setup(self) -> None:
                super().setup()
                parent.connections += 1
                parent._open.append(self.request)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                arrived = Arrived(
                    self.command,
                    self.path,
                    {k.lower(): v for k, v in self.headers.items()},
                    self.rfile.read(length),
                )
                parent.requests.append(arrived)
                reply = parent.answers.popleft() if parent.answers else parent.usual
                try:
                    self.answer(reply)
                except OSError:
                    self.close_connection = True

            do_GET = do_PUT = do_POST  # noqa: N815

            def answer(self, reply: Reply) -> None:
                if reply.silent:
                    parent._over.wait(DEADLINE_SECONDS)
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if not reply.endless:
                    self.send_header("Content-Length", str(len(reply.data)))
                self.end_headers()
                self.wfile.write(reply.data)
                while reply.endless and not parent._over.wait(0.02):
                    self.wfile.write(b"x")

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that went away, or does not trust us

        self._server = Server(("127.0.0.1", self.port or free_port()), Handler)
        if self.context is not None:
            # The handshake in the thread of the connection: a client that refuses must not end the server.
            self._server.socket = self.context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self.cut()
        self._server.server_close()
        self._thread.join()

    def cut(self) -> None:
        """End all connections that are kept."""
        if not self.keeps:
            return
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def base(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"
