"""`vigil alert` against a daemon with known alerts."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli import alert as command
from vigild.cli.facts import clock_time
from vigild.cli.main import main
from vigild.client.supervisor import Supervisor

WELL: dict[str, Any] = {
    "name": "ops",
    "waiting": 0,
    "held": 0,
    "held_until": 0.0,
    "held_for": "",
    "delivered": 12,
    "failing_since": 0.0,
    "error": "",
    "refused": "",
    "trouble": "",
    "unkept": 0,
    "lost": 0,
}


@pytest.fixture
def alerts() -> list[dict[str, Any]]:
    return [WELL]


@pytest.fixture
def url(alerts: list[dict[str, Any]], short_tmp: Path) -> Iterator[str]:
    def test(name: str) -> str:
        if name == "nobody":
            raise Fault(10, "BAD_NAME: nobody: the alerts are ops")
        if name == "broken":
            raise Fault(30, "FAILED: smtp://*** failed: connection refused\nexec:tell delivered")
        return "dingtalk://*** delivered\nsmtp://\x7f*** delivered"

    methods = {"vigil.getAlerts": lambda: alerts, "vigil.testAlert": test}
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        yield daemon.url


def test_how_alerts_stand(url: str, alerts: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    alerts += [
        {**WELL, "name": "mail", "waiting": 3, "failing_since": 100.0, "error": "smtp://***: \x7frefused"},
        {**WELL, "name": "bot", "refused": "dingtalk://***: no such robot"},
        {**WELL, "name": "typo", "error": "address 1: unknown scheme"},
        {**WELL, "name": "calm", "held": 3, "held_until": 100.0, "held_for": "quiet hours"},
        {**WELL, "name": "none", "trouble": "the alert deliverer does not run: x", "unkept": 2, "lost": 1},
    ]
    assert 0 == main(["alert", "list", "-s", url])
    assert [
        "NAME  STATE    WAITING  DELIVERED",
        "ops   ok       0        12",
        f"mail  failing  3        12         since {clock_time(100.0)}: smtp://***:  refused",
        "bot   refused  0        12         refused: dingtalk://***: no such robot",
        "typo  wrong    0        12         address 1: unknown scheme",
        f"calm  ok       0        12         3 held back until {clock_time(100.0)} by quiet hours",
        "none  stopped  0        12         the alert deliverer does not run: x; 2 not handed over yet; 1 lost",
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("words", ["-s URL --json list", "--json list -s URL", "-s URL list --json"])
def test_flags_may_stand_before_and_after_the_action(
    words: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["alert", *words.replace("URL", url).split()])
    assert [WELL] == json.loads(capsys.readouterr().out)


def test_a_terminal_gets_colours(url: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with Supervisor.at(url) as daemon:
        command.show(daemon, out, as_json=False)
    assert "\x1b[32mops" in out.getvalue()


def test_without_alerts_it_says_so(
    url: str, alerts: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    alerts.clear()
    assert 0 == main(["alert", "list", "-s", url])
    assert "There is no [alert:NAME]" in capsys.readouterr().out


def test_a_message_that_arrives(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["alert", "test", "ops", "-s", url])
    assert "dingtalk://*** delivered\nsmtp:// *** delivered\n" == capsys.readouterr().out


def test_a_message_that_does_not(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["alert", "test", "broken", "-s", url])
    assert "smtp://*** failed: connection refused\nexec:tell delivered\n" == capsys.readouterr().err


def test_for_programs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["alert", "list", "--json", "-s", url])
    assert [WELL] == json.loads(capsys.readouterr().out)
    assert 1 == main(["alert", "test", "broken", "--json", "-s", url])
    answer = json.loads(capsys.readouterr().out)
    assert ("broken", False) == (answer["name"], answer["ok"])


def test_an_alert_that_there_is_not(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["alert", "test", "nobody", "-s", url])
    assert "vigil alert: no such alert: nobody: the alerts are ops\n" == capsys.readouterr().err


def test_a_daemon_that_has_no_alerts(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDaemon(short_tmp / "s", {}) as daemon:
        assert 3 == main(["alert", "list", "-s", daemon.url])
    assert "this daemon has no alerts: it is Supervisor's" in capsys.readouterr().err


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["alert"])
    assert 2 == caught.value.code
    assert "ACTION" in capsys.readouterr().err
