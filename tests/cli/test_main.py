"""`vigil`: its subcommands and its help."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vigild import __version__
from vigild.cli.main import COMMANDS, main


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"vigil {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    text = capsys.readouterr().out
    assert [command.name for command in COMMANDS if command.summary not in text] == []


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_help_of_a_command_is_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["help", command])
    assert caught.value.code == 0
    assert f"usage: vigil {command}" in capsys.readouterr().out


def test_an_unknown_command_is_refused_with_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chekc"]) == 2
    assert "vigil: no such command: chekc. did you mean check?" in capsys.readouterr().err


def test_without_a_command_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("usage: vigil COMMAND")


def test_a_reader_that_has_seen_enough_sees_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(
        [sys.executable, "-m", "vigild.cli.main", "completion", "bash"], stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "f.conf"
    path.write_text("[supervisord]\n" + "bogus=1\n" * 5)
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(
        [sys.executable, "-m", "vigild.cli.main", "check", str(path)], stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)

    assert (ended.returncode, ended.stderr) == (1, b"")
