"""Values of the model as JSON knows them, for the processes that work beside the daemon."""

from dataclasses import fields, is_dataclass
from enum import Enum


def struct_of(value: object) -> dict[str, object]:
    """A value of the model as JSON knows it, without where it stands in the file."""
    assert is_dataclass(value)
    return {
        field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name != "where"
    }


def _plain(value: object) -> object:
    if is_dataclass(value):
        return struct_of(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
