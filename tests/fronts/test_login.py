"""Logging in and out."""

import asyncio
import json
from dataclasses import replace

import pytest

from vigild.core.access import Role
from vigild.core.sessions import Sessions
from vigild.fronts.login import with_login
from vigild.fronts.serving import Credentials, Gate, Request, Response, text_response
from vigild.fronts.serving.gate import Rules, User

FORM = ("content-type", "application/x-www-form-urlencoded")
JSON = ("content-type", "application/json")


@pytest.fixture
def gate() -> Gate:
    users = {"ann": User(Role.OPERATOR, Credentials("ann", "secret"))}
    return Gate(Rules(users, cookie="vigil_session_1"), sessions=Sessions(), clock=lambda: 0.0)


def ask(
    gate: Gate, path: str, body: bytes = b"", *headers: tuple[str, str], method: str = "POST"
) -> Response:
    """What is answered behind the gate, if it lets one in."""

    async def inside(request: Request) -> Response:
        return text_response(200, f"{request.caller.name} {request.caller.via}")

    async def run() -> Response:
        name, _, query = path.partition("?")
        request = Request(method, path, name, query, headers, peer="10.0.0.7:1", is_secure=True)
        caller = await gate.admit(request)
        if isinstance(caller, Response):
            return caller
        return await with_login(inside, gate)(replace(request, body=body, caller=caller))

    return asyncio.run(run())


def cookie_in(response: Response) -> str:
    return next(value for name, value in response.headers if name == "Set-Cookie")


def test_a_form_leads_on_with_a_cookie(gate: Gate) -> None:
    answer = ask(gate, "/login", b"username=ann&password=secret&next=%2Fweb", FORM)
    assert (answer.status, dict(answer.headers)["Location"]) == (303, "/web")
    cookie = cookie_in(answer)
    assert cookie.endswith("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure")
    inside = ask(gate, "/", b"", ("cookie", cookie.partition(";")[0]), method="GET")
    assert inside.body == b"ann session\n"


def test_json_is_answered_with_who_it_is(gate: Gate) -> None:
    answer = ask(gate, "/login", b'{"username": "ann", "password": "secret"}', JSON)
    assert isinstance(answer.body, bytes)
    assert (answer.status, json.loads(answer.body)) == (200, {"name": "ann", "role": "operator"})
    assert dict(answer.headers)["Content-Type"] == "application/json"


def test_logging_out_ends_the_session(gate: Gate) -> None:
    cookie = (
        "cookie",
        cookie_in(ask(gate, "/login", b"username=ann&password=secret", FORM)).partition(";")[0],
    )
    out = ask(gate, "/logout", b"", cookie)
    assert (out.status, dict(out.headers)["Location"]) == (303, "/login")
    assert "=; Path=/; Max-Age=0" in cookie_in(out)
    assert ask(gate, "/", b"", cookie, method="GET").status == 401


def test_a_script_logs_out_without_being_led_on(gate: Gate) -> None:
    cookie = (
        "cookie",
        cookie_in(ask(gate, "/login", b"username=ann&password=secret", FORM)).partition(";")[0],
    )
    assert ask(gate, "/logout", b"", cookie, ("accept", "application/json")).status == 204


@pytest.mark.parametrize(
    ("body", "header", "status"),
    [
        (b"username=ann&password=wrong", FORM, 401),
        (b"username=eve&password=secret", FORM, 401),
        (b"", FORM, 401),
        (b"[]", JSON, 400),
        (b"{", JSON, 400),
        (b"\xff", FORM, 400),
        (b'{"username": 1, "password": "secret"}', JSON, 401),
    ],
)
def test_what_lets_nobody_in(gate: Gate, body: bytes, header: tuple[str, str], status: int) -> None:
    answer = ask(gate, "/login", body, header)
    assert answer.status == status
    assert "Set-Cookie" not in dict(answer.headers)
    assert gate.sessions is not None
    assert len(gate.sessions) == 0


def test_guessing_in_the_form_is_slowed_down_too(gate: Gate) -> None:
    wrong = [ask(gate, "/login", b"username=ann&password=x", FORM).status for _ in range(6)]
    assert wrong == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [("/a", "/a"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("http://evil.example", "/"), ("/a\r\nb", "/"), ("", "/")],
)  # fmt: skip
def test_nobody_is_led_to_another_site(gate: Gate, wanted: str, led_to: str) -> None:
    body = json.dumps(wanted)[1:-1].replace("\\r", "%0d").replace("\\n", "%0a").replace("\\\\", "%5c")
    answer = ask(gate, "/login", f"username=ann&password=secret&next={body}".encode(), FORM)
    assert dict(answer.headers)["Location"] == led_to


def test_the_form_shows_nothing_as_markup(gate: Gate) -> None:
    page = ask(gate, "/login?next=/%22%3E%3Cscript%3E", method="GET")
    assert isinstance(page.body, bytes)
    assert b"<script>" not in page.body
    assert b"/&quot;&gt;&lt;script&gt;" in page.body


def test_other_methods(gate: Gate) -> None:
    assert ask(gate, "/login", method="PUT").status == 405
    cookie = (
        "cookie",
        cookie_in(ask(gate, "/login", b"username=ann&password=secret", FORM)).partition(";")[0],
    )
    assert ask(gate, "/logout", b"", cookie, method="GET").status == 405


def test_where_nobody_is_asked_there_is_nothing_to_log_in_to(gate: Gate) -> None:
    gate.rules = Rules()
    assert ask(gate, "/login", method="GET").body == b" nobody\n"
