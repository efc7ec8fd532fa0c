"""Answers that go on (events, logs) end with the right to have them.

Tried without the defence: with `still_admits` always true each of these reads on for ever.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support.http_site import site
from support.until import DEADLINE_SECONDS
from vigild.core.access import Caller, Role
from vigild.core.sessions import Sessions
from vigild.fronts.serving import Credentials, Gate, Limits, Request, Response
from vigild.fronts.serving.auth import session_key
from vigild.fronts.serving.gate import Rules, User

TOKEN = Caller("token:ci", Role.VIEWER, "token", "10.0.0.7")
USERS = {"ann": User(Role.OPERATOR, Credentials("ann", "secret"))}
BY_PASSWORD = "Authorization: Basic YW5uOnNlY3JldA=="
BY_TOKEN = "Authorization: Bearer vigil_x"
BY_SESSION = "Cookie: c=k"


class Door:
    """A gate to which all come from one address, and what may end."""

    problem = None

    def __init__(self) -> None:
        self.tokens = {"vigil_x": TOKEN}
        self.gate = Gate(
            Rules(dict(USERS), cookie="c"),
            lambda presented, address: self.tokens.get(presented),
            Sessions(),
            clock=lambda: 0.0,
        )
        self.gate.begin_session("k", Caller("ann", Role.OPERATOR))

    def behind_proxies(self, request: Request) -> Request:
        return replace(request, peer="10.0.0.7:1")

    async def admit(self, request: Request) -> Caller | Response:
        return await self.gate.admit(request)

    def still_admits(self, request: Request) -> bool:
        return self.gate.still_admits(request)


def revoke(door: Door) -> None:
    door.tokens.clear()


def weaken(door: Door) -> None:
    door.tokens["vigil_x"] = replace(TOKEN, programs=("web",))


def log_out(door: Door) -> None:
    assert door.gate.sessions is not None
    door.gate.sessions.end(session_key("k"))


def remove_user(door: Door) -> None:
    door.gate.rules = Rules({}, cookie="c")


def change_role(door: Door) -> None:
    door.gate.rules = Rules({"ann": User(Role.VIEWER, USERS["ann"].credentials)}, cookie="c")


@pytest.mark.parametrize(
    ("credentials", "end"),
    [
        (BY_TOKEN, revoke),
        (BY_TOKEN, weaken),
        (BY_SESSION, log_out),
        (BY_PASSWORD, remove_user),
        (BY_PASSWORD, change_role),
    ],
)
def test_a_stream_ends_with_the_right_to_have_it(
    short_tmp: Path, credentials: str, end: Callable[[Door], None]
) -> None:
    door = Door()

    async def for_ever() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0)

    async def handler(request: Request) -> Response:
        return Response(body=for_ever())

    async def run() -> None:
        async with (
            site(short_tmp, handler, gate=door, limits=Limits(trust_seconds=0.0)) as there,
            there.client() as client,
        ):
            await client.send(f"GET / HTTP/1.1\r\nHost: x\r\n{credentials}\r\n\r\n".encode())
            assert (await client.head()).status == 200
            for _ in range(10):
                assert await client.chunk() == b"x"
            end(door)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while await client.chunk():
                    pass

    asyncio.run(run())


def test_where_nobody_is_asked_it_goes_on() -> None:
    gate = Gate()
    caller = Caller("uid 7", Role.ADMIN, "peer")
    assert gate.still_admits(Request("GET", "/", "/", "", (), caller=caller))
