"""Who comes through a door."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from support.http_site import GET, rules_for, site
from vigild.core.access import NOBODY, Caller, PeerRoles, Principal, Role, current_caller
from vigild.core.sessions import Sessions
from vigild.fronts.serving import Credentials, Gate, Request, Response, text_response
from vigild.fronts.serving.gate import Rules, User, address_of_peer


def admit(gate: Gate, peer: str, *headers: tuple[str, str]) -> Caller | Response:
    return asyncio.run(gate.admit(Request("GET", "/", "/", "", headers, peer=peer)))


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("10.0.0.7:4711", "10.0.0.7"),
        ("fe80::1:4711", "fe80::1"),
        ("unix:uid=1000", "uid 1000"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_addresses_for_people(peer: str, address: str) -> None:
    assert address_of_peer(peer) == address


def test_a_unix_socket_tells_who_it_is() -> None:
    assert admit(Gate(), "unix:uid=7") == Caller("uid 7", Role.ADMIN, "peer")


def test_an_open_door_has_one_role_for_all() -> None:
    gate = Gate(Rules(open_role=Role.VIEWER, limit="why"))
    assert admit(gate, "10.0.0.7:1") == Caller("", Role.VIEWER, "nobody", "10.0.0.7", "why")


def test_who_knows_the_one_password_may_everything() -> None:
    gate = Gate(rules_for(Credentials("bob", "word")))
    right = ("authorization", "Basic Ym9iOndvcmQ=")
    assert admit(gate, "10.0.0.7:1", right) == Caller("bob", Role.ADMIN, "password", "10.0.0.7")
    refusal = admit(gate, "10.0.0.7:1")
    assert isinstance(refusal, Response)
    assert refusal.status == 401


def test_the_caller_is_set_for_each_request(short_tmp: Path) -> None:
    async def who(request: Request) -> Response:
        assert current_caller.get() is request.caller
        return text_response(200, current_caller.get().words)

    async def run() -> None:
        async with site(short_tmp, who) as there, there.client() as client:
            assert (await client.ask(GET)).body == f"uid {os.getuid()}\n".encode()
        assert current_caller.get() is NOBODY

    asyncio.run(run())


ANN, EVE = "Basic YW5uOnNlY3JldA==", "Basic ZXZlOnNlY3JldA=="  # ann:secret, eve:secret
USERS = {"ann": User(Role.OPERATOR, Credentials("ann", "secret")), "cert": User(Role.VIEWER)}


def status(answer: Caller | Response) -> int:
    """Of a refusal; 0 for somebody who may enter."""
    return answer.status if isinstance(answer, Response) else 0


def test_each_user_has_a_role() -> None:
    gate = Gate(Rules(USERS))
    found = admit(gate, "10.0.0.7:1", ("authorization", ANN))
    assert found == Caller("ann", Role.OPERATOR, "password", "10.0.0.7")
    for wrong in (EVE, "Basic YW5uOnNlY3JldHM=", "Basic Y2VydDo=", "Digest x"):
        assert status(admit(gate, "10.0.0.8:1", ("authorization", wrong))) == 401
    assert status(admit(gate, "10.0.0.9:1", ("authorization", "Basic !"))) == 400


def test_a_token_counts_at_every_door() -> None:
    known = Caller("token:ci", Role.VIEWER, "token")
    for rules, peer in ((Rules(USERS), "10.0.0.7:1"), (Rules(), "unix:uid=7")):
        gate = Gate(rules, lambda presented, address: known if presented == "right" else None)
        assert admit(gate, peer, ("authorization", "bearer right")) is known
        assert status(admit(gate, peer, ("authorization", "Bearer wrong"))) == 401
    assert status(admit(Gate(), "unix:uid=7", ("authorization", "Bearer right"))) == 401


def test_a_certificate_names_a_user() -> None:
    asked = Request("GET", "/", "/", "", (), peer="10.0.0.7:1", certificate=("x", "cert"))
    taking = Gate(Rules(USERS, takes_certificates=True))
    assert asyncio.run(taking.admit(asked)) == Caller("cert", Role.VIEWER, "certificate", "10.0.0.7")
    assert status(asyncio.run(Gate(Rules(USERS)).admit(asked))) == 401


def test_a_socket_can_tell_its_peers_apart() -> None:
    gate = Gate(Rules(peer_roles=PeerRoles(operators=(Principal(7),)), own_uid=1))

    def peer(uid: int) -> Caller | Response:
        return asyncio.run(gate.admit(Request("GET", "/", "/", "", (), peer=f"unix:uid={uid}", uid=uid)))

    operator, admin = peer(7), peer(1)
    assert isinstance(operator, Caller)
    assert (operator.role, operator.limit) == (
        Role.OPERATOR,
        "as viewers, operators and admins of this socket say",
    )
    assert admin == Caller("uid 1", Role.ADMIN, "peer")
    assert status(peer(8)) == 403


def test_guessing_is_answered_later_and_later() -> None:
    log: list[str] = []
    now = [0.0]
    gate = Gate(Rules(USERS), log=lambda level, text: log.append(text), clock=lambda: now[0])
    guesses = [status(admit(gate, "10.0.0.7:1", ("authorization", EVE))) for _ in range(7)]
    assert guesses == [401] * 5 + [429] * 2
    assert status(admit(gate, "10.0.0.7:1", ("authorization", ANN))) == 429
    assert status(admit(gate, "10.0.0.8:1", ("authorization", ANN))) == 0
    now[0] = 1.1
    assert status(admit(gate, "10.0.0.7:1", ("authorization", ANN))) == 0
    assert log[0] == "a password for 'eve' from 10.0.0.7 was wrong, 1 times in a row"


def test_a_page_is_asked_without_the_dialog_of_the_browser() -> None:
    gate = Gate(Rules(USERS, cookie="c"), sessions=Sessions())

    def challenge(*headers: tuple[str, str]) -> str:
        answer = admit(gate, "10.0.0.7:1", *headers)
        assert isinstance(answer, Response)
        return dict(answer.headers)["WWW-Authenticate"]

    assert challenge() == 'Basic realm="default"'
    assert challenge(("cookie", "c=over")) == "Session"
    assert challenge(("sec-fetch-mode", "cors")) == "Session"
    assert challenge(("accept", "text/event-stream")) == "Session"


def test_the_console_itself_is_for_everybody_and_what_it_shows_is_not() -> None:
    gate = Gate(Rules(USERS, cookie="c"), sessions=Sessions())
    page = Request("GET", "/", "/", "", (("accept", "text/html"),), peer="10.0.0.7:1")

    def judged(**change: object) -> int:
        return status(asyncio.run(gate.admit(replace(page, **change))))  # type: ignore[arg-type]

    for path in ("/", "/tail.html", "/console/app.js", "/login"):
        assert judged(path=path) == 0
    for path in ("/RPC2", "/api/v1/processes", "/logtail/web", "/mainlogtail", "/metrics", "/console", "/x"):
        assert judged(path=path) == 401
    assert judged(headers=()) == 401
    assert judged(method="POST") == 401
    assert judged(path="/login", method="POST") == 0


def test_a_session_is_found_by_its_cookie() -> None:
    sessions = Sessions()
    gate = Gate(Rules(USERS, cookie="c"), sessions=sessions, clock=lambda: 1.0)
    gate.begin_session("key", Caller("ann", Role.OPERATOR))
    found = admit(gate, "10.0.0.7:1", ("cookie", "a=b; c=key"))
    assert found == Caller("ann", Role.OPERATOR, "session", "10.0.0.7")
    assert status(admit(gate, "10.0.0.7:1", ("cookie", "c=other"))) == 401
    assert status(admit(Gate(Rules(USERS)), "10.0.0.7:1", ("cookie", "=key"))) == 401


@pytest.mark.parametrize(
    ("ann", "goes_on"),
    [
        (User(Role.OPERATOR, Credentials("ann", "secret")), True),
        (User(Role.VIEWER, Credentials("ann", "secret")), False),
        (User(Role.OPERATOR, Credentials("ann", "other")), False),
        (User(Role.OPERATOR), False),
        (None, False),
    ],
)
def test_a_session_ends_with_the_role_or_the_password_it_began_with(ann: User | None, goes_on: bool) -> None:
    was = {"ann": User(Role.OPERATOR, Credentials("ann", "secret"))}
    gate = Gate(Rules(was, cookie="c"), sessions=Sessions(), clock=lambda: 1.0)
    gate.begin_session("key", Caller("ann", Role.OPERATOR))
    gate.rules = Rules({} if ann is None else {"ann": ann}, cookie="c")
    gate.end_changed_sessions()
    assert (status(admit(gate, "10.0.0.7:1", ("cookie", "c=key"))) == 0) is goes_on


def test_no_table_holds_what_a_cookie_does() -> None:
    sessions = Sessions()
    gate = Gate(Rules(USERS, cookie="c"), sessions=sessions, clock=lambda: 1.0)
    gate.begin_session("key", Caller("ann", Role.OPERATOR))
    ((key, _),) = sessions.all(1.0)
    assert b"key" not in key
    assert status(admit(gate, "10.0.0.7:1", ("cookie", f"c={key.hex()}"))) == 401
