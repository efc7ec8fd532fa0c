"""JSON Schema as plain values, and the part of it that requests are checked against.

One table of these says what a client may send and what it gets: the OpenAPI document, the reference and the checks are all
made from it, so that they cannot differ.
"""

import re
from collections.abc import Mapping

Schema = dict[str, object]


class InvalidError(ValueError):
    """A value that the schema does not allow; the message names where and why."""


def text(words: str = "", **more: object) -> Schema:
    """A string."""
    return _with({"type": "string"}, words, more)


def integer(words: str = "", **more: object) -> Schema:
    """A whole number."""
    return _with({"type": "integer"}, words, more)


def number(words: str = "", **more: object) -> Schema:
    """Any number."""
    return _with({"type": "number"}, words, more)


def boolean(words: str = "", **more: object) -> Schema:
    """True or false."""
    return _with({"type": "boolean"}, words, more)


def words_of(values: type, words: str = "") -> Schema:
    """One of the values of an enumeration of words."""
    return text(words, enum=[str(value.value) for value in values])  # type: ignore[attr-defined]


def list_of(items: Schema, words: str = "", **more: object) -> Schema:
    """An array."""
    return _with({"type": "array", "items": items}, words, more)


def map_of(values: Schema, words: str = "") -> Schema:
    """An object whose keys are not known beforehand."""
    return _with({"type": "object", "additionalProperties": values}, words, {})


def record(words: str = "", *, optional: Mapping[str, Schema] | None = None, **fields: Schema) -> Schema:
    """An object with these fields, all there but the optional ones, and no others."""
    shape: Schema = {"type": "object", "properties": {**fields, **(optional or {})}}
    if fields:
        shape["required"] = list(fields)
    shape["additionalProperties"] = False
    return _with(shape, words, {})


def anything(words: str = "") -> Schema:
    """Any value."""
    return _with({}, words, {})


def maybe(schema: Schema) -> Schema:
    """The same, or null where there is none."""
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def ref(name: str) -> Schema:
    """One of the named schemas of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def _with(schema: Schema, words: str, more: Mapping[str, object]) -> Schema:
    return {**schema, **({"description": words} if words else {}), **more}


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def check(value: object, schema: Schema, where: str = "") -> None:
    """Is the value of a request as its schema says? Raises InvalidError. Knows what requests use: no `$ref`, no union."""
    wanted = str(schema.get("type", ""))
    if wanted:
        is_right = isinstance(value, _TYPES[wanted])
        if isinstance(value, bool) and wanted != "boolean":
            is_right = False
        if not is_right:
            raise InvalidError(f"{where or 'the body'} must be {_a(wanted)}")
    if "enum" in schema and value not in schema["enum"]:  # type: ignore[operator]
        raise InvalidError(f"{where} must be one of {', '.join(map(str, schema['enum']))}")  # type: ignore[call-overload]
    if isinstance(value, str):
        _check_text(value, schema, where)
    elif isinstance(value, bool):
        pass
    elif isinstance(value, int | float):
        _check_number(value, schema, where)
    elif isinstance(value, list):
        _check_size(len(value), schema, "Items", where, "entries")
        items = schema.get("items")
        if isinstance(items, dict):
            for index, item in enumerate(value):
                check(item, items, f"{where}[{index}]")
    elif isinstance(value, dict):
        _check_object(value, schema, where)


def _check_text(value: str, schema: Schema, where: str) -> None:
    _check_size(len(value), schema, "Length", where, "characters")
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and not re.search(pattern, value):
        raise InvalidError(f"{where} must match {pattern}")


def _check_number(value: float, schema: Schema, where: str) -> None:
    least, most = schema.get("minimum"), schema.get("maximum")
    if isinstance(least, int | float) and value < least:
        raise InvalidError(f"{where} must be at least {least}")
    if isinstance(most, int | float) and value > most:
        raise InvalidError(f"{where} must be at most {most}")


def _check_size(size: int, schema: Schema, what: str, where: str, unit: str) -> None:
    least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}")
    if isinstance(least, int) and size < least:
        raise InvalidError(f"{where} must have at least {least} {unit}")
    if isinstance(most, int) and size > most:
        raise InvalidError(f"{where} must have at most {most} {unit}")


def _check_object(value: dict[str, object], schema: Schema, where: str) -> None:
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    required = schema.get("required", ())
    for name in required if isinstance(required, list) else ():
        if name not in value:
            raise InvalidError(f"{_inside(where, name)} is missing")
    for name, item in value.items():
        if name in properties:
            check(item, properties[name], _inside(where, name))
        elif schema.get("additionalProperties") is False:
            known = ", ".join(properties) or "none"
            raise InvalidError(f"there is no field {_inside(where, name)!r} here; the fields are: {known}")


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
