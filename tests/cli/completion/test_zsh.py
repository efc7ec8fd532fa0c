"""The real zsh completes, where it is installed."""

import os
from pathlib import Path

import pytest

from support.fake_daemon import FakeDaemon
from support.shells import shell, typed
from vigild.cli.completion.zsh import zsh_script
from vigild.cli.grammar import grammars


def shown(tmp_path: Path, line: str, awaited: str) -> None:
    zsh = shell("zsh")
    script = tmp_path / "vigil.zsh"
    script.write_text(zsh_script(grammars()))
    setup = os.environ.get("VIGIL_TEST_ZSH_SETUP", ":")  # where it lies in no usual place: fpath, module_path
    typed([zsh, "-f"], f"{setup}; autoload -U compinit; compinit -u -D; . {script}", f"{line}\t", awaited)


@pytest.mark.parametrize(
    ("line", "awaited"),
    [
        ("vigil che", "vigil check "),
        ("vigil alert te", "vigil alert test "),
        ("vigil token create --role op", "--role operator "),
        ("vigil history --fo", "history --follow "),
        ("vigil upgrade --js", "vigil upgrade --json "),
        ("vigil version --j", "vigil version --json "),
        ("vigil user ", "vigil user hash "),
    ],
)
def test_words(tmp_path: Path, line: str, awaited: str) -> None:
    shown(tmp_path, line, awaited)


def test_names_of_the_running_daemon(tmp_path: Path, short_tmp: Path) -> None:
    infos = [{"group": "site", "name": "web"}, {"group": "cat", "name": "cat"}]
    with FakeDaemon(short_tmp / "s", {"supervisor.getAllProcessInfo": lambda: infos}) as daemon:
        shown(tmp_path, f"vigil why -s {daemon.url} si", "site:web")
