"""Who comes through a door: from what a request brings to a `Caller`, or to a refusal.

In this order: a session's cookie, a token, a client certificate, a name and a password, and what the kernel says of who
is at the other end of a unix socket.
"""

import time
from _operator import _compare_digest  # as in auth.py
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from vigild.core.access import Caller, PeerRoles, Role, is_loopback
from vigild.core.backoff import Backoff, source_of
from vigild.core.frozen import frozen
from vigild.fronts.serving.auth import Credentials, Verdict, parse_basic, session_key, stamp_of
from vigild.fronts.serving.guard import cross_site, foreign_host
from vigild.fronts.serving.messages import Request, Response, error_response

if TYPE_CHECKING:
    from vigild.core.sessions import Session, Sessions

REALM = "default"
_LOGIN_PATHS = frozenset({"/login"})
_PAGES = frozenset({"/", "/index.html", "/tail.html"})
_UNIX = "unix"

TokenFinder = Callable[[str, str], Caller | None]
LoginNote = Callable[[str, Caller, int], None]
"""Told of "login", "logout" and "failed": of whom, and of how many failures in a row."""


class Gatekeeper(Protocol):
    """Whom a server asks about each request, before its body is read."""

    @property
    def problem(self) -> str | None:
        """Why nobody can enter, if that is so."""

    def behind_proxies(self, request: Request) -> Request:
        """The request as its client sent it, where a trusted proxy has passed it on."""

    async def admit(self, request: Request) -> Caller | Response:
        """Who it is, or what to answer."""

    def still_admits(self, request: Request) -> bool:
        """May who was admitted go on being sent what he asked for? For answers without an end."""


@frozen
class User:
    """Somebody who may come in: with a password, with a certificate (`credentials` None), or either."""

    role: Role
    credentials: Credentials | None = None


@dataclass(slots=True)
class Rules:
    """What one door asks for. `users` None: nothing; then everybody has `open_role`, and `limit` says why."""

    users: Mapping[str, User] | None = None
    open_role: Role = Role.ADMIN
    limit: str = ""
    peer_roles: PeerRoles | None = None
    own_uid: int = -1
    own_names: tuple[str, ...] | None = None  # None: whatever name it is asked for will do
    allowed_hosts: tuple[str, ...] = ()
    takes_certificates: bool = False
    cookie: str = ""  # its name; "": no sessions
    see_through: Callable[[Request], Request] | None = None  # where there are trusted proxies
    far_limit: str = ""  # why who comes through these from another machine may only look; "": does not

    @property
    def problem(self) -> str | None:
        """Why nobody can enter, if that is so."""
        if self.users is None or self.takes_certificates:
            return None
        problems = [user.credentials.problem for user in self.users.values() if user.credentials is not None]
        return next(iter(problems)) if problems and all(problems) else None


@dataclass(slots=True)
class Gate:
    """The gate of one server. `rules` may be others from one request to the next."""

    rules: Rules = field(default_factory=Rules)
    find_token: TokenFinder | None = None
    sessions: "Sessions | None" = None
    backoff: Backoff = field(default_factory=Backoff)
    log: Callable[[str, str], None] | None = None
    note_login: LoginNote | None = None
    clock: Callable[[], float] = time.monotonic

    @property
    def problem(self) -> str | None:
        """Why nobody can enter, if that is so."""
        return self.rules.problem

    def behind_proxies(self, request: Request) -> Request:
        """The request as its client sent it, where a trusted proxy has passed it on."""
        see_through = self.rules.see_through
        return request if see_through is None else see_through(request)

    async def admit(self, request: Request) -> Caller | Response:
        """Who it is, or what to answer."""
        rules = self.rules
        refused = cross_site(request, rules.allowed_hosts)
        if not refused and rules.own_names is not None and not request.peer.startswith(_UNIX):
            refused = foreign_host(request, rules.own_names)
        if refused:
            return error_response(403, refused)
        known = self._by_session(request)
        if known is not None:
            return known
        authorization = request.header("authorization") or ""
        if authorization[:7].lower() == "bearer ":
            return self._by_token(request, authorization[7:])
        if rules.users is None:
            return self._by_peer(request)
        if (known := self._by_certificate(request)) is not None:
            return known
        if not authorization and self.sessions is not None and _is_for_everybody(request):
            return Caller("", Role.VIEWER, "nobody", address_of_peer(request.peer))
        return await self._by_password(request, authorization)

    def still_admits(self, request: Request) -> bool:
        """Has nobody logged out, revoked the token, or changed the role meanwhile? Counts as no use of a session."""
        caller, users = request.caller, self.rules.users
        if caller.via == "session":
            cookie = cookie_of(request, self.rules.cookie)
            if cookie is None or self.sessions is None:
                return False
            session = self.sessions.look(session_key(cookie), self.clock())
            return session is not None and session.role == caller.role
        if caller.via == "token":
            presented = (request.header("authorization") or "")[7:]
            return self.find_token is not None and self.find_token(presented, caller.address) == caller
        if caller.via in ("password", "certificate"):
            user = (users or {}).get(caller.name)
            return user is not None and user.role == caller.role
        return users is None

    # ---- sessions ----

    def begin_session(self, cookie: str, caller: Caller) -> None:
        """Whoever brings this cookie from now on is `caller`, who has just said a right password."""
        assert self.sessions is not None
        key = session_key(cookie)
        stamp = stamp_of(key, self._password_of(caller.name))
        self.sessions.begin(key, caller.name, caller.role, self.clock(), stamp)

    def end_changed_sessions(self) -> None:
        """`rules` are others now: who is gone from them, or has another role or password, logs in anew."""
        if self.sessions is not None:
            self.sessions.end_unless(self._is_as_it_began)

    def _is_as_it_began(self, key: bytes, session: "Session") -> bool:
        user = (self.rules.users or {}).get(session.name)
        if user is None or user.role != session.role:
            return False
        return _compare_digest(stamp_of(key, self._password_of(session.name)), session.stamp)

    def _password_of(self, name: str) -> str:
        user = (self.rules.users or {}).get(name)
        return user.credentials.password if user is not None and user.credentials is not None else ""

    # ---- each way in ----

    def _by_session(self, request: Request) -> Caller | None:
        asks = self.sessions is not None and self.rules.users is not None
        cookie = cookie_of(request, self.rules.cookie) if asks else None
        if cookie is None or self.sessions is None:
            return None
        session = self.sessions.find(session_key(cookie), self.clock())
        if session is None:
            return None
        return Caller(session.name, session.role, "session", address_of_peer(request.peer))

    def _by_token(self, request: Request, presented: str) -> Caller | Response:
        address = address_of_peer(request.peer)
        known = self.find_token(presented, address) if self.find_token is not None else None
        if known is not None:
            return known
        words = "the token is unknown, revoked or expired" if presented.startswith("vigil_") else ""
        who = Caller("", Role.VIEWER, "token", address)
        return self._wait_of(request) or self._wrong(request, "a token", who, words)

    def _by_peer(self, request: Request) -> Caller | Response:
        rules, address = self.rules, address_of_peer(request.peer)
        if not request.peer.startswith(_UNIX):
            if rules.far_limit and not is_loopback(address):
                return Caller("", Role.VIEWER, "nobody", address, rules.far_limit)
            return Caller("", rules.open_role, "nobody", address, rules.limit)
        if rules.peer_roles is None:
            return Caller(address, rules.open_role, "peer", "", rules.limit)
        role = rules.peer_roles.role_of(request.uid, request.gids, rules.own_uid)
        if role is None:
            return error_response(
                403, f"{address} is in none of viewers, operators and admins of this socket"
            )
        limit = "as viewers, operators and admins of this socket say"
        return Caller(address, role, "peer", "", "" if role is Role.ADMIN else limit)

    def _by_certificate(self, request: Request) -> Caller | None:
        if not self.rules.takes_certificates or self.rules.users is None:
            return None
        for name in request.certificate:
            user = self.rules.users.get(name)
            if user is not None:
                return Caller(name, user.role, "certificate", address_of_peer(request.peer))
        return None

    async def _by_password(self, request: Request, authorization: str) -> Caller | Response:
        if not authorization:
            return self._ask_who(request)
        given = parse_basic(authorization)
        if given is Verdict.MALFORMED:
            words = "the Authorization header is not of the form Basic BASE64(NAME:PASSWORD)"
            return error_response(400, words)
        if isinstance(given, Verdict):
            return self._ask_who(request)
        return await self.check_password(request, *given)

    async def check_password(self, request: Request, name: str, password: bytes) -> Caller | Response:
        """Who has this name and password, or what to answer. How long it takes does not tell which was wrong."""
        users = self.rules.users or {}
        user = users.get(name)
        entered = user.credentials if user is not None else None
        if entered is None or not entered.is_remembered(password):
            waiting = self._wait_of(request)
            if waiting is not None:
                return waiting
        # For a name that nobody has, another's password is compared, which costs the same.
        checked = entered or next((u.credentials for u in users.values() if u.credentials is not None), None)
        verdict = await checked.check_password(password) if checked is not None else Verdict.WRONG
        if verdict is Verdict.BUSY:
            return error_response(503, "too many passwords are being checked; try again in a moment")
        if verdict is Verdict.RIGHT and user is not None and entered is not None:
            self.backoff.succeeded(self._source(request))
            return Caller(name, user.role, "password", address_of_peer(request.peer))
        # A name that nobody has is not told in the history: it may be a password in the wrong field.
        who = Caller(name if user is not None else "", Role.VIEWER, "password", address_of_peer(request.peer))
        return self._wrong(request, f"a password for {name[:64]!r}", who)

    # ---- refusals ----

    def _source(self, request: Request) -> str:
        return source_of(address_of_peer(request.peer))

    def _wait_of(self, request: Request) -> Response | None:
        seconds = self.backoff.wait_seconds(self._source(request), self.clock())
        if not seconds:
            return None
        words = f"too many wrong passwords or tokens came from here; try again in {seconds:.0f} s"
        return error_response(429, words, (("Retry-After", str(int(seconds) + 1)),))

    def _wrong(self, request: Request, what: str, who: Caller, words: str = "") -> Response:
        failures = self.backoff.failed(self._source(request), self.clock())
        if self.log is not None:
            self.log("warn", f"{what} from {self._source(request)} was wrong, {failures} times in a row")
        self.tell("failed", who, failures)
        return self._ask_who(request, words)

    def tell(self, what: str, who: Caller, count: int = 0) -> None:
        """For the history: "login" (after `count` failures), "logout", or "failed" (for the `count`th time in a row)."""
        if self.note_login is not None:
            self.note_login(what, who, count)

    def failures_of(self, request: Request) -> int:
        """How many passwords and tokens from there were wrong in a row until now."""
        return self.backoff.failures(self._source(request), self.clock())

    def _ask_who(self, request: Request, words: str = "") -> Response:
        # A browser would open its own dialog over a page that knows better what to do.
        by_page = (
            request.header("sec-fetch-mode") not in (None, "navigate")
            or (request.header("accept") or "").startswith(("application/json", "text/event-stream"))
            or (self.rules.cookie and cookie_of(request, self.rules.cookie) is not None)
        )
        challenge = "Session" if by_page else f'Basic realm="{REALM}"'
        return error_response(401, words, (("WWW-Authenticate", challenge),))


def _is_for_everybody(request: Request) -> bool:
    """Is it the console's own files, or the form? They hold nothing, and somebody has to show where to log in.

    Whatever is no browser is asked who it is as Supervisor does, also for `/`.
    """
    if request.path in _LOGIN_PATHS:
        return True
    if request.method not in ("GET", "HEAD"):
        return False
    wants_page = "text/html" in (request.header("accept") or "")
    return request.path.startswith("/console/") or (wants_page and request.path in _PAGES)


def cookie_of(request: Request, name: str) -> str | None:
    """The value of a cookie."""
    for part in (request.header("cookie") or "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name and name:
            return value
    return None


def address_of_peer(peer: str) -> str:
    """For people: `10.0.0.7` (a port says nothing later), or `uid 1000` on a unix socket."""
    if peer.startswith(_UNIX):
        return peer.removeprefix("unix:").replace("uid=", "uid ")
    return peer.rpartition(":")[0]
