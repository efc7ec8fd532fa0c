"""The real fish completes, where it is installed."""

from pathlib import Path

import pytest

from support.fake_daemon import FakeDaemon
from support.shells import run, shell
from vigild.cli.completion.fish import fish_script
from vigild.cli.grammar import grammars


def offered(tmp_path: Path, line: str) -> list[str]:
    script = tmp_path / "vigil.fish"
    script.write_text(fish_script(grammars()))
    words = [shell("fish"), "--no-config", "-c", f'source {script}; complete -C "{line}"']
    return [each.partition("\t")[0] for each in run(words, HOME=str(tmp_path)).splitlines()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("vigil che", ["check"]),
        ("vigil alert ", ["list", "test"]),
        ("vigil token create --role ", ["admin", "operator", "viewer"]),
        ("vigil history --fo", ["--follow"]),
        ("vigil upgrade --js", ["--json"]),
        ("vigil version --j", ["--json"]),
        ("vigil user ", ["hash"]),
    ],
)
def test_words(tmp_path: Path, line: str, words: list[str]) -> None:
    assert sorted(offered(tmp_path, line)) == words


def test_names_of_the_running_daemon(tmp_path: Path, short_tmp: Path) -> None:
    infos = [{"group": "site", "name": "web"}, {"group": "cat", "name": "cat"}]
    with FakeDaemon(short_tmp / "s", {"supervisor.getAllProcessInfo": lambda: infos}) as daemon:
        assert sorted(offered(tmp_path, f"vigil why -s {daemon.url} ")) == ["cat", "site:web"]
