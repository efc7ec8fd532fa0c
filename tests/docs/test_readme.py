"""The two READMEs say the same, and what they tell people to type exists."""

import re
import tomllib

from support.markdown import ROOT, fences, headings, links

ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))


def typed_words(first: str, *pages: str) -> set[str]:
    """The word after `first` wherever a page tells to type it."""
    return {word for page in pages for word in re.findall(rf"(?:^|[`\s=]){first} ([a-z][a-z-]*)", page)}


def test_both_have_the_same_code_blocks() -> None:
    blocks = [[(fence.info, fence.body) for fence in fences(text)] for text in (ENGLISH, CHINESE)]
    assert blocks[0] == blocks[1]


def test_both_have_the_same_headings_by_depth() -> None:
    depths = [[heading.split()[0] for heading in headings(text)] for text in (ENGLISH, CHINESE)]
    assert depths[0] == depths[1]


def test_both_have_the_same_rows_in_their_tables() -> None:
    firsts = [re.findall(r"^\| (`[^|]+`) \|", text, re.M) for text in (ENGLISH, CHINESE)]
    assert firsts[0] == firsts[1]


def test_both_link_to_the_same_pages() -> None:
    other = {"README.md", "README.zh-CN.md"}
    targets = [
        {target for target in links(text) if not target.startswith("#")} - other
        for text in (ENGLISH, CHINESE)
    ]
    assert targets[0] == targets[1]


def test_every_make_target_that_is_named_exists() -> None:
    hacking = (ROOT / "HACKING.md").read_text(encoding="utf-8")
    code = [fence.body for page in (ENGLISH, CHINESE, hacking) for fence in fences(page)]
    inline = re.findall(r"`([^`\n]+)`", ENGLISH + CHINESE + hacking)
    named = typed_words("make", *code, *inline)
    assert {"demo", "test"} <= named
    assert set() == named - make_targets()


def test_the_two_commands_are_what_a_newcomer_types_first() -> None:
    first = next(fence for fence in fences(ENGLISH) if fence.language == "sh")
    assert "make demo\nmake test\n" == first.body


def test_every_command_of_the_table_is_installed() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    table = re.findall(r"^\| `([a-z_]+)[^`]*` \|", ENGLISH, re.M)
    assert set(scripts) == set(table)
