"""A port that asks for no authentication and is not on loopback is for looking only; roles hold at every door.

Tried without the defence: with `rules.open_role` left at ADMIN in `daemon/admission.py` the program is stopped; with
`require` doing nothing, whoever is a viewer stops it.
"""

from pathlib import Path

import pytest

from support.harm import STOP, Door, get, post
from vigild.config.model import ServerConfig
from vigild.core.access import Caller, Role
from vigild.daemon.admission import rules_of
from vigild.wire.xmlrpc import encode_call

JSON = "Content-Type: application/json"


def open_door(directory: Path, *, allow: bool = False) -> Door:
    door = Door(directory)
    server = ServerConfig("inet_http_server", port=9001, allow_unauthenticated=allow)
    door.gate.rules = rules_of(server, (), "0.0.0.0")
    return door


def test_who_comes_through_an_open_port_may_look(short_tmp: Path) -> None:
    door = open_door(short_tmp)
    looked, stopped, order = door.ask(
        post("/RPC2", encode_call("supervisor.getProcessInfo", ("cat",))),
        post("/RPC2", STOP),
        post("/api/v1/processes/cat/stop", b"{}", JSON),
    )
    assert b"<fault>" not in looked.body
    assert b"needs the role operator" in stopped.body
    assert b"[inet_http_server] asks for no authentication and is not on loopback" in stopped.body
    assert (order.status, door.orders) == (403, [])


def test_unless_it_is_allowed_to_do_more(short_tmp: Path) -> None:
    door = open_door(short_tmp, allow=True)
    door.ask(post("/RPC2", STOP))
    assert door.orders == ["stop"]


@pytest.mark.parametrize(
    ("role", "programs", "stopped", "shut_down"),
    [
        (Role.VIEWER, (), False, False),
        (Role.OPERATOR, (), True, False),
        (Role.ADMIN, (), True, True),
        (Role.ADMIN, ("cat",), True, False),
    ],
)
def test_roles_and_scopes_hold_at_every_door(
    short_tmp: Path, role: Role, programs: tuple[str, ...], stopped: bool, shut_down: bool
) -> None:
    door = Door(short_tmp)
    known = Caller("token:ci", role, "token", programs=programs)
    door.gate.find_token = lambda presented, address: known
    token = "Authorization: Bearer x"
    _, _, _, main_log, metrics = door.ask(
        post("/RPC2", STOP, token),
        post("/RPC2", encode_call("supervisor.shutdown"), token),
        post("/api/v1/daemon/shutdown", b"{}", JSON, token),
        get("/mainlogtail", token),
        get("/metrics", token),
    )
    assert (("stop" in door.orders), ("shutdown" in door.orders)) == (stopped, shut_down)
    assert (main_log.status == 403, metrics.status == 403) == (bool(programs), bool(programs))
