"""The pages themselves: every one is listed, has a configuration, and is run by a test."""

import re
from pathlib import Path

import pytest

from recipes.book import DOCS, blocks, need

PAGES = sorted(path.stem for path in DOCS.glob("*.md") if path.stem != "README")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_listed_and_holds_one_configuration_and_has_its_tests(page: str) -> None:
    assert f"({page}.md)" in (DOCS / "README.md").read_text()
    configurations = [b.name for b in blocks(page) if b.language == "ini"]
    assert len(configurations) == 1
    assert re.fullmatch(r"supervisord\.conf|conf\.d/[\w-]+\.conf", configurations[0])
    tests = Path(__file__).with_name(f"test_{page.replace('-', '_')}.py")
    assert tests.read_text().startswith(f'"""docs/recipes/{page}.md"""')


def test_the_list_names_only_pages_that_exist() -> None:
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (DOCS / "README.md").read_text())
    assert sorted(listed) == PAGES


def test_an_absent_server_skips_with_its_package_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="needs the package no-such-server "):
        need("no-such-server", "no-such-command")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI may not skip: needs the package no-such-server "):
        need("no-such-server", "/usr/sbin/no-such-command*")
