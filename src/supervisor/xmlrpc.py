"""Faults, and a transport for `xmlrpc.client.ServerProxy` that reaches unix and TCP sockets."""

from typing import TYPE_CHECKING, Any
from xmlrpc.client import Fault, ProtocolError, Transport, dumps, loads

from vigild.client.address import parse_address
from vigild.client.errors import HttpError, UnreachableError
from vigild.client.http import Connection

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Fault", "Faults", "RPCError", "SupervisorTransport", "getFaultDescription", "loads"]


class Faults:
    """Fault codes of the interface."""

    UNKNOWN_METHOD = 1
    INCORRECT_PARAMETERS = 2
    BAD_ARGUMENTS = 3
    SIGNATURE_UNSUPPORTED = 4
    SHUTDOWN_STATE = 6
    BAD_NAME = 10
    BAD_SIGNAL = 11
    NO_FILE = 20
    NOT_EXECUTABLE = 21
    FAILED = 30
    ABNORMAL_TERMINATION = 40
    SPAWN_ERROR = 50
    ALREADY_STARTED = 60
    NOT_RUNNING = 70
    SUCCESS = 80
    ALREADY_ADDED = 90
    STILL_RUNNING = 91
    CANT_REREAD = 92


def getFaultDescription(code: int) -> str:
    """The name of a fault; 'UNKNOWN' if it has none."""
    return next((name for name, value in vars(Faults).items() if value == code and name.isupper()), "UNKNOWN")


class RPCError(Exception):
    """What a method of an `[rpcinterface:x]` raises to answer with a fault; any number will do."""

    def __init__(self, code: int, extra: object = None) -> None:
        name = getFaultDescription(code)
        self.code = code
        self.text = name if extra is None else f"{name}: {extra}"
        super().__init__(code, extra)

    def __str__(self) -> str:
        return f"code={self.code!r}, text={self.text!r}"


class SupervisorTransport(Transport):
    """Carries calls over one kept connection, with basic authentication if both name and password are given.

    ValueError for a server URL that is neither `http://` nor `unix://`.
    """

    def __init__(
        self, username: str | None = None, password: str | None = None, serverurl: str | None = None
    ) -> None:
        super().__init__()
        self.connection: Connection | None = None
        self.username = username
        self.password = password
        self.serverurl = serverurl
        self.verbose = False
        try:
            self._address = parse_address(serverurl or "")
        except ValueError:
            raise ValueError(f"Unknown protocol for serverurl {serverurl}") from None

    def close(self) -> None:
        """Let go of the connection; the next call opens another."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def __del__(self) -> None:
        self.close()  # proxies are dropped without a word everywhere

    def request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> "tuple[Any, ...]":
        """One call. Raises Fault, ProtocolError, OSError."""
        if self.connection is None:
            self.connection = Connection(self._address, self.username, self.password)
        body = request_body if isinstance(request_body, bytes) else str(request_body).encode()
        try:
            answer = self.connection.post(handler, body)
        except HttpError as error:
            self.close()
            raise ProtocolError(f"{host}{handler}", error.status, error.reason, {}) from None
        except UnreachableError as error:
            self.close()
            if error.cause is not None:
                raise error.cause from None
            raise _closed(str(error)) from None
        return loads(answer)[0]


def _closed(text: str) -> OSError:
    from http.client import RemoteDisconnected  # late: only this rare failure needs it

    return RemoteDisconnected(text)


def xmlrpc_marshal(value: object) -> str:
    """The document that answers a call with `value`, a Fault included."""
    if isinstance(value, Fault):
        return dumps(value)
    values: Iterable[object] = value if isinstance(value, tuple) else (value,)
    return dumps(tuple(values), methodresponse=True)  # type: ignore[arg-type]
