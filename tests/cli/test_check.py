"""`vigil check`: what it prints and how it exits."""

import json
import os
from pathlib import Path

import pytest

from vigild.cli import check

CLEAN = """
[supervisord]
[unix_http_server]
file=/run/x.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:x]
command=/bin/sleep 5
"""


def write(folder: Path, text: str) -> str:
    path = folder / "supervisord.conf"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "code", "summary"),
    [
        (CLEAN, 0, "no findings"),
        (CLEAN + "stopsignal=KILL\n", 0, "1 remark"),
        (CLEAN + "bogus=1\nother=2\n", 1, "2 warnings"),
        (CLEAN + "bogus=1\nstartsecs=soon\n", 2, "1 error, 1 warning"),
    ],
)
def test_the_exit_code_tells_the_worst_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, summary: str
) -> None:
    path = write(tmp_path, text)

    assert check.main([path]) == code
    assert capsys.readouterr().out.splitlines()[-1] == f"{path}: {summary}"


def test_a_finding_is_shown_with_place_hint_and_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, CLEAN + "autostrat=true\n")
    check.main([path])

    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{path}:9: warning: [program:x] autostrat: unknown option 'autostrat'; it is ignored (V101)",
        "    hint: did you mean autostart?",
    ]


def test_json_is_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, CLEAN + "autostrat=true\n")

    assert check.main([path, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["file"], document["files"]) == (path, [path])
    assert (document["errors"], document["warnings"], document["infos"]) == (0, 1, 0)
    assert document["findings"] == [
        {
            "severity": "warning",
            "code": "V101",
            "file": path,
            "line": 9,
            "section": "program:x",
            "option": "autostrat",
            "text": "unknown option 'autostrat'; it is ignored",
            "hint": "did you mean autostart?",
            "excerpt": "",
        }
    ]


def test_text_that_no_terminal_can_show_is_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "latin.conf"
    path.write_bytes(CLEAN.encode() + b"caf\xe9=1\n")

    assert check.main([str(path)]) == 1
    assert "caf\\udce9" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([f"{tmp_path}/none.conf"]) == 2
    assert "could not find config file" in capsys.readouterr().out


def test_without_a_file_it_looks_where_supervisord_looks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, CLEAN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["/nowhere/bin/vigil"])

    assert check.main([]) == 0
    assert capsys.readouterr().out == "supervisord.conf: no findings\n"


def test_the_file_may_be_named_as_in_other_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.main(["-c", f"{tmp_path}/none.conf"]) == 2
    assert "none.conf" in capsys.readouterr().out


@pytest.mark.skipif(
    os.path.exists("/etc/supervisord.conf") or os.path.exists("/etc/supervisor/supervisord.conf"),
    reason="this machine has a configuration at a default place",
)
def test_where_it_looked_is_told_when_there_is_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["/nowhere/bin/vigil"])

    assert check.main([]) == 2
    assert "looked for /nowhere/etc/supervisord.conf, " in capsys.readouterr().err
