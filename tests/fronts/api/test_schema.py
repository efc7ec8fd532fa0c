"""The part of JSON Schema that requests are checked against."""

import pytest

from vigild.core.access import Role
from vigild.fronts.api import schema
from vigild.fronts.api.schema import InvalidError, check


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("x", schema.text(minLength=1, maxLength=1)),
        (1, schema.integer(minimum=1, maximum=1)),
        (1, schema.number()),
        (1.5, schema.number()),
        (True, schema.boolean()),
        ([1, 2], schema.list_of(schema.integer(), minItems=2, maxItems=2)),
        ({"a": 1}, schema.record(a=schema.integer(), optional={"b": schema.text()})),
        ({"x": 1}, schema.map_of(schema.integer())),
        ({"anything": None}, schema.anything()),
        ("ab", schema.text(pattern="^a")),
    ],
)
def test_what_fits(value: object, shape: schema.Schema) -> None:
    check(value, shape)


@pytest.mark.parametrize(
    ("value", "shape", "words"),
    [
        (1, schema.text(), "the body must be a string"),
        (True, schema.integer(), "must be an integer"),
        (True, schema.number(), "must be a number"),
        (1.0, schema.integer(), "must be an integer"),
        ("", schema.text(minLength=1), "at least 1 characters"),
        ("ab", schema.text(maxLength=1), "at most 1 characters"),
        ("ba", schema.text(pattern="^a"), "must match"),
        ("x", schema.text(enum=["a", "b"]), "must be one of a, b"),
        (0, schema.integer(minimum=1), "at least 1"),
        (2, schema.integer(maximum=1), "at most 1"),
        ([], schema.list_of(schema.text(), minItems=1), "at least 1 entries"),
        ([1], schema.list_of(schema.text()), "[0] must be a string"),
        ({}, schema.record(a=schema.text()), "a is missing"),
        ({"a": {"b": 1}}, schema.record(a=schema.record(b=schema.text())), "a.b must be a string"),
        ({"z": 1}, schema.record(a=schema.text(), optional={}), "a is missing"),
        ({"a": "", "z": 1}, schema.record(a=schema.text()), "no field 'z' here; the fields are: a"),
    ],
)
def test_what_does_not(value: object, shape: schema.Schema, words: str) -> None:
    with pytest.raises(InvalidError) as caught:
        check(value, shape)
    assert words in str(caught.value)


def test_what_may_be_missing() -> None:
    assert {"type": ["string", "null"]} == schema.maybe(schema.text())
    assert {"oneOf": [schema.ref("X"), {"type": "null"}]} == schema.maybe(schema.ref("X"))
    assert [1, 2, 3] == [role.value for role in Role]
