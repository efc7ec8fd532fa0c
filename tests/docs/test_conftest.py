"""The guards in tests/conftest.py do bite: a small suite of offenders is run under them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

OFFENDERS = """
import os, subprocess, sys, pytest

def test_leaks_a_file():
    os.open("/dev/null", os.O_RDONLY)

def test_leaks_a_child():
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", "import signal; signal.pause()"], os.environ)

@pytest.fixture(scope="module")
def shared():
    fd = os.open("/dev/null", os.O_RDONLY)
    yield fd
    os.close(fd)

def test_uses_a_shared_file(shared):
    pass

def test_skips():
    pytest.skip("no such thing here")

@pytest.mark.xfail(strict=True)
def test_fails_as_known():
    raise RuntimeError
"""

SKIPPED_MODULE = 'import pytest\npytest.importorskip("no_such_module_anywhere")\n'


def outcomes(directory: Path, chosen: str, *, ci: bool) -> dict[str, str]:
    shutil.copy(ROOT / "tests" / "conftest.py", directory)
    shutil.copytree(ROOT / "tests" / "support", directory / "support")
    (directory / "test_offenders.py").write_text(OFFENDERS)
    (directory / "test_skipped_module.py").write_text(SKIPPED_MODULE)
    (directory / "pytest.ini").write_text("[pytest]\npythonpath = .\nmarkers =\n  needs_root: needs root\n")
    environment = {**os.environ, "CI": "true" if ci else ""}
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--rootdir=.", "-k", chosen]
    command.append("--continue-on-collection-errors")
    result = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True)
    words = ("PASSED", "FAILED", "ERROR", "XFAIL", "SKIPPED")
    summary = result.stdout.partition("short test summary")[2]
    rows = [line.split() for line in summary.splitlines() if line.startswith(words)]
    # A test that passed and then leaked has two rows; the worse one comes last.
    return {row[1].rpartition("::")[2]: row[0] for row in rows}


@pytest.mark.slow
def test_leaks_fail_and_shared_things_do_not(short_tmp: Path) -> None:
    found = outcomes(short_tmp, "leaks or shared", ci=False)
    assert "ERROR" == found["test_leaks_a_file"]
    assert "ERROR" == found["test_leaks_a_child"]
    assert "PASSED" == found["test_uses_a_shared_file"]


@pytest.mark.slow
def test_a_skip_is_a_failure_in_ci_only(short_tmp: Path) -> None:
    found = outcomes(short_tmp, "skips or known", ci=True)
    assert "FAILED" == found["test_skips"]
    assert "ERROR" == found["test_skipped_module.py"]
    assert "XFAIL" == found["test_fails_as_known"]
    assert "SKIPPED" not in found.values()
