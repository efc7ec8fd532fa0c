"""`vigil monitors` against a daemon with known monitors."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli.main import main
from vigild.cli.monitors import EXIT_FAILED, Monitor, result_words, table


def monitor(**more: Any) -> Monitor:
    known = {
        "name": "disk",
        "type": "filesystem",
        "state": "passed",
        "since": 10.0,
        "read_at": 20.0,
        "values": {"space": 2048, "space_percent": 12.5, "read_only": False, "flags": "rw\x7f"},
        "error": "",
        "unknown_because": "",
        "cycles": 3,
        "interval_seconds": 30.0,
        "rules": ["if space > 80% then alert"],
        "raised": [],
        "trouble": "",
    }
    return {**known, **more}  # type: ignore[typeddict-item]


FAILED = monitor(
    name="web", type="host", state="failed", values={}, error="refused", trouble="failed: refused"
)
Orders = list[tuple[Any, ...]]


@pytest.fixture
def orders() -> Orders:
    return []


@pytest.fixture
def url(short_tmp: Path, orders: Orders) -> Iterator[str]:
    def get(name: str = "") -> Any:
        found = [one for one in (monitor(), FAILED) if name in ("", one["name"])]
        if not found:
            raise Fault(10, f"BAD_NAME: {name}")
        return found

    def order(*given: Any) -> bool:
        orders.append(given)
        return True

    methods: dict[str, Callable[..., Any]] = {
        "vigil.getMonitors": get,
        "vigil.setMonitor": order,
        "vigil.monitorNow": order,
    }
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        yield daemon.url


def test_a_line_for_each_and_a_status_that_says_that_one_failed(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitors", "-s", url]) == EXIT_FAILED
    head, disk, web = capsys.readouterr().out.splitlines()
    assert head.split() == ["MONITOR", "TYPE", "STATE", "SINCE"]
    assert disk.split()[:3] == ["disk", "filesystem", "passed"]
    assert disk.endswith("  space_percent 12.5%")
    assert web.endswith("  failed: refused")


def test_all_that_is_known_of_one(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitors", "-s", url, "disk"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("disk (filesystem): passed since ")
    assert "  space          2 KB" in lines
    assert "  read_only      no" in lines
    assert "  flags          rw " in lines
    assert main(["monitors", "-s", url, "web"]) == EXIT_FAILED
    assert "trouble: failed: refused" in capsys.readouterr().out


def test_as_json(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitors", "-s", url, "--json", "disk", "web"]) == EXIT_FAILED
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [monitor(), FAILED]


@pytest.mark.parametrize(
    ("flag", "order", "said"),
    [
        ("--pause", ("disk", False), "disk: paused\n"),
        ("--resume", ("disk", True), "disk: resumed\n"),
        ("--now", ("disk",), "disk: is looked at now\n"),
    ],
)
def test_orders(
    url: str, orders: Orders, capsys: pytest.CaptureFixture[str], flag: str, order: Any, said: str
) -> None:
    assert main(["monitors", "-s", url, flag, "disk"]) == 0
    assert (orders, capsys.readouterr().out) == ([order], said)


def test_an_order_needs_a_name(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["monitors", "-s", url, "--pause"])
    assert "name what is meant" in capsys.readouterr().err


def test_a_name_that_nobody_has(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monitors", "-s", url, "nobody"]) == 1
    assert capsys.readouterr().err == "vigil monitors: no such monitor: nobody\n"


def test_nothing_is_monitored(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDaemon(short_tmp / "s", {"vigil.getMonitors": lambda name: []}) as daemon:
        assert main(["monitors", "-s", daemon.url]) == 0
    assert "nothing is monitored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (monitor(unknown_because="no right"), "no right"),
        (monitor(error="gone"), "gone"),
        (monitor(read_at=0.0), "not looked at yet"),
        (monitor(read_at=0.0, state="disabled"), ""),
        (monitor(type="network", values={"link": True, "send_rate": 2048.0}), "link yes, send_rate 2 KB/s"),
        (monitor(type="program", values={"status": 0, "output": "a\nb"}), "status 0, output a b"),
    ],
)
def test_what_matters_of_the_last_reading(one: Monitor, words: str) -> None:
    assert result_words(one) == words


def test_colours_on_a_terminal() -> None:
    assert "\x1b[31m" in table([FAILED], is_coloured=True)
