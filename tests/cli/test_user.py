"""`vigil user hash`."""

import io
import sys

import pytest

from vigild.cli import user
from vigild.cli.main import main
from vigild.config.passwords import parse_scrypt


def test_a_line_of_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("sécret\nmore"))
    assert main(["user", "hash"]) == 0
    printed = capsys.readouterr().out
    assert parse_scrypt(printed.strip().removeprefix("{scrypt}")).matches("sécret".encode())
    assert "sécret" not in printed


def test_the_terminal_is_asked_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["one", "two", "one", "one"])
    stdin = io.StringIO()
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(user, "getpass", lambda prompt: next(typed))
    assert main(["user", "hash"]) == 1
    assert capsys.readouterr().err == "vigil user: those two differ\n"
    assert main(["user", "hash"]) == 0


@pytest.mark.parametrize("line", ["", "\n", "x" * 1025])
def test_what_is_no_password(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(line))
    assert main(["user", "hash"]) == 1
    assert "a password has 1 to 1024 characters" in capsys.readouterr().err


def test_a_password_is_never_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["user", "hash", "secret"])
    capsys.readouterr()
