"""`vigil top` without its screen: one table, JSON, and what is missing."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli.connection import EXIT_NO_DAEMON
from vigild.cli.main import main
from vigild.cli.top import feed as feeding
from vigild.cli.top import main as top

ALL: list[dict[str, Any]] = [
    {"name": "web", "group": "web", "statename": "RUNNING", "pid": 5, "now": 100, "start": 40, "cpu_percent": 1.5, "rss_bytes": 2**33, "sampled_at": 9e9},
    {"name": "db", "group": "db", "statename": "RUNNING", "pid": 6, "now": 100, "start": 40, "cpu_percent": 9.5, "rss_bytes": 1 << 20, "sampled_at": 9e9},
]  # fmt: skip


@pytest.fixture
def daemon(short_tmp: Path) -> Iterator[FakeDaemon]:
    def watch(interval: float, seconds: float) -> dict[str, object]:
        return {"interval_seconds": interval, "daemon": {}}

    methods = {
        # An integer of more than 32 bits is not what the standard library sends.
        "vigil.getAllProcessInfo": lambda: [{**one, "rss_bytes": min(one["rss_bytes"], 2**31 - 1)} for one in ALL],
        "vigil.watchSamples": watch,
    }  # fmt: skip
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        yield daemon


def test_without_a_terminal_it_is_one_table(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "-s", daemon.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ["2", "NAME", "db", "web"] == [line.split()[0] for line in lines]
    assert ("vigil.watchSamples", (5.0, 30.0)) in daemon.calls


def test_what_is_known_of_the_machine_stands_above(
    daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.methods["vigil.watchSamples"] = lambda interval, seconds: {"machine": {"load1": 0.5}}
    assert main(["top", "-s", daemon.url]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("machine: load 0.50 ")


def test_it_can_be_sorted_and_filtered(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--once", "--sort", "mem", "--interval", "2", "-s", daemon.url]) == 0
    assert ["web", "db"] == [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]]
    assert ("vigil.watchSamples", (2.0, 12.0)) in daemon.calls
    assert main(["top", "we", "-s", daemon.url]) == 0
    assert ["web"] == [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]]


def test_json_has_everything(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--json", "-s", daemon.url]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert ("db", 9.5, "web") == (first["namespec"], first["cpu_percent"], second["namespec"])


def test_it_waits_for_a_measurement_but_not_for_long(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter([0.0, 0.0, 9e9])
    daemon.methods["vigil.getAllProcessInfo"] = lambda: [{**ALL[1], "sampled_at": next(answers)}]
    assert main(["top", "-s", daemon.url]) == 0
    assert next(answers, None) is None
    monkeypatch.setattr(feeding, "FRESH_WITHIN_SECONDS", 0.0)
    daemon.methods["vigil.getAllProcessInfo"] = lambda: [{**ALL[1], "sampled_at": 0.0}]
    assert main(["top", "-s", daemon.url]) == 0
    capsys.readouterr()


def test_a_daemon_of_supervisors_measures_nothing(
    short_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeDaemon(short_tmp / "s", {}) as other:
        assert main(["top", "-s", other.url]) == EXIT_NO_DAEMON
    assert "this daemon measures nothing" in capsys.readouterr().err


def test_without_textual_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setitem(sys.modules, "textual", None)
    assert main(["top"]) == top.EXIT_NO_SCREEN
    assert "pip install 'vigild[tui]'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--interval", "0"], ["--interval", "x"], ["--sort", "colour"]])
def test_what_is_no_choice(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["top", *words])
    assert "usage: vigil top" in capsys.readouterr().err
