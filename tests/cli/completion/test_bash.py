"""The real bash completes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fake_daemon import FakeDaemon
from support.shells import VIGIL, run, shell
from vigild.cli.completion.bash import bash_script
from vigild.cli.grammar import grammars

_ASK = '. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _vigil; ((${#COMPREPLY[@]})) && printf "%s\\n" "${COMPREPLY[@]}"; exit 0'
NAMES = ["cat", "site:web", "site:worker", "$(touch pwned)"]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "vigil.bash"
    path.write_text(bash_script(grammars()))
    return path


@pytest.fixture
def url(short_tmp: Path) -> Iterator[str]:
    infos = [{"group": name.partition(":")[0], "name": name.rpartition(":")[2]} for name in NAMES]
    with FakeDaemon(short_tmp / "s", {"supervisor.getAllProcessInfo": lambda: infos}) as daemon:
        yield daemon.url


def offered(script: Path, line: str) -> list[str]:
    return run([shell("bash"), "--norc", "-c", _ASK, "bash", str(script), line]).splitlines()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("vigil che", ["check"]),
        ("vigil up", ["upgrade"]),
        ("vigil help us", ["user"]),
        ("vigil alert ", ["list", "test"]),
        ("vigil token cr", ["create"]),
        ("vigil token create --role ", ["viewer", "operator", "admin"]),
        ("vigil token create x --exp", ["--expires"]),
        ("vigil history --fo", ["--follow"]),
        ("vigil upgrade --js", ["--json"]),
        ("vigil alert list --js", ["--json"]),
        ("vigil version --", ["--json"]),
        ("vigil help --j", ["--json"]),
        ("vigil user ", ["hash"]),
        ("vigil history --since ", []),
        ("vigil completion z", ["zsh"]),
        ("vigil nonsense ", []),
    ],
)
def test_words(script: Path, line: str, words: list[str]) -> None:
    assert offered(script, line) == words


def test_commands_come_first(script: Path) -> None:
    assert {"check", "history", "version", "help"} <= set(offered(script, "vigil "))


def test_files(script: Path, tmp_path: Path) -> None:
    (tmp_path / "one file.conf").touch()
    assert offered(script, f"vigil check {tmp_path}/on") == [f"{tmp_path}/one file.conf"]
    assert offered(script, f"vigil top -c {tmp_path}/on") == [f"{tmp_path}/one file.conf"]


def test_names_of_the_running_daemon(script: Path, url: str) -> None:
    assert offered(script, f"{VIGIL} why -s {url} c") == ["cat"]
    # After a colon bash has begun a new word.
    assert offered(script, f"{VIGIL} why -s {url} site:w") == ["web", "worker"]


def test_names_are_quoted_and_never_carried_out(script: Path, url: str) -> None:
    assert offered(script, f"{VIGIL} why -s {url} $") == ["\\$\\(touch\\ pwned\\)"]
    assert not Path("pwned").exists()


def test_without_a_daemon_nothing_is_offered(script: Path) -> None:
    assert offered(script, f"{VIGIL} why -s unix:///nonexistent ") == []
