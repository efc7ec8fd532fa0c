"""`vigil completion`: the scripts, and the names that they ask for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli.completion.main import SHELLS, script
from vigild.cli.grammar import flatten, grammars
from vigild.cli.main import main

METHODS: dict[str, Any] = {
    "supervisor.getAllProcessInfo": lambda: [
        {"name": "web", "group": "site"},
        {"name": "cat", "group": "cat"},
        {"name": "a\nb", "group": "evil"},
    ],
    "supervisor.getAllConfigInfo": lambda: [
        {"group": "site"},
        {"group": "cat"},
        {"group": "evil"},
        {"group": "site"},
    ],
    "vigil.getAlerts": lambda: [{"name": "people"}],
    "vigil.getForwards": lambda: [{"name": "loki"}],
    "vigil.getMonitors": lambda name: [{"name": "disk"}],
    "vigil.getTokens": lambda: [{"id": "t1", "name": "ci"}],
}


@pytest.fixture
def url(short_tmp: Path) -> Iterator[str]:
    with FakeDaemon(short_tmp / "s", METHODS) as daemon:
        yield daemon.url


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("processes", "cat\nsite:web\n"),
        ("alerts", "people\n"),
        ("forwards", "loki\n"),
        ("monitors", "disk\n"),
        ("tokens", "t1\n"),
    ],
)
def test_names_that_the_daemon_knows(
    kind: str, names: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "--names", kind, "-s", url]) == 0
    assert capsys.readouterr().out == names


@pytest.mark.parametrize("where", [["-s", "unix:///nonexistent"], ["-c", "/nonexistent"], ["-s", "what?"]])
def test_without_a_daemon_there_are_no_names_and_no_words(
    where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "--names", "processes", *where]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_daemon_of_supervisors_has_no_alerts(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeDaemon(short_tmp / "t", {}) as daemon:
        assert main(["completion", "--names", "alerts", "-s", daemon.url]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_knows_every_command_and_long_flag(shell: str) -> None:
    text = script(shell, grammars())
    words = {each.word for each in flatten(grammars())}
    words |= {name.lstrip("-") for each in flatten(grammars()) for flag in each.flags for name in flag.names}
    assert {word for word in words if word not in text} == set()


def test_a_shell_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion"]) == 2
    assert "for which shell? bash, zsh or fish" in capsys.readouterr().err
