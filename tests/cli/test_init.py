"""`vigil init`: the file is right, is never written over, and the commands that it names work."""

import shlex
import subprocess
from pathlib import Path

import psutil
import pytest

from support.daemon import bin_dir
from support.until import until
from vigild.cli.main import main


def test_the_file_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "new")]) == 0
    assert main(["check", str(tmp_path / "new" / "vigil.conf")]) == 0
    assert "no findings" in capsys.readouterr().out


def test_a_file_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "vigil.conf").write_text("mine")
    assert main(["init", str(tmp_path)]) == 1
    assert (tmp_path / "vigil.conf").read_text() == "mine"
    assert "is there already" in capsys.readouterr().err


def test_a_place_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["init", str(tmp_path / "file" / "below")]) == 1
    assert "vigil init: cannot write" in capsys.readouterr().err


def test_the_next_two_commands(short_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(short_tmp)]) == 0
    start, status = (
        line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if line.startswith("    ")
    )
    subprocess.run([bin_dir() / start[0], *shlex.split(start[1])], check=True)
    pidfile = short_tmp / "vigild.pid"
    try:
        until(pidfile.exists)
        ask = [bin_dir() / status[0], *shlex.split(status[1])]
        until(lambda: subprocess.run(ask, capture_output=True).returncode == 0)
    finally:
        daemon = psutil.Process(int(pidfile.read_text()))
        daemon.terminate()
        until(lambda: not daemon.is_running() or daemon.status() == psutil.STATUS_ZOMBIE)
