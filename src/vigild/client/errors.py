"""What can go wrong between a client and a daemon; add a class only where a caller acts on it."""

from vigild.core.errors import NOT_ALLOWED, Fault


class ClientError(Exception):
    """A call did not give a result."""


class UnreachableError(ClientError):
    """Nobody answered at the address, or the connection broke.

    `address` is what was tried, in words that are safe to show; `errno` is the system's number, or 0
    when the peer closed the connection without an answer.
    """

    def __init__(self, address: str, cause: OSError | None = None, detail: str = "") -> None:
        self.address = address
        self.cause = cause
        self.errno = (cause.errno or 0) if cause is not None else 0
        super().__init__(f"cannot reach {address}: {detail or cause}")


class HttpError(ClientError):
    """The peer answered, but not with a result: an HTTP status other than 200, or no HTTP at all (status 0)."""

    def __init__(self, address: str, status: int, reason: str) -> None:
        self.address = address
        self.status = status
        self.reason = reason
        super().__init__(f"{address} answered {status} {reason}")


class UnauthorizedError(HttpError):
    """The daemon wants a user name and password, or other ones (HTTP 401)."""


class FaultError(ClientError):
    """The daemon refused the call: `code` is a number of `vigild.core.errors.Fault`, `text` its words."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"<Fault {code}: {text!r}>")

    @property
    def is_not_allowed(self) -> bool:
        """Who asked may not do that: the words say what it takes. There is no code of its own for it."""
        return is_not_allowed(self.code, self.text)


def is_not_allowed(code: int, text: str) -> bool:
    """The same of an answer about one of many."""
    return code == Fault.FAILED and text.startswith(f"{Fault.FAILED.name}: {NOT_ALLOWED}")
