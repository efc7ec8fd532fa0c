"""`/login` and `/logout`: a session for a browser, in a cookie that no script reads and no other site sends."""

import os
from dataclasses import replace

from vigild.core.access import Caller, current_caller
from vigild.core.sessions import LONGEST_SECONDS
from vigild.fronts.serving.auth import session_key
from vigild.fronts.serving.gate import Gate, address_of_peer, cookie_of
from vigild.fronts.serving.messages import Handler, Request, Response, error_response, text_response

MAX_FIELD_CHARACTERS = 1024
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Vigil</title></head>
<body><main><h1>Vigil</h1><form method="post" action="/login">
<p><label>Name <input name="username" autocomplete="username" required autofocus></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<input type="hidden" name="next" value="{next}">
<p><button>Log in</button></p></form></main></body></html>
"""


def with_login(handler: Handler, gate: Gate) -> Handler:
    """The same, with the two paths in front of it."""

    async def handle(request: Request) -> Response:
        if gate.rules.users is None:  # nobody is asked who he is
            return await handler(request)
        if request.path == "/login":
            if request.method == "POST":
                return await _log_in(request, gate)
            if request.method in ("GET", "HEAD"):
                return _page(request)
            return error_response(405, headers=(("Allow", "GET, HEAD, POST"),))
        if request.path == "/logout":
            if request.method == "POST":
                return _log_out(request, gate)
            return error_response(405, headers=(("Allow", "POST"),))
        return await handler(request)

    return handle


async def _log_in(request: Request, gate: Gate) -> Response:
    is_json = (request.header("content-type") or "").startswith("application/json")
    try:
        fields = _json_fields(request.body) if is_json else _form_fields(request.body)
    except ValueError as error:
        return error_response(400, f"the login cannot be read: {error}")
    name, password = fields.get("username", ""), fields.get("password", "")
    failures = gate.failures_of(request)
    caller = await gate.check_password(request, name, password.encode("utf-8", "replace"))
    if isinstance(caller, Response):
        if caller.status == 401:  # the page shows what went wrong; a dialog of the browser's would not help
            return error_response(401, "name or password is wrong", (("WWW-Authenticate", "Session"),))
        return caller
    key = os.urandom(32).hex()
    gate.begin_session(key, caller)
    gate.tell("login", caller, failures)
    current_caller.set(replace(caller, via="session"))
    cookie = ("Set-Cookie", _cookie(gate, request, key, int(LONGEST_SECONDS)))
    if is_json:
        return _who(caller, cookie)
    return Response(
        303, (("Location", _safe_next(fields.get("next", ""))), cookie, ("Cache-Control", "no-store"))
    )


def _log_out(request: Request, gate: Gate) -> Response:
    key = cookie_of(request, gate.rules.cookie)
    if key is not None and gate.sessions is not None:
        session = gate.sessions.look(session_key(key), gate.clock())
        if session is not None:
            address = address_of_peer(request.peer)
            gate.tell("logout", Caller(session.name, session.role, "session", address))
        gate.sessions.end(session_key(key))
    gone = ("Set-Cookie", _cookie(gate, request, "", 0))
    if "application/json" in (request.header("accept"), request.header("content-type")):
        return Response(204, (gone,))
    return Response(303, (("Location", "/login"), gone, ("Cache-Control", "no-store")))


def _who(caller: Caller, *headers: tuple[str, str]) -> Response:
    import json

    text = json.dumps({"name": caller.name, "role": caller.role.word})
    plain = text_response(200, text, (*headers, ("Cache-Control", "no-store")))
    shown = tuple((k, "application/json" if k == "Content-Type" else v) for k, v in plain.headers)
    return replace(plain, headers=shown)


def _page(request: Request) -> Response:
    from urllib.parse import parse_qs  # late: 0.4 MiB with all that it imports

    wanted = parse_qs(request.query).get("next", [""])[0]
    head = (("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"))
    return Response(200, head, _PAGE.replace("{next}", _escaped(_safe_next(wanted))).encode())


def _safe_next(path: str) -> str:
    """Only a path of this server: `//evil.example` would be another's."""
    fine = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and path.isascii()
    )
    return path if fine and len(path) <= MAX_FIELD_CHARACTERS else "/"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _cookie(gate: Gate, request: Request, value: str, seconds: int) -> str:
    secure = "; Secure" if request.is_secure else ""
    return f"{gate.rules.cookie}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def _form_fields(body: bytes) -> dict[str, str]:
    from urllib.parse import parse_qs

    parsed = parse_qs(body.decode("utf-8"), max_num_fields=8)
    return {name: values[0][:MAX_FIELD_CHARACTERS] for name, values in parsed.items()}


def _json_fields(body: bytes) -> dict[str, str]:
    import json

    try:
        read = json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(read, dict):
        raise ValueError("it is no object")
    return {name: value[:MAX_FIELD_CHARACTERS] for name, value in read.items() if isinstance(value, str)}
