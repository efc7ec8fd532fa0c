"""The table, its words, and the reference that is made of both."""

import importlib.util
from pathlib import Path

import pytest

from vigild.config.codes import CODES
from vigild.config.option_docs import OPTION_DOCS, SECTION_DOCS
from vigild.config.options import SECTIONS, kind_of

ROOT = Path(__file__).resolve().parents[2]


def test_every_option_and_section_is_put_in_words() -> None:
    assert set(SECTION_DOCS) == set(SECTIONS)
    assert {kind: set(words) for kind, words in OPTION_DOCS.items()} == {
        kind: set(table) for kind, table in SECTIONS.items()
    }


def test_the_reference_is_what_the_table_gives() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "scripts" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    told = "run: python scripts/make_reference.py"
    assert script.CONFIGURATION.read_text(encoding="utf-8") == script.configuration(), told


def test_the_reference_lists_every_option_and_code() -> None:
    text = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")

    for table in SECTIONS.values():
        assert [name for name in table if f"`{name}`" not in text] == []
    assert [code for code in CODES if f"| {code} |" not in text] == []


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("supervisord", "supervisord"),
        ("program:x", "program"),
        ("unix_http_server", "unix_http_server"),
        ("unix_http_server:two", "unix_http_server"),
        ("program", None),
        ("supervisord:x", None),
        ("Program:x", None),
    ],
)
def test_the_kind_of_a_section(header: str, kind: str | None) -> None:
    assert kind_of(header) == kind


def test_the_reference_of_monitors_is_that_of_the_table() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "scripts" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.MONITORS.read_text(encoding="utf-8") == script.monitors(), (
        "run: python scripts/make_reference.py"
    )
