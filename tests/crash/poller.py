"""A client that asks the daemon the same thing over and over, and keeps every trouble it has."""

import socket
import threading
import time
import xmlrpc.client
from base64 import b64encode
from pathlib import Path

BODY = xmlrpc.client.dumps((), "supervisor.getState").encode()
SLOWEST_ANSWER_SECONDS = 30.0


class Poller(threading.Thread):
    """Asks for the state in a loop, until `end`; each time on a new connection, or always on the same one."""

    def __init__(self, door: Path | int, *, keep: bool, credentials: str = "me:secret") -> None:
        super().__init__()
        self.answers = 0
        self.longest_seconds = 0.0
        self.troubles: list[str] = []
        self._door = door
        self._keep = keep
        self._connection: socket.socket | None = None
        self._ending = threading.Event()
        self._request = (
            b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
            + f"Authorization: Basic {b64encode(credentials.encode()).decode()}\r\n".encode()
            + f"Content-Length: {len(BODY)}\r\n\r\n".encode()
            + BODY
        )

    @property
    def name_of_kind(self) -> str:
        return (
            f"{'kept' if self._keep else 'new'} {'TCP' if isinstance(self._door, int) else 'unix'} connection"
        )

    def run(self) -> None:
        while not self._ending.is_set():
            before = time.monotonic()
            try:
                self._ask()
            except (OSError, EOFError) as error:
                self.troubles.append(f"{self.name_of_kind}: {type(error).__name__}: {error}")
                self._hang_up()
                if len(self.troubles) > 100:
                    return
            else:
                self.answers += 1
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - before)
            self._ending.wait(0.002)
        self._hang_up()

    def end(self) -> None:
        """Stop asking."""
        self._ending.set()
        self.join()

    def _ask(self) -> None:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.sendall(self._request)
        answer = self._read_answer(self._connection)
        if b"RUNNING" not in answer:
            raise EOFError(f"an answer that is none: {answer[:200]!r}")
        if not self._keep:
            self._hang_up()

    def _connect(self) -> socket.socket:
        tcp = isinstance(self._door, int)
        connection = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        connection.settimeout(SLOWEST_ANSWER_SECONDS)
        try:
            connection.connect(("127.0.0.1", self._door) if tcp else str(self._door))
        except OSError:
            connection.close()
            raise
        return connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _read_answer(connection: socket.socket) -> bytes:
        data = b""
        while True:
            head, found, body = data.partition(b"\r\n\r\n")
            if found:
                lengths = [
                    line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
                ]
                if lengths and len(body) >= int(lengths[0].split(b":")[1]):
                    return data
            piece = connection.recv(65536)
            if not piece:
                raise EOFError(f"closed after {len(data)} bytes")
            data += piece
