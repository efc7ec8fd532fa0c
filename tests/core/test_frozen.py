"""Values at a third of the memory: compared, hashed and shown by their fields."""

from dataclasses import field, replace

import pytest

from vigild.core.frozen import frozen


@frozen
class Point:
    x: int
    y: int = 0
    secret: str = field(default="", repr=False)


@frozen
class Other:
    x: int
    y: int = 0
    secret: str = ""


@frozen
class Shown:
    x: int

    def __repr__(self) -> str:
        return "mine"


def test_equal_by_fields_and_only_with_its_own_kind() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(2)
    assert Point(1) != Other(1)
    assert Point(1) != "Point"


def test_hashed_by_fields() -> None:
    assert {Point(1), Point(1, 0), Point(2)} == {Point(1), Point(2)}
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point([]))  # type: ignore[arg-type]


def test_shown_without_what_is_not_to_be_shown() -> None:
    assert repr(Point(1, 2, "hunter2")) == "Point(x=1, y=2)"
    assert repr(Shown(1)) == "mine"


def test_it_is_a_dataclass_with_slots() -> None:
    assert replace(Point(1), y=5) == Point(1, 5)
    assert not hasattr(Point(1), "__dict__")
