"""From the configuration to the gates."""

import asyncio
import os
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from support.machine import ListLog
from vigild.config.model import Config, DaemonConfig, ServerConfig, UserConfig
from vigild.core.access import Caller, PeerRoles, Role
from vigild.daemon.admission import make_gate, renew_gates, rules_of
from vigild.daemon.reception import open_servers
from vigild.fronts.serving.gate import Gate
from vigild.fronts.serving.messages import Request
from vigild.host.sockets import open_listener

ANN = UserConfig("ann", Role.OPERATOR, "secret")


def inet(**more: object) -> ServerConfig:
    return ServerConfig("inet_http_server", host="", port=9001, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("server", "bound_to", "role"),
    [
        (inet(), "127.0.0.1", Role.ADMIN),
        (inet(), "::1", Role.ADMIN),
        (inet(), "0.0.0.0", Role.VIEWER),
        (inet(), "10.0.0.7", Role.VIEWER),
        (inet(allow_unauthenticated=True), "10.0.0.7", Role.ADMIN),
    ],
)
def test_a_port_without_authentication(server: ServerConfig, bound_to: str, role: Role) -> None:
    rules = rules_of(server, (), bound_to)
    assert (rules.users, rules.open_role) == (None, role)
    assert ("for looking only" in rules.limit) is (role is Role.VIEWER)
    assert rules.own_names is not None
    assert os.uname().nodename.lower() in rules.own_names


def test_supervisors_one_user_is_an_admin_beside_the_others() -> None:
    users = rules_of(inet(username="root", password="x"), (ANN, UserConfig("cert")), "0.0.0.0").users
    assert users is not None
    assert {name: user.role for name, user in users.items()} == {
        "ann": Role.OPERATOR,
        "cert": Role.VIEWER,
        "root": Role.ADMIN,
    }
    assert users["cert"].credentials is None


def test_users_are_no_business_of_a_socket_that_asks_for_nothing() -> None:
    socket = ServerConfig("unix_http_server", path="/s", peer_roles=PeerRoles())
    rules = rules_of(socket, (ANN,), "")
    assert (rules.users, rules.peer_roles, rules.own_uid) == (None, PeerRoles(), os.geteuid())
    asking = ServerConfig("unix_http_server", path="/s", username="root", password="x")
    assert set(rules_of(asking, (ANN,), "").users or {}) == {"ann", "root"}


def test_an_open_door_is_told_of(short_tmp: Path) -> None:
    log = ListLog()
    control = FakeControl(short_tmp)
    control.access.known["right"] = known = Caller("token:ci", Role.VIEWER)
    gate = make_gate(inet(), (), "0.0.0.0", control, log)
    told = "\n".join(map(str, log.lines))
    assert "running without any HTTP authentication checking" in told
    assert "for looking only" in told
    asked = Request("GET", "/", "/", "", (("authorization", "Bearer right"),), peer="10.0.0.7:1")
    assert asyncio.run(gate.admit(asked)) is known
    assert gate.rules.cookie == ""


def test_what_was_read_anew_is_in_force(short_tmp: Path) -> None:
    server = ServerConfig("inet_http_server", host="127.0.0.1", port=0)
    log = ListLog()

    async def run() -> None:
        listener = open_listener(server, log)
        config = Config("conf", DaemonConfig(), servers=(server,), users=(ANN, UserConfig("bob")))
        control = FakeControl(short_tmp)
        servers = open_servers(config, [listener], control, log)
        gate = servers[0][1].gate
        assert isinstance(gate, Gate)
        assert gate.sessions is not None
        gate.begin_session("a", Caller("ann", Role.OPERATOR))
        gate.begin_session("b", Caller("bob", Role.VIEWER))
        renew_gates(servers, Config("conf", DaemonConfig(), users=(ANN,)), control.history)
        assert control.history.users == [{"removed": ["bob"]}]
        renew_gates(servers, Config("conf", DaemonConfig(), users=(ANN,)), control.history)
        assert len(control.history.users) == 1
        assert set(gate.rules.users or {}) == {"ann"}
        assert [session.name for _, session in gate.sessions.all(gate.clock())] == ["ann"]
        servers[0][1].close()
        listener.close()

    asyncio.run(run())
