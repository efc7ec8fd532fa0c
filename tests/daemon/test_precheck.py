"""`supervisord --check` says whether a daemon would come up, and begins nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vigild
from support.daemon import bin_dir
from vigild.daemon.precheck import ok_line
from vigild.host.handover import HANDOVER_FORMAT

SOURCE = Path(vigild.__file__).parent


def check(conf: Path, *flags: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, bin_dir() / "supervisord", "-c", conf, *flags, "--check"],
        env={**os.environ, **environ},
        cwd=conf.parent,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "a.conf"
    path.write_text(
        f"[supervisord]\nlogfile={tmp_path}/log\npidfile={tmp_path}/pid\n[program:x]\ncommand=/bin/cat\n"
    )
    return path


def test_all_is_well_and_nothing_has_begun(conf: Path) -> None:
    done = check(conf)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{ok_line()}\n", "")
    assert re.fullmatch(
        rf"OK: Vigil {re.escape(vigild.__version__)} on Python 3\.\S+, handover {HANDOVER_FORMAT}", ok_line()
    )
    assert os.listdir(conf.parent) == ["a.conf"]


def test_errors_of_the_configuration_are_all_told(conf: Path) -> None:
    conf.write_text("[supervisord]\n[program:x]\nautostart=maybe\n[program:y]\nnumprocs=many\n")
    done = check(conf)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{conf}:3: error: [program:x] autostart" in done.stderr
    assert f"{conf}:5: error: [program:y] numprocs" in done.stderr


def test_overrides_of_the_command_line_count(conf: Path) -> None:
    assert "loglevel" in check(conf, "-e", "nonsense").stderr


def test_a_log_that_cannot_be_written_is_told_of(conf: Path, tmp_path: Path) -> None:
    conf.write_text(f"[supervisord]\nlogfile={tmp_path}\n")
    assert "it is a directory" in check(conf).stderr
    conf.write_text(f"[supervisord]\nlogfile={tmp_path}/no/log\n")
    assert check(conf).returncode == 2
    conf.write_text("[supervisord]\nlogfile=/dev/stdout\n")
    assert check(conf).returncode == 0


@pytest.mark.parametrize(
    ("module", "code", "words"),
    [
        (
            "fronts/logtail.py",
            "import no_such_module\n",
            "ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("host/syslog.py", "def broken(:\n", "SyntaxError: invalid syntax"),
        ("control/logs.py", "1 / 0\n", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_broken_module_is_found_wherever_it_would_be_needed(
    conf: Path, tmp_path: Path, module: str, code: str, words: str
) -> None:
    shutil.copytree(SOURCE, tmp_path / "lib" / "vigild", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "lib" / "vigild" / module).write_text(code)
    done = check(conf, PYTHONPATH=str(tmp_path / "lib"))
    assert done.returncode != 0
    assert words in done.stderr
    assert Path(module).name in done.stderr
