"""Who comes through a door."""

import asyncio
import os
from pathlib import Path

import pytest

from support.http_site import GET, rules_for, site
from vigild.core.access import NOBODY, Caller, Role, current_caller
from vigild.fronts.serving import Credentials, Gate, Request, Response, text_response
from vigild.fronts.serving.gate import Rules, address_of_peer


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
