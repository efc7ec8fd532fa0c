"""Nothing of the machine it was written on gets into the project."""

import re
import subprocess
from pathlib import Path

import pytest

from support.markdown import ROOT, tracked_files

# Built from pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a working directory of the author's machine": re.compile(rb"/(work|root|tmp/peers)/[a-z.]"),
    "a home directory": re.compile(rb"/home/(?!user\b|alice\b|www\b|chrism\b|you\b|deploy\b|app\b)[a-z]+/"),
    "a package registry's host": re.compile(
        rb"(files\.python" + rb"hosted\.org|pypi" + rb"\.org/simple|artifact" + rb"ory)"
    ),
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE " + rb"KEY-----"),
}
# Real configurations of other people, kept as they were found.
FOUND_ELSEWHERE = ("tests/config/corpus/",)


def own_files() -> list[Path]:
    return [
        path
        for path in tracked_files()
        if not path.relative_to(ROOT).as_posix().startswith(FOUND_ELSEWHERE)
        and path != Path(__file__).resolve()
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    pattern = FORBIDDEN[what]
    assert [] == [str(path.relative_to(ROOT)) for path in own_files() if pattern.search(path.read_bytes())]


def test_no_built_or_cached_file_is_tracked() -> None:
    listing = subprocess.run(("git", "ls-files"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    unwanted = re.compile(
        r"(__pycache__|\.pyc$|\.egg-info|^\.venv/|^\.peers/|^dist/|^build/|\.sqlite3?$|\.log$)"
    )
    assert [] == [line for line in listing.splitlines() if unwanted.search(line)]


def test_text_files_end_with_a_newline() -> None:
    suffixes = (".py", ".md", ".toml", ".conf", ".sh")
    texts = [path for path in own_files() if path.suffix in suffixes and path.stat().st_size]
    assert [] == [str(path.relative_to(ROOT)) for path in texts if not path.read_bytes().endswith(b"\n")]
