"""The pages themselves: every one is listed, has a configuration, and is run by a test."""

import re
from pathlib import Path

import pytest

from recipes.book import DOCS, blocks

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
