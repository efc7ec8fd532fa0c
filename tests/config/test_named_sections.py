"""Sections of one kind: which there are, what each is called."""

from pathlib import Path

import pytest

from config.build import load_text
from vigild.config.named_sections import name_of, sections_of


def test_a_kind_is_named_with_its_article(tmp_path: Path) -> None:
    text = "[alert:]\nurl=exec:cat\n[monitor:]\ntype=system\n[forward:a\x7f]\nurl=journald:\n"
    loaded = load_text(tmp_path, text)
    assert [(found.code, found.text, found.hint) for found in loaded.diagnostics if found.code == "V008"] == [
        ("V008", "an alert without a name", "write [alert:NAME]"),
        ("V008", "a monitor without a name", "write [monitor:NAME]"),
        ("V008", "a forward's name has a sign that cannot be shown", "write [forward:NAME]"),
    ]


class Refusals:
    """As much of a resolver as is asked."""

    def __init__(self, *names: str) -> None:
        self.document = self
        self.sections = {name: type("Section", (), {"name": name})() for name in names}
        self.refused: list[tuple[object, ...]] = []

    def refuse(self, section: object, *rest: object) -> None:
        self.refused.append((section.name, *rest))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("most", "refused"), [(3, []), (2, ["job:c"]), (1, ["job:b"])])
def test_the_first_that_is_too_many_is_refused_and_all_after_it_left_out(
    most: int, refused: list[str]
) -> None:
    resolver = Refusals("job:a", "jobs:x", "job:b", "job:c")
    found = sections_of(resolver, "job", most, "use fewer")  # type: ignore[arg-type]
    assert [section.name for section in found] == ["job:a", "job:b", "job:c"][:most]
    told = [(name, None, "V006", f"3 jobs; there may be {most}", "use fewer") for name in refused]
    assert resolver.refused == told


def test_a_name_is_what_follows_the_colon() -> None:
    resolver = Refusals("job:订单")
    assert "订单" == name_of(resolver, resolver.sections["job:订单"])  # type: ignore[arg-type]
