"""Links between pages resolve, down to the heading."""

from pathlib import Path

import pytest

from support.markdown import ROOT, anchors, links, pages

PAGES = pages()


def broken(page: Path) -> list[str]:
    """Links of one page that lead nowhere inside the project."""
    text = page.read_text(encoding="utf-8")
    found = []
    for target in links(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (
            fragment and file.suffix == ".md" and fragment not in anchors(file.read_text(encoding="utf-8"))
        ):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_resolve(page: Path) -> None:
    assert [] == broken(page)


def test_a_missing_page_and_a_missing_heading_are_found(short_tmp: Path) -> None:
    page = short_tmp / "page.md"
    page.write_text(
        "# One\n[a](#one) [b](#two) [c](other.md) [d](page.md) `[e](code)` [f](https://example.org)\n"
    )
    assert ["#two", "other.md"] == broken(page)


def test_every_page_under_docs_is_reachable_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page.is_dir():
            page = page / "README.md"
        if page in seen or not page.exists() or page.suffix != ".md":
            continue
        seen.add(page)
        targets = (target.partition("#")[0] for target in links(page.read_text(encoding="utf-8")))
        waiting += [(page.parent / target).resolve() for target in targets if target and "://" not in target]
    assert [] == [
        str(page.relative_to(ROOT)) for page in PAGES if ROOT / "docs" in page.parents and page not in seen
    ]
