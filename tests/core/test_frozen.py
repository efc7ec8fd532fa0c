"""Values at a third of the memory: compared, hashed and shown by their fields."""

import dataclasses
from dataclasses import field

import pytest

from vigild.core.frozen import frozen, plain, replace


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
class Nothing:
    pass


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


def test_equal_without_fields_or_with_one() -> None:
    assert Nothing() == Nothing()
    assert Shown(1) == Shown(1)
    assert Shown(1) != Shown(2)


def test_replaced_as_the_standard_library_does_it_and_the_old_value_stays() -> None:
    point = Point(1, 2, "hunter2")
    assert replace(point, y=5) == dataclasses.replace(point, y=5) == Point(1, 5, "hunter2")
    assert replace(point) is not point
    assert replace(Shown(1), x=2) == Shown(2)
    assert point == Point(1, 2, "hunter2")


def test_no_field_is_made_up_where_one_is_replaced() -> None:
    with pytest.raises(AttributeError):
        replace(Point(1), z=5)  # type: ignore[call-arg]


def test_it_is_a_dataclass_with_slots() -> None:
    assert dataclasses.replace(Point(1), y=5) == Point(1, 5)
    assert not hasattr(Point(1), "__dict__")


@plain
class Box:
    x: int
    label: str = field(default="", compare=False)


@plain
class Crate:
    x: int

    def __repr__(self) -> str:
        return "mine"


def test_a_plain_value_may_change_and_is_compared_by_what_counts() -> None:
    box = Box(1)
    box.x = 2
    assert Box(2, "other") == box
    assert Box(3) != box
    assert box != Crate(2)
    assert repr(Crate(1)) == "mine"
    assert repr(box) == "Box(x=2, label='')"
    assert not hasattr(box, "__dict__")
    with pytest.raises(TypeError, match="unhashable"):
        hash(box)
