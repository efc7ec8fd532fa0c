"""A small SMTP server in a thread: keeps what it is sent, asks for a password, refuses, speaks TLS, as a test wants.

with SmtpServer() as server:
    ...  # send to server.address
    assert [letter.data for letter in server.letters] == [...]
"""

import base64
import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from support.ports import free_port
from support.until import DEADLINE_SECONDS


@dataclass
class Letter:
    """One message as it came. `tls`: over an encrypted connection; `user`: who had logged in."""

    sender: str
    recipients: list[str]
    data: str
    tls: bool
    user: str = ""


@dataclass
class SmtpServer:
    """Listens on 127.0.0.1. With `password`, only who knows it may send. `replies`: an answer to a verb, instead of 250."""

    user: str = ""
    password: str = ""
    replies: dict[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    """For STARTTLS; with `tls_first`, for TLS from the first byte."""
    tls_first: bool = False
    port: int = 0

    letters: list[Letter] = field(default_factory=list, init=False)
    verbs: list[str] = field(default_factory=list, init=False)

    def __enter__(self) -> Self:
        parent = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                try:
                    _Session(parent, self.request).run()
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = False

        self._server = Server(("127.0.0.1", self.port or free_port()), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"


class _Session:
    def __init__(self, server: SmtpServer, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self._connection.settimeout(DEADLINE_SECONDS)
        self._tls = False
        self._user = ""
        self._sender, self._recipients = "", list[str]()
        if server.tls_first:
            self._encrypt()
        self._lines = self._connection.makefile("rb")

    def _encrypt(self) -> None:
        assert self._server.context is not None
        self._connection = self._server.context.wrap_socket(self._connection, server_side=True)
        self._tls = True

    def _say(self, text: str) -> None:
        self._connection.sendall(f"{text}\r\n".encode())

    def _line(self) -> str:
        return self._lines.readline().decode().rstrip("\r\n")

    def run(self) -> None:
        self._say("220 test ESMTP")
        try:
            while line := self._line():
                verb = line.split()[0].upper()
                self._server.verbs.append(verb)
                if verb in self._server.replies:
                    self._say(self._server.replies[verb])
                elif not self._answer(verb, line):
                    return
        finally:
            self._lines.close()
            self._connection.close()

    def _answer(self, verb: str, line: str) -> bool:
        match verb:
            case "EHLO":
                self._say("250-test")
                if self._server.context is not None and not self._tls:
                    self._say("250-STARTTLS")
                self._say("250 AUTH PLAIN" if self._server.password else "250 HELP")
            case "STARTTLS":
                self._say("220 go on")
                self._lines.close()
                self._encrypt()
                self._lines = self._connection.makefile("rb")
            case "AUTH":
                _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                right = (user, password) == (self._server.user, self._server.password)
                self._user = user if right else ""
                self._say("235 welcome" if right else "535 no")
            case "MAIL" if self._server.password and not self._user:
                self._say("530 who are you")
            case "MAIL":
                self._sender, self._recipients = line.partition("<")[2].partition(">")[0], []
                self._say("250 OK")
            case "RCPT":
                self._recipients.append(line.partition("<")[2].partition(">")[0])
                self._say("250 OK")
            case "DATA":
                self._say("354 go on")
                lines: list[str] = []
                while (text := self._line()) != ".":
                    lines.append(text.removeprefix(".") if text.startswith("..") else text)
                self._server.letters.append(
                    Letter(self._sender, self._recipients, "\n".join(lines), self._tls, self._user)
                )
                self._say("250 OK")
            case "QUIT":
                self._say("221 bye")
                return False
            case _:
                self._say("250 OK")
        return True
