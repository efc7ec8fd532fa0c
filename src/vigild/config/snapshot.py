"""Values of the model as JSON and back: how the journal keeps what a group runs with.

Only fields that differ from their default are kept. A newer Vigil that reads it fills what it knows more of
with defaults, and ignores what it no longer knows; a kind of value that is gone is an error, which the
caller answers with what the configuration file says. Positions in files (`compare=False`) are not kept.
"""

import json
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import partial
from typing import Any, TypeVar, get_args, get_type_hints

T = TypeVar("T")

KIND = "$"
VALUE = "v"


class SnapshotError(ValueError):
    """The text is not a value that this version of Vigil knows; the message says what is strange."""


def to_json(value: object) -> bytes:
    """A value of the model (dataclasses of plain values, enums, tuples, dictionaries with text keys)."""
    return _text(value).encode()


def from_json(data: bytes, cls: type[T]) -> T:
    """The value that `to_json` was given. Raises SnapshotError."""
    try:
        value = _unpack(json.loads(data), _classes_of(cls))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"cannot read a {cls.__name__}: {type(error).__name__}: {error}") from None
    if not isinstance(value, cls):
        raise SnapshotError(f"a {type(value).__name__} where a {cls.__name__} should be")
    return value


# Written without a step between: each move of each process is journaled, before anything else is done.


def _text(value: object) -> str:
    writer = _writers.get(value.__class__)
    if writer is None:
        writer = _writers[value.__class__] = _writer_for(value.__class__)
    return writer(value)


def _writer_for(cls: type[Any]) -> Callable[[Any], str]:
    if issubclass(cls, Enum):
        kind = cls.__name__
        texts = {member.name: _object(kind, f',"{VALUE}":{_quoted(member.name)}') for member in cls}
        return lambda value: texts[value.name]
    for known, writer in tuple(_writers.items())[:PLAIN_KINDS]:
        if issubclass(cls, known):
            return writer
    return partial(_text_of_fields, f'{{"{KIND}":"{cls.__name__}"', _defaults(cls))


def _object(kind: str, rest: str) -> str:
    return f'{{"{KIND}":"{kind}"{rest}}}'


def _text_of_tuple(value: tuple[object, ...]) -> str:
    return f"[{','.join(map(_text, value))}]"


def _text_of_dict(value: dict[str, object]) -> str:
    items = ",".join(f"{_quoted(key)}:{_text(item)}" for key, item in value.items())
    return _object("", f',"{VALUE}":{{{items}}}')


def _text_of_float(value: float) -> str:
    return (
        float.__repr__(value) if value - value == 0 else json.dumps(value)
    )  # the rest has names of its own in JSON


def _text_of_fields(head: str, defaults: "Defaults", value: object) -> str:
    texts = [head]
    for name, key, default in defaults:
        item = getattr(value, name)
        if item is not default and item != default:
            writer = _writers.get(item.__class__)
            texts.append(key + (_text(item) if writer is None else writer(item)))
    return ",".join(texts) + "}"


_quoted = json.encoder.encode_basestring_ascii
_writers: dict[type[Any], Callable[[Any], str]] = {
    str: _quoted,
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: _text_of_float,
    type(None): lambda value: "null",
    tuple: _text_of_tuple,
    dict: _text_of_dict,
}
PLAIN_KINDS = len(_writers)

Defaults = tuple[
    tuple[str, str, object], ...
]  # of fields: name, the same as a JSON key with its colon, default
_known_defaults: dict[type[Any], Defaults] = {}


def _defaults(cls: type[Any]) -> Defaults:
    found = _known_defaults.get(cls)
    if found is None:
        found = _known_defaults[cls] = tuple(
            (
                field.name,
                f"{_quoted(field.name)}:",
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
    known = {name for name, _, _ in _defaults(cls)}
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
