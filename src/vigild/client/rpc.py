"""XML-RPC calls to a supervising daemon (Vigil's or Supervisor's), by method name."""

from collections.abc import Iterator

from vigild.client.address import Address, parse_address
from vigild.client.errors import FaultError, HttpError
from vigild.client.http import Connection
from vigild.client.quick import flat_structs, plain_string
from vigild.client.trust import NO_TRUST, Trust

RPC_PATH = "/RPC2"
# The only answers that can be large; see `quick`.
_FLAT = frozenset({"supervisor.getAllProcessInfo"})


class RpcClient:
    """Calls methods over one kept connection.

    `url` is a server URL (`unix:///path`, `http://host:port`); ValueError if it is not.
    `timeout_seconds` bounds each wait for the socket; None waits as long as the daemon takes, which a
    call that waits for a program to start needs.
    """

    def __init__(
        self,
        url: str,
        username: str | None = None,
        password: str | None = None,
        timeout_seconds: float | None = None,
        trust: Trust = NO_TRUST,
    ) -> None:
        self._trust = trust
        self._url = url
        self.address: Address = parse_address(url)
        self._credentials = (username, password)
        self._timeout_seconds = timeout_seconds
        self._connection = self.connect()

    def connect(self) -> Connection:
        """A connection of its own to the same address, with the same credentials; for streams."""
        return Connection(self.address, *self._credentials, self._timeout_seconds, self._trust)

    def another(self) -> "RpcClient":
        """A client of the same daemon that waits as long as it takes, for a thread of its own."""
        return RpcClient(self._url, *self._credentials, trust=self._trust)

    def close(self) -> None:
        """Let go of the kept connection."""
        self._connection.close()

    def __enter__(self) -> "RpcClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, *params: object) -> object:
        """The method's result. Raises FaultError, UnauthorizedError, HttpError, UnreachableError."""
        body = self._connection.post(RPC_PATH, _encode(method, params))
        if method in _FLAT:
            structs = flat_structs(body)
            if structs is not None:
                return structs
        string = plain_string(body)
        if string is not None:
            return string
        from vigild.wire.xmlrpc import FaultValue, XmlRpcError, decode_response  # late: brings the XML parser

        try:
            value = decode_response(body)
        except XmlRpcError as error:
            raise HttpError(str(self.address), 0, f"what is no XML-RPC response: {error}") from error
        if isinstance(value, FaultValue):
            raise FaultError(value.code, value.text)
        return value

    def stream(self, path: str) -> Iterator[bytes]:
        """Follow a resource such as `/logtail/NAME/stdout`, over a connection of its own."""
        connection = self.connect()
        try:
            yield from connection.stream(path)
        finally:
            connection.close()


def _encode(method: str, params: tuple[object, ...]) -> bytes:
    if not params:  # most calls; spares the import of the codec
        return f"<?xml version='1.0'?>\n<methodCall>\n<methodName>{method}</methodName>\n<params>\n</params>\n</methodCall>\n".encode()
    from vigild.wire.xmlrpc import encode_call

    return encode_call(method, params)
