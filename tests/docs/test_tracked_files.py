"""Nothing of the machine it was written on gets into the project."""

import re
from pathlib import Path

import pytest

from support.markdown import ROOT, files_without_git, tracked_files

# Built from pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a working directory of the author's machine": re.compile(rb"(?<![\w.])/(work/[a-z]|tmp/peers|root/\.)"),
    "a home directory": re.compile(
        rb"/home/(?!user\b|me\b|alice\b|www\b|chrism\b|you\b|deploy\b|app\b)[a-z]+/"
    ),
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
    unwanted = re.compile(
        r"(__pycache__|\.pyc$|\.egg-info|^\.venv/|^\.peers/|^dist/|^build/|\.sqlite3?$|\.log$)"
    )
    names = [path.relative_to(ROOT).as_posix() for path in tracked_files()]
    assert [] == [name for name in names if unwanted.search(name)]


def test_the_listing_without_git_is_the_same() -> None:
    assert tracked_files("*.md") == files_without_git(("*.md",))


def test_text_files_end_with_a_newline() -> None:
    suffixes = (".py", ".md", ".toml", ".conf", ".sh")
    texts = [path for path in own_files() if path.suffix in suffixes and path.stat().st_size]
    assert [] == [str(path.relative_to(ROOT)) for path in texts if not path.read_bytes().endswith(b"\n")]
