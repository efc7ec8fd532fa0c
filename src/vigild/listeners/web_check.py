"""One GET, with a deadline for all of it: what httpok looks at.

Own code and not `http.client`, which brings `ssl` and `email` into a process that runs for ever. TLS is imported when
a URL asks for it. No redirect is followed: a redirect is an answer like any other, with its status.
"""

import socket
import time
from collections.abc import Callable
from typing import NamedTuple

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_HEAD_BYTES = 256 * 1024


class Target(NamedTuple):
    """A URL, taken apart. `authority` is what stood in the URL, for the Host header."""

    tls: bool
    host: str
    port: int
    authority: str
    path: str


class Answer(NamedTuple):
    """What came back. `error` is '' if something did; `refused`: nobody listens there."""

    status: int | None = None
    reason: str = ""
    body: bytes = b""
    error: str = ""
    refused: bool = False


class _BadAnswerError(Exception):
    pass


def parse_url(url: str) -> Target:
    """`http://host:port/path?query` or https. Raises ValueError."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.lower() not in ("http", "https"):
        raise ValueError(f"Bad scheme {scheme if mark else ''}")
    rest = rest.partition("#")[0]
    cut = min((place for sign in "/?" if (place := rest.find(sign)) >= 0), default=len(rest))
    authority, path = rest[:cut], rest[cut:]
    tls = scheme.lower() == "https"
    host, colon, port = authority.rpartition(":")
    if not colon or "]" in port:
        host, port = authority, ""
    if not host.strip("[]") or (port and not port.isdecimal()):
        raise ValueError(f"no host and port in {url!r}")
    number = int(port or (443 if tls else 80))
    return Target(tls, host.strip("[]"), number, authority, path if path.startswith("/") else f"/{path}")


def get(target: Target, timeout_seconds: float, verify: bool = False) -> Answer:
    """Ask. Never raises: what went wrong is in the answer."""
    deadline = time.monotonic() + timeout_seconds
    try:
        with _connect(target, timeout_seconds, verify) as connection:
            request = f"GET {target.path} HTTP/1.1\r\nHost: {target.authority}\r\nAccept-Encoding: identity\r\nUser-Agent: httpok\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode("utf-8", "replace"))
            return _read(connection, deadline)
    except ConnectionRefusedError as error:
        return Answer(error=str(error), refused=True)
    except TimeoutError:
        return Answer(error="timed out")
    except (OSError, _BadAnswerError, UnicodeError) as error:
        return Answer(error=str(error) or type(error).__name__)


def patient_get(
    ask: Callable[[float], Answer], timeout_seconds: int, retry_seconds: int, sleep: Callable[[float], None]
) -> Answer:
    """Ask again while nobody listens, every `retry_seconds`, as often as that fits into the timeout."""
    for _ in range(max(0, (timeout_seconds - 1) // max(1, retry_seconds))):
        answer = ask(timeout_seconds)
        if not answer.refused:
            return answer
        sleep(retry_seconds)
    return ask(timeout_seconds)


def _connect(target: Target, timeout_seconds: float, verify: bool) -> socket.socket:
    connection = socket.create_connection((target.host, target.port), timeout_seconds)
    if not target.tls:
        return connection
    import ssl

    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(connection, server_hostname=target.host)
    except OSError:
        connection.close()
        raise


class _Reader:
    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._buffer = b""

    def more(self) -> bytes:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv(65536)

    def line(self) -> bytes:
        while b"\n" not in self._buffer:
            data = self.more()
            if not data or len(self._buffer) > MAX_HEAD_BYTES:
                raise _BadAnswerError(
                    "Remote end closed connection without response" if not self._buffer else "no HTTP"
                )
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def exactly(self, count: int) -> bytes:
        pieces = [self._buffer]
        size = len(self._buffer)
        while size < count:
            data = self.more()
            if not data:
                raise _BadAnswerError(f"IncompleteRead({size} bytes read, {count - size} more expected)")
            pieces.append(data)
            size += len(data)
        data = b"".join(pieces)
        self._buffer = data[count:]
        return data[:count]

    def rest(self) -> bytes:
        pieces = [self._buffer]
        size = len(self._buffer)
        while size < MAX_BODY_BYTES and (data := self.more()):
            pieces.append(data)
            size += len(data)
        return b"".join(pieces)


def _read(connection: socket.socket, deadline: float) -> Answer:
    reader = _Reader(connection, deadline)
    status, reason, headers = _head(reader)
    while status // 100 == 1:
        status, reason, headers = _head(reader)
    length = headers.get("content-length", "")
    if status in (204, 304):
        body = b""
    elif headers.get("transfer-encoding", "").lower() == "chunked":
        body = _chunks(reader)
    elif length.isdecimal():
        body = reader.exactly(min(int(length), MAX_BODY_BYTES))
    else:
        body = reader.rest()
    return Answer(status, reason, body)


def _head(reader: _Reader) -> tuple[int, str, dict[str, str]]:
    first = reader.line().decode("latin-1")
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        raise _BadAnswerError(first)
    headers: dict[str, str] = {}
    size = 0
    while line := reader.line():
        size += len(line)
        if size > MAX_HEAD_BYTES:
            raise _BadAnswerError(f"more than {MAX_HEAD_BYTES} bytes of headers")
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(words[1]), words[2].strip() if len(words) > 2 else "", headers


def _chunks(reader: _Reader) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while size < MAX_BODY_BYTES:
        text = reader.line().split(b";")[0].strip()
        try:
            count = int(text, 16)
        except ValueError:
            raise _BadAnswerError(f"a chunk whose size is no number: {text[:50]!r}") from None
        if count <= 0:
            break
        pieces.append(reader.exactly(min(count, MAX_BODY_BYTES)))
        size += count
        reader.line()
    return b"".join(pieces)
