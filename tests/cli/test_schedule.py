"""`vigil schedule` against a daemon with known schedules."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli.facts import clock_time
from vigild.cli.main import main


def facts(name: str, schedule: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "group": name,
        "statename": "STOPPED",
        "schedule": schedule,
        "schedule_timezone": "",
        "schedule_next": 0,
        "schedule_last_start": 0,
        "schedule_last_end": 0,
        "schedule_outcome": "",
        "schedule_outcome_text": "",
        **more,
    }


ALL = [
    facts("never", "0 0 31 2 *"),
    facts(
        "backup",
        "30 4 * * *",
        schedule_timezone="Europe/Berlin",
        schedule_next=2000,
        schedule_last_start=1000,
        schedule_last_end=1090,
        schedule_outcome="failed",
        schedule_outcome_text="exit status 3",
    ),
    facts("web", ""),
    facts(
        "report",
        "@hourly",
        schedule_next=1500,
        schedule_last_start=1000,
        schedule_last_end=1001,
        schedule_outcome="succeeded",
        schedule_outcome_text="exit status 0",
    ),
    facts("runs", "@daily", statename="RUNNING", schedule_next=3000, schedule_last_start=1000),
]


@pytest.fixture
def url(short_tmp: Path) -> Iterator[str]:
    with FakeDaemon(short_tmp / "s", {"vigil.getAllProcessInfo": lambda: ALL}) as daemon:
        yield daemon.url


def test_the_next_comes_first(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "-s", url]) == 0
    at = {second: clock_time(second) for second in (1000, 1500, 2000, 3000)}
    assert capsys.readouterr().out.splitlines() == [
        f"NAME    SCHEDULE                    NEXT{' ' * 17}LAST{' ' * 17}OUTCOME",
        f"report  @hourly                     {at[1500]}  {at[1000]}  succeeded (ran 1.0 s)",
        f"backup  30 4 * * * (Europe/Berlin)  {at[2000]}  {at[1000]}  failed: exit status 3 (ran 1 min)",
        f"runs    @daily                      {at[3000]}  {at[1000]}  running",
        f"never   0 0 31 2 *                  never{' ' * 16}-{' ' * 20}-",
    ]


def test_json_and_names(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "-s", url, "--json", "backup", "web"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "schedules": [
            {
                "name": "backup",
                "expression": "30 4 * * *",
                "timezone": "Europe/Berlin",
                "state": "STOPPED",
                "paused": False,
                "next_at": 2000,
                "last_start_at": 1000,
                "last_end_at": 1090,
                "outcome": "failed",
                "outcome_text": "exit status 3",
            }
        ]
    }


@pytest.mark.parametrize(
    ("names", "words"), [(["web"], "none of these has"), (["nobody"], "none of these has")]
)
def test_none(url: str, names: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "-s", url, *names]) == 4
    assert words in capsys.readouterr().out


def test_no_program_has_one(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDaemon(short_tmp / "s", {"vigil.getAllProcessInfo": list}) as daemon:
        assert main(["schedule", "-s", daemon.url]) == 4
    assert capsys.readouterr().out == "no program has a schedule\n"


@pytest.mark.parametrize("words", [["--pause", "backup", "web:a"], ["pause", "backup", "web:a"]])
def test_a_schedule_is_paused_and_resumed(
    words: list[str], short_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    methods = {"vigil.setSchedule": lambda name, enabled: True}
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        assert main(["schedule", *words, "-s", daemon.url]) == 0
        assert main(["schedule", "--resume", "backup", "-s", daemon.url]) == 0
        assert daemon.named("vigil.setSchedule") == [("backup", False), ("web:a", False), ("backup", True)]
    assert capsys.readouterr().out.splitlines() == [
        "backup: schedule paused",
        "web:a: schedule paused",
        "backup: schedule resumed",
    ]
    with pytest.raises(SystemExit, match="2"):
        main(["schedule", "--pause"])


def test_what_is_paused_says_so(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paused = facts("job", "@daily", schedule_paused=True, schedule_next=0)
    with FakeDaemon(short_tmp / "s", {"vigil.getAllProcessInfo": lambda: [paused]}) as daemon:
        assert main(["schedule", "-s", daemon.url]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["job", "@daily", "paused", "-", "-"]
