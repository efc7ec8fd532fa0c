"""Patterns on the command line."""

import pytest

from cli.ctl.scenes import INFOS
from vigild.cli.ctl.names import expand, is_pattern, matches


@pytest.mark.parametrize(
    ("name", "expected"),
    [("web*", True), ("*:*", True), ("web:*0", True), ("*b:", True), ("web:*", False), ("web:", False), ("web", False), ("*", True)],
)  # fmt: skip
def test_group_star_is_no_pattern(name: str, expected: bool) -> None:
    assert expected == is_pattern(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web*", ["web:*"]),
        ("*o*", ["pair:*", "zz:a_name_that_is_longer_than_thirty_columns"]),
        ("web:*0", ["web:web_00"]),
        ("w*:*1", ["web:web_01"]),
        ("*a*:*", ["cat", "pair:*"]),
        ("c*", ["cat"]),
        ("nope*", ["nope*"]),
        ("web:*", ["web:*"]),
        ("plain", ["plain"]),
    ],
)
def test_patterns_become_groups_where_they_name_all_of_one(name: str, expected: list[str]) -> None:
    assert expected == expand([name], lambda: INFOS)  # type: ignore[arg-type,return-value]


def test_nothing_is_asked_without_a_pattern_and_nothing_named_twice() -> None:
    assert expand(["a", "b:*"], lambda: pytest.fail("asked")) == ["a", "b:*"]
    assert expand(["c*", "cat", "ca*"], lambda: INFOS) == ["cat"]  # type: ignore[arg-type,return-value]


def test_matching_is_exact_about_letters() -> None:
    assert not matches("Web*", "web", "web_00")
    assert matches("web:", "web", "web_00")
    assert not matches("web", "web", "web_00")
