"""Who comes through a door: from what a request brings to a `Caller`, or to a refusal."""

from typing import Protocol

from vigild.core.access import Caller, Role
from vigild.fronts.serving.auth import Credentials, Verdict
from vigild.fronts.serving.messages import Request, Response, error_response

REALM = "default"
_UNIX = "unix"


class Gatekeeper(Protocol):
    """Whom a server asks about each request, before its body is read."""

    @property
    def problem(self) -> str | None:
        """Why nobody can enter, if that is so."""

    async def admit(self, request: Request) -> Caller | Response:
        """Who it is, or what to answer."""


class Gate:
    """The gate of one server. With `credentials` everybody is asked for them; without, everybody has `open_role`.

    `limit` says why `open_role` is what it is, for those who are refused something.
    """

    def __init__(
        self, credentials: Credentials | None = None, *, open_role: Role = Role.ADMIN, limit: str = ""
    ) -> None:
        self._credentials = credentials
        self._open_role = open_role
        self._limit = limit

    @property
    def problem(self) -> str | None:
        """Why nobody can enter, if that is so."""
        return None if self._credentials is None else self._credentials.problem

    async def admit(self, request: Request) -> Caller | Response:
        """Who it is, or what to answer."""
        address = address_of_peer(request.peer)
        if self._credentials is not None:
            refusal = await self._check(self._credentials, request)
            return refusal or Caller(self._credentials.username, Role.ADMIN, "password", address)
        if request.peer.startswith(_UNIX):
            return Caller(address, self._open_role, "peer", "", self._limit)
        return Caller("", self._open_role, "nobody", address, self._limit)

    async def _check(self, credentials: Credentials, request: Request) -> Response | None:
        verdict = await credentials.check(request.header("authorization"))
        if verdict is Verdict.RIGHT:
            return None
        if verdict is Verdict.MALFORMED:
            words = "the Authorization header is not of the form Basic BASE64(NAME:PASSWORD)"
            return error_response(400, words)
        if verdict is Verdict.BUSY:
            return error_response(503, "too many passwords are being checked; try again in a moment")
        return error_response(401, headers=(("WWW-Authenticate", f'Basic realm="{REALM}"'),))


def address_of_peer(peer: str) -> str:
    """For people: `10.0.0.7` (a port says nothing later), or `uid 1000` on a unix socket."""
    if peer.startswith(_UNIX):
        return peer.removeprefix("unix:").replace("uid=", "uid ")
    return peer.rpartition(":")[0]
