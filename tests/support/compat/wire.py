"""A bare HTTP client over unix and TCP sockets, and XML-RPC on it that shows values as they are."""

import http.client
import socket
import xmlrpc.client
from dataclasses import dataclass


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the path instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True, slots=True)
class Address:
    """A unix socket's path, or a port of the loopback."""

    path: str = ""
    port: int = 0

    def connection(self, timeout: float = 60.0) -> http.client.HTTPConnection:
        """A connection that is not open yet."""
        if self.path:
            return UnixConnection(self.path, timeout)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


def request(
    address: Address, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """One request on a connection of its own. Raises OSError when nobody answers."""
    connection = address.connection()
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.reason, names, response.read())
    except http.client.HTTPException as error:
        raise OSError(f"not HTTP: {error!r}") from error
    finally:
        connection.close()


def call(address: Address, method: str, *arguments: object, headers: dict[str, str] | None = None) -> object:
    """One XML-RPC call. Raises xmlrpc.client.Fault, OSError, or ProtocolError for an HTTP status other than 200."""
    body = xmlrpc.client.dumps(tuple(arguments), method, allow_none=True).encode()  # type: ignore[arg-type]
    answer = request(address, "POST", "/RPC2", body, {"Content-Type": "text/xml", **(headers or {})})
    if answer.status != 200:
        raise xmlrpc.client.ProtocolError("/RPC2", answer.status, answer.reason, answer.headers)
    values, _ = xmlrpc.client.loads(answer.body)
    return values[0]
