"""supervisorctl is completed by the real shells, where they are installed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fake_daemon import FakeDaemon
from support.shells import run, shell, typed
from vigild.cli.completion.main import script
from vigild.cli.completion.supervisorctl import ACTIONS, summary
from vigild.cli.grammar import grammars

INFOS = [{"group": "site", "name": "web"}, {"group": "cat", "name": "cat"}]
_BASH = '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _vigil_supervisorctl; ((${#COMPREPLY[@]})) && printf "%s\\n" "${COMPREPLY[@]}"; exit 0'
WORDS = [
    ("supervisorctl sta", ["start", "status"]),
    ("supervisorctl --serv", ["--serverurl"]),
    ("supervisorctl -u ann -p secret ref", []),
    ("supervisorctl -u ann rer", ["reread"]),
    ("supervisorctl help shut", ["shutdown"]),
    ("supervisorctl signal H", ["HUP"]),
    ("supervisorctl -s URL start ", ["all", "cat", "site:web"]),
    ("supervisorctl -s URL status s", ["site:web"]),
    ("supervisorctl -s URL signal HUP ", ["all", "cat", "site:web"]),
    ("supervisorctl -s URL remove s", ["site"]),
]


@pytest.fixture
def url(short_tmp: Path) -> Iterator[str]:
    methods = {"supervisor.getAllProcessInfo": lambda: INFOS, "supervisor.getAllConfigInfo": lambda: INFOS}
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        yield daemon.url


def saved(tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"vigil.{name}"
    path.write_text(script(name, grammars()))
    return path


@pytest.mark.parametrize(("line", "words"), WORDS)
def test_in_bash(tmp_path: Path, url: str, line: str, words: list[str]) -> None:
    line = line.replace("URL", url)
    told = run([shell("bash"), "--norc", "-c", _BASH, "bash", str(saved(tmp_path, "bash")), line])
    assert sorted(told.splitlines()) == words


@pytest.mark.parametrize(("line", "words"), WORDS)
def test_in_fish(tmp_path: Path, url: str, line: str, words: list[str]) -> None:
    line = line.replace("URL", url)
    ask = f'source {saved(tmp_path, "fish")}; complete -C "{line}"'
    told = run([shell("fish"), "--no-config", "-c", ask], HOME=str(tmp_path))
    assert sorted(each.partition("\t")[0] for each in told.splitlines()) == words


@pytest.mark.parametrize(
    ("line", "awaited"),
    [
        ("supervisorctl rer", "supervisorctl reread "),
        ("supervisorctl -u ann shut", "-u ann shutdown "),
        ("supervisorctl signal US", "signal USR"),
        ("supervisorctl -s URL stop si", "site:web "),
        ("supervisorctl -s URL remove si", "remove site "),
    ],
)
def test_in_zsh(tmp_path: Path, url: str, line: str, awaited: str) -> None:
    zsh = shell("zsh")
    setup = os.environ.get("VIGIL_TEST_ZSH_SETUP", ":")  # where it lies in no usual place: fpath, module_path
    load = f"{setup}; autoload -U compinit; compinit -u -D; . {saved(tmp_path, 'zsh')}"
    typed([zsh, "-f"], load, f"{line.replace('URL', url)}\t", awaited)


def test_every_action_has_words() -> None:
    assert "start" in ACTIONS
    assert [name for name in ACTIONS if not 5 < len(summary(name)) < 100] == []
