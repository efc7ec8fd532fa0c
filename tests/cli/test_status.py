"""`vigil status`: the table, what counts as trouble, and the exit statuses."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.test_alert import WELL
from cli.test_monitors import FAILED
from support.daemon import Daemon
from support.fake_daemon import FakeDaemon
from vigild.cli.main import main
from vigild.cli.status import table, trouble_of


def facts(name: str, statename: str = "RUNNING", **more: Any) -> dict[str, Any]:
    pid = 7 if statename == "RUNNING" else 0
    return {
        "name": name,
        "group": name,
        "statename": statename,
        "pid": pid,
        "start": 1000,
        "now": 1065,
        "description": "pid 7, uptime 0:01:05" if pid else "",
        "wanted": "up",
        "ready": pid != 0,
        "health": "",
        "spawnerr": "",
        "schedule": "",
        "flapping": False,
        "restart_count": 0,
        **more,
    }


ALL = [
    facts("api", cpu_percent=12.34, rss_bytes=50 << 20, restart_count=3, health="healthy"),
    facts("job", "STOPPED", wanted="down", description="Not started"),
    facts("wor\nker", "FATAL", wanted="down", description="can't find command 'x'"),
]


@pytest.fixture
def url(short_tmp: Path) -> Iterator[str]:
    with FakeDaemon(short_tmp / "s", {"vigil.getAllProcessInfo": lambda: ALL}) as daemon:
        yield daemon.url


def test_a_line_each(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "-s", url]) == 3
    assert [line.split("  ") for line in _squeezed(capsys.readouterr().out)] == [
        ["NAME", "STATE", "HEALTH", "CPU%", "MEMORY", "UPTIME", "RESTARTS", "NEXT RUN"],
        ["api", "RUNNING", "healthy", "12.3", "50.0M", "1m05s", "3", "-"],
        ["job", "STOPPED", "-", "-", "-", "-", "0", "-", "Not started"],
        ["wor ker", "FATAL", "-", "-", "-", "-", "0", "-", "can't find command 'x'"],
    ]


def test_wide_signs_leave_the_columns_where_they_are(
    short_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = [facts("订单处理"), facts("web-01")]
    with FakeDaemon(short_tmp / "w", {"vigil.getAllProcessInfo": lambda: some}) as daemon:
        assert main(["status", "-s", daemon.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [(line[:10].split()[0], line.index("RUNNING")) for line in lines[1:]] == [
        ("订单处理", 6),
        ("web-01", 10),
    ]


def _squeezed(text: str) -> list[str]:
    return [
        "  ".join(part.strip() for part in line.split("  ") if part.strip()) for line in text.splitlines()
    ]


def test_only_some(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "-s", url, "api", "j*"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["NAME", "api", "job"]


def test_an_unknown_name(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "-s", url, "api", "nobody"]) == 1
    shown = capsys.readouterr()
    assert "api" in shown.out
    assert shown.err == "vigil status: no such process: nobody\n"


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "-s", "unix:///nonexistent"]) == 4
    assert "vigil status: " in capsys.readouterr().err


def test_json(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "-s", url, "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"programs", "alerts", "monitors", "forwards"}
    assert [(one["namespec"], one["trouble"]) for one in found["programs"]] == [
        ("api", ""),
        ("job", ""),
        ("wor\nker", "fatal"),
    ]


def test_alerts_and_monitors_are_named_where_no_program_is(
    short_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts = [{**WELL, "refused": "dingtalk://***: no such robot"}]
    methods = {
        "vigil.getAllProcessInfo": lambda: ALL[:2],
        "vigil.getAlerts": lambda: alerts,
        "vigil.getMonitors": lambda name: [FAILED],
    }
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        assert main(["status", "-s", daemon.url]) == 3
        told = ["alert ops: refused: dingtalk://***: no such robot", "monitor web: failed: refused"]
        assert told == capsys.readouterr().out.splitlines()[-2:]
        assert main(["status", "-s", daemon.url, "--json"]) == 3
        found = json.loads(capsys.readouterr().out)
        assert ("refused", "failed") == (found["alerts"][0]["state"], found["monitors"][0]["state"])
        assert main(["status", "-s", daemon.url, "api", "job"]) == 0
        assert "alert" not in capsys.readouterr().out
        assert main(["status", "-s", daemon.url, "api", "--json"]) == 0
        assert {"programs"} == set(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    ("one", "trouble"),
    [
        (facts("a"), ""),
        (facts("a", ready=False), "not ready"),
        (facts("a", health="unhealthy"), "unhealthy"),
        (facts("a", flapping=True), "flapping"),
        (facts("a", "STARTING"), "starting"),
        (facts("a", "STOPPED"), "stopped"),
        (facts("a", "STOPPED", wanted="down"), ""),
        (facts("a", "BACKOFF"), "backoff"),
        (facts("a", "EXITED"), ""),
        (facts("a", "EXITED", spawnerr="Bad exit code 1"), "failed"),
        (facts("a", "EXITED", spawnerr="Bad exit code 1", wanted="down"), "failed"),
        (facts("a", "STOPPED", schedule="@daily", schedule_outcome="succeeded"), ""),
        (facts("a", "EXITED", schedule="@daily", schedule_outcome="failed"), "failed"),
    ],
)
def test_what_is_trouble(one: dict[str, Any], trouble: str) -> None:
    assert trouble_of(one) == trouble


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_only_where_they_are_wanted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["status", "-s", url])
    assert "\x1b[32mRUNNING\x1b[0m" in terminal.getvalue()
    assert "\x1b[31mFATAL  \x1b[0m" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    bare = Terminal()
    monkeypatch.setattr("sys.stdout", bare)
    main(["status", "-s", url])
    assert "\x1b" not in bare.getvalue()


def test_when_it_runs_next() -> None:
    assert "01-" in table(
        [facts("a", "STOPPED", schedule="@daily", schedule_next=10 * 86400)], is_coloured=False
    )


def test_a_schedule_that_is_paused() -> None:
    shown = table([facts("a", "STOPPED", schedule="@daily", schedule_paused=True)], is_coloured=False)
    assert " paused" in shown


def test_a_real_daemon(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "[program:cat]\ncommand=cat\n[program:off]\ncommand=cat\nautostart=false\n"
        "[program:ends]\ncommand=sh -c 'exit 0'\nstartsecs=0\nautorestart=unexpected\n"
        "[program:fails]\ncommand=sh -c 'exit 3'\nstartsecs=0\nautorestart=false\n"
    )
    with Daemon(short_tmp, text) as daemon:
        for name, state in (("cat", "RUNNING"), ("ends", "EXITED"), ("fails", "EXITED")):
            daemon.wait_state(name, state)
        assert main(["status", "-c", str(daemon.conf), "cat", "off", "ends"]) == 0
        assert main(["status", "-c", str(daemon.conf), "fails"]) == 3
        daemon.ctl("stop", "cat")
        assert main(["status", "-c", str(daemon.conf), "cat"]) == 0
    assert "failed" in capsys.readouterr().out
