"""Who is behind a proxy: believed of proxies that the configuration trusts, and of nobody else.

Tried without the defence: with `is_trusted` always true, whoever sends X-Forwarded-For guesses from a new address each time,
and stands in the history as somebody else.
"""

from pathlib import Path

import pytest

from support.harm import GUESS, SECRET, Door, get, post
from vigild.config.model import ServerConfig
from vigild.core.access import Role
from vigild.daemon.admission import rules_of
from vigild.fronts.serving.proxies import make_see_through

PROXY, STRANGER = "10.0.0.1:4711", "192.0.2.66:4711"
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture
def door(short_tmp: Path) -> Door:
    made = Door(short_tmp)
    made.gate.rules.see_through = make_see_through(("10.0.0.1",))
    return made


def statuses(door: Door, count: int, *headers: str, peer: str = PROXY) -> list[int]:
    return [answer.status for answer in door.ask(*[get("/", GUESS, *headers)] * count, peer=peer)]


def test_who_guesses_behind_a_proxy_shuts_out_nobody_else(door: Door) -> None:
    assert statuses(door, 7, "X-Forwarded-For: 203.0.113.9") == [401] * 5 + [429] * 2
    (neighbour,) = door.ask(get("/", SECRET, "X-Forwarded-For: 203.0.113.10"), peer=PROXY)
    assert neighbour.status == 200
    assert any("from 203.0.113.9 was wrong" in line for line in door.log)


def test_an_address_that_the_client_made_up_does_not_help_it(door: Door) -> None:
    for number in range(5):  # the proxy appends the address that it sees
        assert statuses(door, 1, f"X-Forwarded-For: 198.51.100.{number}, 203.0.113.9") == [401]
    assert statuses(door, 1, "X-Forwarded-For: 198.51.100.77, 203.0.113.9") == [429]


def test_nobody_else_is_believed(door: Door) -> None:
    for number in range(5):
        assert statuses(door, 1, f"X-Forwarded-For: 198.51.100.{number}", peer=STRANGER) == [401]
    assert statuses(door, 1, "X-Forwarded-For: 198.51.100.77", peer=STRANGER) == [429]


def test_without_trusted_proxies_no_header_counts(short_tmp: Path) -> None:
    door = Door(short_tmp)
    for number in range(5):
        assert statuses(door, 1, f"X-Forwarded-For: 198.51.100.{number}") == [401]
    assert statuses(door, 1, "X-Forwarded-For: 198.51.100.77") == [429]


def test_the_audit_names_the_client(door: Door) -> None:
    call = b"<methodCall><methodName>supervisor.stopProcess</methodName><params><param><value>cat</value></param></params></methodCall>"
    door.ask(post("/RPC2", call, SECRET, "X-Forwarded-For: 203.0.113.9"), peer=PROXY)
    ((_, _, _, _, who),) = door.control.history.orders
    assert who == "ann@203.0.113.9"


@pytest.mark.parametrize(
    ("scheme", "peer", "is_secure"),
    [
        ("https", PROXY, True),
        ("http", PROXY, False),
        ("http, https", PROXY, True),
        ("gopher", PROXY, False),
        ("https", STRANGER, False),
    ],
)
def test_cookies_need_tls_where_the_client_had_it(
    door: Door, scheme: str, peer: str, is_secure: bool
) -> None:
    login = post("/login", b"username=ann&password=secret", FORM, f"X-Forwarded-Proto: {scheme}")
    (answer,) = door.ask(login, peer=peer)
    assert answer.status == 303
    assert ("; Secure" in answer.headers["set-cookie"]) is is_secure


def test_a_loopback_port_without_authentication_is_for_looking_from_elsewhere(short_tmp: Path) -> None:
    door = Door(short_tmp)
    server = ServerConfig("inet_http_server", host="127.0.0.1", port=9001, trusted_proxies=("127.0.0.1",))
    door.gate.rules = rules_of(server, (), "127.0.0.1")
    assert door.gate.rules.open_role is Role.ADMIN
    stop = b"<methodCall><methodName>supervisor.stopProcess</methodName><params><param><value>cat</value></param></params></methodCall>"
    far = post("/RPC2", stop, "X-Forwarded-For: 203.0.113.9")
    near = post("/RPC2", stop, "X-Forwarded-For: 127.0.0.1")
    (refused,) = door.ask(far, peer="127.0.0.1:1")
    assert b"for looking only" in refused.body
    assert door.orders == []
    door.ask(near, peer="127.0.0.1:1")
    assert door.orders == ["stop"]
