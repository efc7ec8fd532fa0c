"""Guessing passwords, tokens and sessions.

Tried without the defence: with `Backoff.wait_seconds` answering 0 the thousandth guess is judged like the first; with
`checked = entered` in `check_password` an unknown name costs no comparison.
"""

from pathlib import Path

import pytest

from support.harm import GUESS, SECRET, Door, get, post
from vigild.core.access import Role
from vigild.core.backoff import MAX_SOURCES
from vigild.fronts.serving import Credentials
from vigild.fronts.serving.gate import Rules, User


def test_guesses_are_judged_later_and_later_and_others_go_on(short_tmp: Path) -> None:
    door = Door(short_tmp)
    statuses = [answer.status for answer in door.ask(*[get("/RPC2", GUESS)] * 8)]
    assert statuses == [401] * 5 + [429] * 3
    (blocked,) = door.ask(get("/", SECRET))
    assert (blocked.status, blocked.headers["retry-after"]) == (429, "2")
    (neighbour,) = door.ask(get("/", SECRET), peer="10.0.0.8:1")
    assert neighbour.status == 200
    door.now = 5.0
    assert door.ask(get("/", SECRET))[0].status == 200


@pytest.mark.parametrize(
    "guess",
    [
        get("/", "Authorization: Bearer vigil_a_b"),
        post("/login", b"username=ann&password=x", "Content-Type: application/x-www-form-urlencoded"),
    ],
)
def test_tokens_and_the_form_are_no_way_around_it(short_tmp: Path, guess: bytes) -> None:
    door = Door(short_tmp)
    assert [answer.status for answer in door.ask(*[guess] * 7)] == [401] * 5 + [429] * 2


def test_a_changing_port_or_interface_identifier_is_the_same_source(short_tmp: Path) -> None:
    door = Door(short_tmp)
    for number in range(5):
        door.ask(get("/", GUESS), peer=f"2001:db8:1:2::{number}:{number}")
    assert door.ask(get("/", GUESS), peer="2001:db8:1:2:ffff::1:9")[0].status == 429


def test_a_session_that_is_in_use_is_not_locked_out(short_tmp: Path) -> None:
    """Behind a proxy all come from one address: who guesses there must not shut the others out."""
    door = Door(short_tmp)
    form = "Content-Type: application/x-www-form-urlencoded"
    (logged_in,) = door.ask(post("/login", b"username=ann&password=secret", form))
    cookie = "Cookie: " + logged_in.headers["set-cookie"].partition(";")[0]
    door.ask(*[get("/", GUESS)] * 6)
    assert door.ask(get("/", cookie))[0].status == 200


def test_an_unknown_name_costs_what_a_known_one_does(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(short_tmp)
    compared: list[bytes] = []
    check = Credentials.check_password

    async def counted(self: Credentials, password: bytes) -> object:
        compared.append(password)
        return await check(self, password)

    monkeypatch.setattr(Credentials, "check_password", counted)
    door.ask(get("/", GUESS), get("/", "Authorization: Basic ZXZlOndyb25n"))  # eve:wrong
    assert compared == [b"wrong", b"wrong"]


def test_another_users_password_lets_nobody_in_under_an_unknown_name(short_tmp: Path) -> None:
    door = Door(short_tmp)
    door.gate.rules = Rules({"ann": User(Role.ADMIN, Credentials("ann", "secret")), "cert": User(Role.ADMIN)})
    for name in ("eve", "cert"):
        form = f"username={name}&password=secret".encode()
        assert (
            door.ask(post("/login", form, "Content-Type: application/x-www-form-urlencoded"))[0].status == 401
        )


def test_the_table_of_sources_is_bounded(short_tmp: Path) -> None:
    door = Door(short_tmp)
    for number in range(MAX_SOURCES + 50):
        door.gate.backoff.failed(str(number), 0.0)
    assert len(door.gate.backoff._records) == MAX_SOURCES
