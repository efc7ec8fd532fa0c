"""What a token is."""

import pytest

from vigild.core.access import Role
from vigild.core.tokens import MAX_PROGRAMS, Token, split_token, why_not, write_token


def test_a_token_is_found_again_in_what_is_presented() -> None:
    assert split_token(f" {write_token('a1', 'x_y')} ") == ("a1", "x_y")


@pytest.mark.parametrize("text", ["", "vigil", "vigil_", "vigil_a", "vigil_a_", "vigil__x", "other_a_x"])
def test_what_is_no_token(text: str) -> None:
    assert split_token(text) is None


def test_until_when_it_counts() -> None:
    assert Token("a", "ci", Role.VIEWER, "", 0.0).is_valid(1e12)
    assert [Token("a", "ci", Role.VIEWER, "", 0.0, expires=5.0).is_valid(at) for at in (4.9, 5.0)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("name", "programs", "fine"),
    [
        ("ci", ["web:*"], True),
        ("", [], False),
        ("x" * 65, [], False),
        ("a\nb", [], False),
        ("ci", ["x"] * (MAX_PROGRAMS + 1), False),
        ("ci", [""], False),
    ],
)
def test_what_may_be_asked_for(name: str, programs: list[str], fine: bool) -> None:
    assert (why_not(name, programs) == "") is fine
