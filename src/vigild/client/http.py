"""Just enough HTTP/1.1 over a socket to talk to a supervising daemon.

Own code instead of `http.client` because every `supervisorctl status` pays for the import, and that
one pulls in `ssl` and `email`. One connection is kept open between calls. A kept connection that the
server has closed meanwhile is noticed *before* anything is sent, so no call is ever sent twice.
"""

import socket
from collections.abc import Iterator

from vigild.client.address import Address
from vigild.client.errors import ClientError, HttpError, UnauthorizedError, UnreachableError
from vigild.client.trust import NO_TRUST, Trust

MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 256 * 1024 * 1024
READ_BYTES = 256 * 1024


class Connection:
    """A connection to one address, opened when first needed. Not for use from several threads."""

    def __init__(
        self,
        address: Address,
        username: str | None = None,
        password: str | None = None,
        timeout_seconds: float | None = None,
        trust: Trust = NO_TRUST,
    ) -> None:
        self.address = address
        self._trust = trust
        self._head = _common_headers(address, username, password, trust.token)
        self._timeout_seconds = timeout_seconds
        self._socket: socket.socket | None = None
        self._buffer = b""

    def close(self) -> None:
        """Let go of the socket; the next request opens a new one."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._buffer = b""

    def interrupt(self) -> None:
        """From another thread: wake whoever reads from this connection."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already, which is what was wanted

    def post(self, path: str, body: bytes, content_type: str = "text/xml") -> bytes:
        """The body of the answer. Raises UnreachableError, UnauthorizedError, HttpError."""
        extra = f"Content-Type: {content_type}\r\nAccept: {content_type}\r\nContent-Length: {len(body)}\r\n"
        return b"".join(self._exchange(f"POST {path} HTTP/1.1\r\n{self._head}{extra}\r\n".encode() + body))

    def stream(self, path: str) -> Iterator[bytes]:
        """GET a resource and yield it piece by piece as it comes, without end if the server has none."""
        yield from self._exchange(
            f"GET {path} HTTP/1.1\r\n{self._head}Accept: */*\r\n\r\n".encode(), unbounded=True
        )

    def _exchange(self, request: bytes, unbounded: bool = False) -> Iterator[bytes]:
        finished = False
        try:
            self._send(request)
            status, reason, headers = self._read_head()
            size = 0
            for piece in self._body(headers):
                if status != 200:
                    break
                size += len(piece)
                if size > MAX_BODY_BYTES and not unbounded:
                    raise HttpError(str(self.address), 0, f"more than {MAX_BODY_BYTES} bytes in one answer")
                yield piece
            if status != 200:
                kind = UnauthorizedError if status == 401 else HttpError
                raise kind(str(self.address), status, reason)
            finished = headers.get("connection", "").lower() != "close" and _has_end(headers)
        except ClientError:
            raise
        except OSError as error:
            raise UnreachableError(str(self.address), error) from error
        finally:
            if not finished:
                self.close()

    def _send(self, request: bytes) -> None:
        if self._socket is not None and _is_stale(self._socket):
            self.close()
        if self._socket is None:
            self._socket = _connect(self.address, self._timeout_seconds, self._trust)
        self._socket.sendall(request)

    def _receive(self, count: int = READ_BYTES) -> bytes:
        assert self._socket is not None
        return self._socket.recv(count)

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise HttpError(str(self.address), 0, "a header line without end")
            data = self._receive()
            if not data:
                raise self._cut_short()
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def _read_head(self) -> tuple[int, str, dict[str, str]]:
        parts = self._line().decode("latin-1").split(None, 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/") or not parts[1].isdigit():
            raise HttpError(str(self.address), 0, "what answers there does not speak HTTP")
        headers: dict[str, str] = {}
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
            if len(headers) > 200:
                raise HttpError(str(self.address), 0, "more than 200 headers")
        return int(parts[1]), parts[2] if len(parts) > 2 else "", headers

    def _body(self, headers: dict[str, str]) -> Iterator[bytes]:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := self._chunk_size():
                yield from self._exactly(size)
                self._line()
            while self._line():
                pass  # trailers
        elif "content-length" in headers:
            if not headers["content-length"].isdigit():
                raise HttpError(str(self.address), 0, "a length that is no number")
            yield from self._exactly(int(headers["content-length"]))
        else:
            if self._buffer:
                piece, self._buffer = self._buffer, b""
                yield piece
            while data := self._receive():
                yield data

    def _chunk_size(self) -> int:
        try:
            return int(self._line().split(b";")[0], 16)
        except ValueError:
            raise HttpError(str(self.address), 0, "a chunk whose size is no number") from None

    def _exactly(self, count: int) -> Iterator[bytes]:
        while count:
            data = self._buffer or self._receive(max(READ_BYTES, 1))
            if not data:
                raise self._cut_short()
            self._buffer = data[count:]
            data = data[:count]
            count -= len(data)
            yield data

    def _cut_short(self) -> UnreachableError:
        return UnreachableError(
            str(self.address), detail="the connection was closed before the answer was complete"
        )


def _connect(address: Address, timeout_seconds: float | None, trust: Trust) -> socket.socket:
    if not address.path:
        opened = socket.create_connection((address.host, address.port), timeout_seconds)
        if not address.tls:
            return opened
        try:
            return trust.context().wrap_socket(opened, server_hostname=address.host)
        except OSError:
            opened.close()
            raise
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect(address.path)
    except OSError:
        connection.close()
        raise
    return connection


def _is_stale(connection: socket.socket) -> bool:
    # Between calls a server has nothing to say: anything readable means that it hung up.
    seconds = connection.gettimeout()
    connection.setblocking(False)  # with a time limit, Python would wait that long for something to read
    try:
        _peek(connection)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(seconds)
    return True


def _peek(connection: socket.socket) -> None:
    """Is there something to read? TLS may have read it ahead, and may have something to say of its own (tickets)."""
    read = getattr(connection, "read", None)
    if read is None:
        connection.recv(1, socket.MSG_PEEK)
        return
    from ssl import SSLWantReadError

    try:
        read(1)
    except SSLWantReadError:
        raise BlockingIOError from None


def _has_end(headers: dict[str, str]) -> bool:
    return "content-length" in headers or headers.get("transfer-encoding", "").lower() == "chunked"


def _common_headers(address: Address, username: str | None, password: str | None, bearer: str | None) -> str:
    host = "localhost" if address.path else f"{address.host}:{address.port}"
    head = f"Host: {host}\r\nUser-Agent: vigil\r\n"
    if bearer is not None:
        head += f"Authorization: Bearer {bearer}\r\n"
    elif username is not None and password is not None:
        from binascii import b2a_base64

        token = b2a_base64(f"{username}:{password}".encode(), newline=False).decode()
        head += f"Authorization: Basic {token}\r\n"
    return head
