"""`--json`: every command takes it, what it prints is JSON, and so is what goes wrong, with the same exit status."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from vigild.cli.command_line import ERROR_CODES
from vigild.cli.grammar import flatten, grammars
from vigild.cli.main import main

# What each command is called with beside its flags, wrongly or where no daemon is.
_NAMES = {
    "why": ["web"],
    "logs": ["web"],
    "alert test": ["mail"],
    "forward test": ["loki"],
    "token create": ["ci"],
    "token revoke": ["abc"],
    "user": ["hash"],
    "completion": ["bash"],
}
_ASKS_DAEMON = {
    "status", "logs", "top", "upgrade", "schedule", "history", "why", "alert list", "alert test", "forward list",
    "forward test", "token create", "token list", "token revoke", "monitors",
}  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        status = main(words)
    except SystemExit as end:
        status = int(end.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def error_of(err: str) -> dict[str, Any]:
    assert err.count("\n") == 1
    document = json.loads(err)
    assert list(document) == ["error"]
    return dict(document["error"])


def test_every_command_takes_it_and_says_what_it_prints() -> None:
    lacking = [
        each.name
        for each in flatten(grammars())
        if not any("--json" in flag.names and flag.text for flag in each.flags)
    ]
    assert lacking == []


@pytest.mark.parametrize("command", [each.name for each in flatten(grammars()) if not each.actions])
def test_wrong_usage_is_told_as_json(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*command.split(), *_NAMES.get(command, ())]
    plain = run(capsys, *words, "--no-such-flag")
    status, out, err = run(capsys, *words, "--json", "--no-such-flag")
    assert (status, out, plain[0]) == (2, "", 2)
    error = error_of(err)
    assert (error["command"], error["code"]) == (f"vigil {command.split()[0]}", "wrong_usage")
    assert error["text"] in plain[2]


@pytest.mark.parametrize("command", sorted(_ASKS_DAEMON))
def test_no_daemon_is_told_as_json(command: str, short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*command.split(), *_NAMES.get(command, ()), "-s", f"unix://{short_tmp}/none"]
    plain = run(capsys, *words, *(["--once"] if command == "top" else []))
    status, out, err = run(capsys, *words, "--json")
    assert (status, out) == (plain[0], "")
    error = error_of(err)
    assert (error["command"], error["code"]) == (f"vigil {command.split()[0]}", "no_daemon")
    assert plain[2] == f"{error['command']}: {error['text']}\n"


def test_an_action_is_told_of_a_flag_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, _out, err = run(capsys, "alert", "--json", "test")
    assert (status, error_of(err)["code"]) == (2, "wrong_usage")


def test_what_no_flag_can_say_is_told_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["schedule", "--pause"], ["monitors", "--now"], ["completion"], ["chekc"], ["token"]):
        status, out, err = run(capsys, *words, "--json")
        assert (status, out, error_of(err)["code"]) == (2, "", "wrong_usage")


def test_without_it_errors_are_words(capsys: pytest.CaptureFixture[str]) -> None:
    status, _out, err = run(capsys, "alert", "test")
    assert status == 2
    assert err.startswith("usage: vigil alert test")


def test_configurations_that_do_not_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.conf"
    bad.write_text("[supervisord]\n[program:web]\nautorestart=perhaps\n")
    for command in ("graph", "systemd-unit"):
        status, out, err = run(capsys, command, "--json", "-c", str(bad))
        error = error_of(err)
        assert (status, out, error["code"]) == (2, "", "bad_configuration")
        assert "autorestart" in error["text"]


def test_init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "vigil.conf"
    status, out, _err = run(capsys, "init", "--json", str(tmp_path))
    expected = {"file": str(path), "next": [f"supervisord -c {path}", f"vigil status -c {path}"]}
    assert (status, json.loads(out)) == (0, expected)
    status, out, err = run(capsys, "init", "--json", str(tmp_path))
    assert (status, out, error_of(err)["code"]) == (1, "", "exists")
    (tmp_path / "file").touch()
    status, out, err = run(capsys, "init", "--json", str(tmp_path / "file" / "below"))
    assert (status, out, error_of(err)["code"]) == (1, "", "cannot_write")


def test_a_unit_for_systemd(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "init", str(tmp_path))[0] == 0
    words = ["-c", str(tmp_path / "vigil.conf"), "--supervisord", "/opt/v/bin/supervisord"]
    _status, unit, _err = run(capsys, "systemd-unit", *words)
    status, out, err = run(capsys, "systemd-unit", "--json", *words)
    assert (status, json.loads(out), err) == (0, {"unit": unit, "warnings": []}, "")
    _status, unit, _err = run(capsys, "systemd-unit", "--socket", "v.service", *words)
    status, out, err = run(capsys, "systemd-unit", "--json", "--socket", "v.service", *words)
    assert (status, json.loads(out)["unit"], err) == (0, unit, "")


def test_what_systemd_does_not_set_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONLY_HERE", "x")
    path = tmp_path / "f.conf"
    path.write_text("[supervisord]\nidentifier=%(ENV_ONLY_HERE)s\n")
    words = ["-c", str(path), "--supervisord", "/opt/v/bin/supervisord"]
    assert "vigil systemd-unit: warning: systemd does not set" in run(capsys, "systemd-unit", *words)[2]
    status, out, err = run(capsys, "systemd-unit", "--json", *words)
    assert (status, err) == (0, "")
    assert "ONLY_HERE" in json.loads(out)["warnings"][0]


def test_the_value_of_a_password(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\n"))
    status, out, _err = run(capsys, "user", "hash", "--json")
    assert status == 0
    assert json.loads(out)["password"].startswith("{scrypt}")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    status, out, err = run(capsys, "user", "hash", "--json")
    assert (status, out, error_of(err)["code"]) == (1, "", "bad_password")


def test_a_script_for_a_shell(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = run(capsys, "completion", "fish")[1]
    status, out, _err = run(capsys, "completion", "--json", "fish")
    assert (status, json.loads(out)) == (0, {"shell": "fish", "script": script})
    status, out, _err = run(
        capsys, "completion", "--json", "--names", "groups", "-s", f"unix://{short_tmp}/no"
    )
    assert (status, json.loads(out)) == (0, {"names": []})


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _err = run(capsys, "version", "--json")
    assert (status, f"vigil {json.loads(out)['version']}\n") == (0, run(capsys, "version")[1])
    status, out, _err = run(capsys, "help", "--json")
    assert status == 0
    assert "check" in [one["name"] for one in json.loads(out)["commands"]]


def test_every_code_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/vigil.md").read_text(encoding="utf-8")
    assert [code for code in ERROR_CODES if f"| `{code}` |" not in page] == []
