"""Who logged in or out, and who could not, is in the history; guessing neither fills it nor puts anything secret there.

Tried without the defence: with `LoginMeasure.told` answering 0 always, guesses from everywhere fill the history; with the
name as it was typed, a password that was typed in its place is kept.
"""

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.daemon import Daemon
from support.harm import GUESS, SECRET, Door, get, post
from support.ports import free_port
from support.until import until
from vigild.client.supervisor import Supervisor
from vigild.core.logins import MOST_AT_ONCE, LoginMeasure

FORM = "Content-Type: application/x-www-form-urlencoded"
CONF = """
[inet_http_server]
port=127.0.0.1:{port}
[user:ann]
password=apple
role=admin
[program:cat]
command=/bin/cat
"""
Facts = list[dict[str, Any]]


def test_login_failures_before_it_and_logout(short_tmp: Path) -> None:
    door = Door(short_tmp)
    wrong = post("/login", b"username=ann&password=x", FORM)
    *_, logged_in = door.ask(wrong, wrong, post("/login", b"username=ann&password=secret", FORM))
    cookie = "Cookie: " + logged_in.headers["set-cookie"].partition(";")[0]
    door.ask(get("/", cookie), post("/logout", b"", cookie), post("/logout", b"", cookie))
    assert door.control.history.logins == [
        ("failed", "ann@10.0.0.7", "password", 1),
        ("failed", "ann@10.0.0.7", "password", 2),
        ("login", "ann@10.0.0.7", "password", 2),
        ("logout", "ann@10.0.0.7", "session", 0),
    ]


def test_a_request_with_a_password_is_no_login_and_a_wrong_one_a_failure(short_tmp: Path) -> None:
    door = Door(short_tmp)
    door.ask(get("/", SECRET), get("/", SECRET), get("/RPC2", GUESS), get("/"))
    assert door.control.history.logins == [("failed", "ann@10.0.0.7", "password", 1)]


def test_a_wrong_token_is_told_without_it(short_tmp: Path) -> None:
    door = Door(short_tmp)
    door.ask(get("/", "Authorization: Bearer vigil_a_b"))
    assert door.control.history.logins == [("failed", "10.0.0.7", "token", 1)]


def test_a_password_in_the_field_for_the_name_is_not_kept(short_tmp: Path) -> None:
    door = Door(short_tmp)
    door.ask(post("/login", b"username=secret&password=", FORM))
    assert door.control.history.logins == [("failed", "10.0.0.7", "password", 1)]


def test_guesses_that_are_not_looked_at_are_no_facts(short_tmp: Path) -> None:
    door = Door(short_tmp)
    door.ask(*[get("/RPC2", GUESS)] * 20)
    assert [count for *_, count in door.control.history.logins] == [1, 2, 3, 4, 5]


def test_ten_thousand_guesses_from_everywhere_are_few_facts(short_tmp: Path) -> None:
    door, measure = Door(short_tmp), LoginMeasure()
    guess = post("/login", b"username=ann&password=x", FORM)
    for number in range(50):
        door.ask(guess, peer=f"10.1.0.{number}:1")
    assert len(door.control.history.logins) == 50
    told = [measure.told("failed", 1, 0.0) for _ in range(10_000)]
    assert sum(untold >= 0 for untold in told) == MOST_AT_ONCE


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    port = free_port()

    def log_in(password: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        body = json.dumps({"username": "ann", "password": password}).encode()
        connection.request("POST", "/login", body, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            response.read()
            cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
        connection.close()
        return cookie

    with Daemon(tmp_path, CONF.format(port=port)) as daemon:
        yield daemon, log_in


def access_facts(daemon: Daemon) -> Facts:
    with Supervisor.at(f"unix://{daemon.socket}") as client:
        return list(client.rpc.call("vigil.getHistory", "", 0, 100, 0, -1, "access", False))  # type: ignore[call-overload, no-any-return]


def test_the_real_daemon_keeps_and_shows_them(ask: tuple[Daemon, Callable[[str], str]]) -> None:
    daemon, log_in = ask
    assert log_in("pear") == ""
    assert log_in("apple")
    daemon.conf.write_text(daemon.conf.read_text().replace("role=admin", "role=operator"))
    assert daemon.ctl("reread").code == 0
    until(lambda: len(access_facts(daemon)) == 3)
    failed, login, users = [fact["details"] for fact in access_facts(daemon)]
    assert (failed["what"], failed["by"], failed["count"]) == ("failed", "ann@127.0.0.1", 1)
    assert (login["what"], login["by"], login["count"]) == ("login", "ann@127.0.0.1", 1)
    assert (users["what"], users["changed"]) == ("users", ["ann: admin -> operator"])
    assert users["by"].startswith("uid ")
    assert "pear" not in json.dumps(access_facts(daemon))
