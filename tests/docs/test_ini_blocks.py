"""Configurations shown in the documentation are read without an error."""

from pathlib import Path

import pytest

from support.markdown import ROOT, Fence, fences, pages
from vigild.config.load import load

# Pages whose blocks are run as a whole elsewhere, or are wrong on purpose: page -> why.
SKIPPED = {
    "docs/recipes/": "tests/recipes runs them",
}
ENVIRONMENT = {"HOME": "/", "PATH": "/usr/bin:/bin", "USER": "user"}


def blocks() -> list[tuple[str, Fence]]:
    found = []
    for page in pages():
        name = page.relative_to(ROOT).as_posix()
        if not name.startswith(tuple(SKIPPED)):
            text = page.read_text(encoding="utf-8")
            found += [(name, fence) for fence in fences(text) if fence.language == "ini"]
    return found


BLOCKS = blocks()


@pytest.mark.parametrize(("page", "fence"), BLOCKS, ids=[f"{page}:{fence.line}" for page, fence in BLOCKS])
def test_the_block_is_read_without_an_error(page: str, fence: Fence, short_tmp: Path) -> None:
    # An excerpt leaves out what every file has.
    head = "" if "[supervisord]" in fence.body else "[supervisord]\n"
    file = short_tmp / "supervisord.conf"
    file.write_text(head + fence.body)
    # Directories and plugins of the reader's machine are taken for granted.
    loaded = load(
        str(file), environ=ENVIRONMENT, is_directory=lambda path: True, why_not_importable=lambda spec: ""
    )
    assert [] == [str(found) for found in loaded.diagnostics if found.severity == "error"]


def test_there_are_blocks_to_read() -> None:
    assert {"README.md", "docs/tutorial.md"} <= {page for page, _ in BLOCKS}
