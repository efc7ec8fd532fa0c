"""`vigil forward` against a daemon with known forwards."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli import forward as command
from vigild.cli.facts import clock_time
from vigild.cli.main import main
from vigild.client.supervisor import Supervisor
from vigild.core.forwards import ForwardCounts, ForwardInfo

COUNTS = ForwardCounts(sent_lines=12)
WELL: dict[str, Any] = ForwardInfo(
    "loki", "loki+http://logs:3100/", ("*",), ("stdout",), 2, True, "", 0, 0, COUNTS, 0.0, ""
).facts()


@pytest.fixture
def forwards() -> list[dict[str, Any]]:
    return [WELL]


@pytest.fixture
def url(forwards: list[dict[str, Any]], short_tmp: Path) -> Iterator[str]:
    def test(name: str) -> str:
        if name == "nobody":
            raise Fault(10, "BAD_NAME: nobody: the forwards are loki")
        if name == "broken":
            raise Fault(30, "FAILED: connection \x7frefused")
        return "taken by logs:3100"

    methods = {"vigil.getForwards": lambda: forwards, "vigil.testForward": test}
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        yield daemon.url


def test_how_forwards_stand(
    url: str, forwards: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    forwards += [
        {**WELL, "name": "sys", "waiting_lines": 3, "failing_since": 100.0, "error": "no\x7f such host"},
        {**WELL, "name": "otlp", "dropped_lines": 5, "refused_lines": 2, "unsent_bytes": 70},
        {**WELL, "name": "none", "url": "", "trouble": "the forwarder ended: x"},
    ]
    assert 0 == main(["forward", "list", "-s", url])
    assert [
        "NAME  STATE    STREAMS  WAITING  SENT  LOST  TO",
        "loki  ok       2        0        12    0     loki+http://logs:3100/",
        "sys   failing  2        3        12    0     loki+http://logs:3100/",
        f"  since {clock_time(100.0)}: no  such host",
        "otlp  losing   2        0        12    7+    loki+http://logs:3100/",
        "  5 lines dropped, because the buffer was full or the forwarder died",
        "  2 lines refused by the receiver for good",
        "  70 bytes dropped by the daemon, because the forwarder was behind",
        "none  stopped  2        0        12    0",
        "  the forwarder ended: x",
    ] == capsys.readouterr().out.splitlines()


def test_a_terminal_gets_colours(url: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with Supervisor.at(url) as daemon:
        command.show(daemon, out, as_json=False)
    assert "\x1b[32mloki" in out.getvalue()


def test_without_forwards_it_says_so(
    url: str, forwards: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    forwards.clear()
    assert 0 == main(["forward", "list", "-s", url])
    assert "no [forward:NAME]" in capsys.readouterr().out


def test_for_programs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["forward", "--json", "list", "-s", url])
    assert [WELL] == json.loads(capsys.readouterr().out)
    assert 1 == main(["forward", "test", "broken", "--json", "-s", url])
    told = json.loads(capsys.readouterr().out)
    assert {"name": "broken", "ok": False, "text": "connection \x7frefused"} == told


@pytest.mark.parametrize(
    ("name", "status", "out", "err"),
    [
        ("loki", 0, "taken by logs:3100\n", ""),
        ("broken", 1, "", "connection  refused\n"),
        ("nobody", 1, "", "vigil forward: no such forward: nobody: the forwards are loki\n"),
    ],
)
def test_a_line_to_try_one(
    url: str, name: str, status: int, out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status == main(["forward", "test", name, "-s", url])
    assert (out, err) == capsys.readouterr()


def test_a_daemon_that_forwards_nothing(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDaemon(short_tmp / "t", {}) as daemon:
        assert 3 == main(["forward", "list", "-s", daemon.url])
    assert "this daemon forwards nothing" in capsys.readouterr().err
