"""The command line over the file over the defaults."""

from pathlib import Path

import pytest

from vigild.classic.supervisorctl import main
from vigild.cli.ctl.options import HelpWanted, Options, UsageError, parse

CONFIG = (
    "[supervisorctl]\nserverurl=http://file:1\nusername=fu\npassword=fp\nprompt=pp\nhistory_file=%(here)s/h\n"
)


def options_of(tmp_path: Path, *arguments: str) -> Options:
    (tmp_path / "supervisord.conf").write_text(CONFIG)
    return parse(list(arguments), "/nowhere/bin/supervisorctl", {}, str(tmp_path))


def test_the_file_speaks_where_the_command_line_does_not(tmp_path: Path) -> None:
    options = options_of(tmp_path, "-c", str(tmp_path / "supervisord.conf"))
    assert (options.server_url, options.username, options.password) == ("http://file:1", "fu", "fp")
    assert (options.prompt, options.history_file) == ("pp", f"{tmp_path}/h")
    assert options.interactive
    assert "fp" not in repr(options)


def test_the_command_line_wins(tmp_path: Path) -> None:
    arguments = (
        "-c",
        str(tmp_path / "supervisord.conf"),
        "-s",
        "unix:///x",
        "-u",
        "cu",
        "--password=cp",
        "-r",
        "/hist",
    )
    options = options_of(tmp_path, *arguments, "status", "-x")
    assert (options.server_url, options.username, options.password) == ("unix:///x", "cu", "cp")
    assert (options.history_file, options.words, options.interactive) == ("/hist", ["status", "-x"], False)
    assert options_of(tmp_path, *arguments, "-i", "status").interactive


def test_the_file_is_searched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = options_of(tmp_path)
    assert options.config_file == "supervisord.conf"
    assert options.server_url == "http://file:1"
    assert not options.config_file_given


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-z"], "option -z not recognized"),
        (["-s"], "option -s requires argument"),
        (["-s", "nonsense"], "invalid value for -s 'nonsense': value 'nonsense' is not a URL"),
        (["-u", "a", "--username=b"], "conflicting command line option '--username'"),
        (["-c", "/no/such"], "could not find config file /no/such"),
        (["-c", "/dev/null"], ".ini file does not include supervisorctl section"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, arguments: list[str], text: str) -> None:
    with pytest.raises(UsageError) as error:
        options_of(tmp_path, *arguments)
    assert str(error.value) == text


def test_help_is_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(HelpWanted):
        options_of(tmp_path, "-h")
    assert main(["--help"]) == 0
    assert "-s/--serverurl URL" in capsys.readouterr().out
    assert main(["-z"]) == 2
    assert capsys.readouterr().err.startswith("Error: option -z not recognized\nFor help, use ")
