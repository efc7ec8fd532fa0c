"""docs/compatibility.md and the tests of differences name each other, one to one."""

import re

from support.compat.installation import PROJECT

PAGE = PROJECT / "docs" / "compatibility.md"
TESTS = PROJECT / "tests" / "compat"


def rows() -> list[str]:
    """The last cell of each row of the table of differences."""
    table = PAGE.read_text().partition("## Where Vigil differs on purpose")[2].partition("\n## ")[0]
    lines = [
        line
        for line in table.splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| Supervisor"))
    ]
    return [line.rstrip(" |").rpartition("|")[2].strip() for line in lines]


def defined(pattern: str) -> set[str]:
    """Names of all test functions in files that match."""
    return {
        name
        for path in TESTS.glob(pattern)
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }


def test_every_row_names_a_test_that_exists() -> None:
    names = [cell.strip("`") for cell in rows()]
    assert names
    assert [name for name in names if name not in defined("test_*.py")] == []


def test_every_difference_has_a_row() -> None:
    named = {cell.strip("`") for cell in rows()}
    assert defined("test_differences.py") - named == set()


def test_every_smaller_difference_names_a_test_of_its_floor() -> None:
    table = PAGE.read_text().partition("## Where a single floor differs")[2]
    named = re.findall(r"\| `(tests/[\w/]+\.py)::(test_\w+)` \|$", table, re.MULTILINE)
    assert len(named) == table.count("\n| ") - 2, "a row without a test"
    missing = [name for file, name in named if f"def {name}(" not in (PROJECT / file).read_text()]
    assert missing == []
