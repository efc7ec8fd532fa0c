"""Values of the model as JSON and back: how the journal keeps what a group runs with.

Only fields that differ from their default are kept. A newer Vigil that reads it fills what it knows more of
with defaults, and ignores what it no longer knows; a kind of value that is gone is an error, which the
caller answers with what the configuration file says. Positions in files (`compare=False`) are not kept.
"""

import json
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, get_args, get_type_hints

T = TypeVar("T")

KIND = "$"
VALUE = "v"


class SnapshotError(ValueError):
    """The text is not a value that this version of Vigil knows; the message says what is strange."""


def to_json(value: object) -> bytes:
    """A value of the model (dataclasses of plain values, enums, tuples, dictionaries with text keys)."""
    return json.dumps(_pack(value), separators=(",", ":")).encode()


def from_json(data: bytes, cls: type[T]) -> T:
    """The value that `to_json` was given. Raises SnapshotError."""
    try:
        value = _unpack(json.loads(data), _classes_of(cls))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"cannot read a {cls.__name__}: {type(error).__name__}: {error}") from None
    if not isinstance(value, cls):
        raise SnapshotError(f"a {type(value).__name__} where a {cls.__name__} should be")
    return value


def _pack(value: object) -> object:
    if isinstance(value, Enum):
        return {KIND: type(value).__name__, VALUE: value.name}
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple):
        return [_pack(item) for item in value]
    if isinstance(value, dict):
        return {KIND: "", VALUE: {key: _pack(item) for key, item in value.items()}}
    packed: dict[str, object] = {KIND: type(value).__name__}
    for name, default in _defaults(type(value)):
        item = getattr(value, name)
        if item is not default and item != default:
            packed[name] = _pack(item)
    return packed


_known_defaults: dict[type[Any], tuple[tuple[str, object], ...]] = {}


def _defaults(cls: type[Any]) -> tuple[tuple[str, object], ...]:
    found = _known_defaults.get(cls)
    if found is None:
        found = _known_defaults[cls] = tuple(
            (
                field.name,
                field.default_factory() if field.default_factory is not MISSING else field.default,
            )
            for field in fields(cls)
            if field.compare
        )
    return found


def _unpack(plain: Any, classes: dict[str, type[Any]]) -> Any:
    if isinstance(plain, list):
        return tuple(_unpack(item, classes) for item in plain)
    if not isinstance(plain, dict):
        return plain
    kind = plain[KIND]
    if not kind:
        return {key: _unpack(item, classes) for key, item in plain[VALUE].items()}
    cls = classes[kind]
    if issubclass(cls, Enum):
        return cls[plain[VALUE]]
    known = {name for name, _ in _defaults(cls)}
    return cls(**{name: _unpack(item, classes) for name, item in plain.items() if name in known})


_known_classes: dict[type[Any], dict[str, type[Any]]] = {}


def _classes_of(cls: type[Any]) -> dict[str, type[Any]]:
    """`cls` and all dataclasses and enums that its fields may hold, by name."""
    if cls not in _known_classes:
        _known_classes[cls] = _find_classes(cls)
    return _known_classes[cls]


def _find_classes(cls: type[Any]) -> dict[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    hints: list[Any] = [cls]
    while hints:
        hint = hints.pop()
        hints.extend(get_args(hint))
        if not isinstance(hint, type) or hint.__name__ in found:
            continue
        if is_dataclass(hint):
            found[hint.__name__] = hint
            hints.extend(get_type_hints(hint).values())
        elif issubclass(hint, Enum):
            found[hint.__name__] = hint
    return found
