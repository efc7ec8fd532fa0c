"""Converters that plugins and listeners use for options of their own. All raise ValueError."""

import os
import signal
from collections.abc import Mapping

TRUTHY_STRINGS = ("yes", "true", "on", "1")
FALSY_STRINGS = ("no", "false", "off", "0")


def integer(value: str | int) -> int:
    """A whole number."""
    return int(value)


def boolean(s: object) -> bool:
    """yes, true, on, 1 and their opposites."""
    word = str(s).lower()
    if word not in TRUTHY_STRINGS + FALSY_STRINGS:
        raise ValueError(f"not a valid boolean value: {s!r}")
    return word in TRUTHY_STRINGS


def list_of_strings(arg: str) -> list[str]:
    """Words with commas between them."""
    return [word.strip() for word in arg.split(",")] if arg else []


def list_of_ints(arg: str) -> list[int]:
    """Whole numbers with commas between them."""
    return [int(word) for word in list_of_strings(arg)]


def octal_type(arg: str) -> int:
    """A file mode such as 0700."""
    try:
        return int(arg, 8)
    except (TypeError, ValueError):
        raise ValueError(f"{arg} can't be converted to an octal type") from None


def existing_directory(v: str) -> str:
    """The path of a directory that exists, `~` expanded."""
    path = os.path.expanduser(v)
    if not os.path.isdir(path):
        raise ValueError(f"{v} is not an existing directory")
    return path


class SuffixMultiplier:
    """Numbers with a unit: `SuffixMultiplier({'kb': 1024})('2KB')` is 2048. All suffixes have one length."""

    def __init__(self, d: Mapping[str, int], default: int = 1) -> None:
        self._factors = dict(d)
        self._default = default

    def __call__(self, v: str) -> int:
        text = v.lower()
        for suffix, factor in self._factors.items():
            if text.endswith(suffix):
                return int(text[: -len(suffix)]) * factor
        return int(text) * self._default


byte_size = SuffixMultiplier({"kb": 1024, "mb": 1024**2, "gb": 1024**3})


def signal_number(value: str | int) -> int:
    """A signal by number or name, with or without SIG."""
    try:
        number = int(value)
    except ValueError:
        name = str(value).strip().upper()
        name = name if name.startswith("SIG") else f"SIG{name}"
        if name not in signal.Signals.__members__:
            raise ValueError(f"value {value!r} is not a valid signal name") from None
        return signal.Signals[name].value
    if number not in signal.valid_signals():
        raise ValueError(f"value {value!r} is not a valid signal number")
    return number
