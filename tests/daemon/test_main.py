"""Everything that can refuse to start does so with status 2 and says why."""

import subprocess
import sys
from pathlib import Path

import pytest

from vigild.core.compat import SUPERVISOR_VERSION
from vigild.daemon.main import run


def test_plain_questions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["supervisord", "-v"]) == 0
    assert capsys.readouterr().out == f"{SUPERVISOR_VERSION}\n"
    assert run(["supervisord", "-h"]) == 0
    assert "--nodaemon" in capsys.readouterr().out


def refusal(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("Error: ")
    assert err.endswith(f"For help, use {argv[0]} -h\n")
    return err


def test_refusals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "option --nope not recognized" in refusal(["sd", "--nope"], capsys)
    assert "could not find config file" in refusal(["sd", "-c", str(tmp_path / "no")], capsys)
    conf = tmp_path / "c"
    conf.write_text("[supervisord]\n[program:x]\nautostart=maybe\n[program:y]\nnumprocs=many\n")
    text = refusal(["sd", "-c", str(conf)], capsys)
    assert f"{conf}:3: error: [program:x] autostart" in text
    assert f"{conf}:5: error: [program:y] numprocs" in text, "all errors at once"
    conf.write_text(f"[supervisord]\nlogfile={tmp_path}\n")
    assert "cannot open the log file" in refusal(["sd", "-n", "-c", str(conf)], capsys)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vigild.daemon.main.find_config_file", lambda program, cwd: None)
    assert "No config file found at default paths" in refusal(["sd"], capsys)


def test_a_defect_that_ends_the_daemon_is_in_its_log(tmp_path: Path, short_tmp: Path) -> None:
    conf = tmp_path / "c"
    conf.write_text(
        f"[supervisord]\nnodaemon=true\nsilent=true\nlogfile={tmp_path}/log\npidfile={tmp_path}/p\n"
    )
    code = (
        "import vigild.daemon.main as main, vigild.host.runtime_dir as places\n"
        "main.Life = lambda *_: 1 / 0\n"
        f"places._bases = lambda environ, uid: [{str(short_tmp / 'base')!r}]\n"
        f"main.run(['supervisord', '-c', {str(conf)!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    text = (tmp_path / "log").read_text()
    assert "the next daemon adopts it" in text
    assert "ZeroDivisionError" in text
