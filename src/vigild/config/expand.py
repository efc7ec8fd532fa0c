"""`%(name)s` in values: Python's own `%` formatting with a table of names, errors in the user's words."""

import re
from collections.abc import Mapping

from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean

Names = Mapping[str, object]

WIDTH_MAX = 9999  # what a format may pad a value to: %(process_num)9999d
_HUGE = re.compile(r"%\([^)]*\)[#0\- +\d.]*[1-9]\d{4}")
_LONE = re.compile(r"%%|%(?!\()")
_REFERENCE = re.compile(r"%(?:%|\([^)]*\)[#0\- +]*\d*(?:\.\d+)?[hlL]?[diouxXeEfFgGcrsa])")


def expand(text: str, names: Names) -> str:
    """The text with every `%(name)s` replaced and `%%` made `%`. Raises BadValueError."""
    if "%" not in text:
        return text
    if _HUGE.search(text):
        raise _malformed(text, ValueError(f"a width of more than {WIDTH_MAX}"))
    try:
        return text % names
    except KeyError as error:
        raise _unknown_name(str(error.args[0]), names) from None
    except (
        Exception
    ) as error:  # whatever % formatting raises: ValueError, TypeError, OverflowError, MemoryError
        raise _malformed(text, error) from None


def expand_named(text: str, names: Names) -> str:
    """As `expand`, for a text in which `%` is a sign of its own: only `%(` and `%%` are looked at. Raises BadValueError."""
    return expand(_LONE.sub("%%", text), names)


def expand_twice(text: str, names: Names) -> str:
    """What Supervisor does to log file names and the daemon's environment: expand the expanded.

    Where the second round fails (a `%` that `%%` stood for), Supervisor refuses; here the first stands.
    """
    once = expand(text, names)
    if "%" not in once:
        return once
    try:
        return expand(once, names)
    except BadValueError:
        return once


def bare_conversion(text: str) -> bool:
    """True for `%s` and its like without a name, which format the whole table of names."""
    return "%" in _REFERENCE.sub("", text)


def _unknown_name(name: str, names: Names) -> BadValueError:
    if name.startswith("ENV_"):
        text = f"cannot expand %({name})s: {name[4:]} is not set in the daemon's environment"
        hint = f"export {name[4:]} before supervisord starts, or set it in environment= of [supervisord]"
        return BadValueError(text, hint, "V007")
    known = sorted(key for key in names if not key.startswith("ENV_"))
    guess = did_you_mean(name, known)
    listed = ", ".join(known)
    text = f"cannot expand %({name})s: no such name here"
    return BadValueError(text, f"{guess}known names: {listed}, ENV_X for the environment variable X", "V007")


def _malformed(text: str, error: Exception) -> BadValueError:
    rest = _REFERENCE.sub(lambda match: "\0" * len(match.group()), text)
    at = rest.find("%")
    where = f" at character {at + 1}" if at >= 0 else ""  # the text may be a password, and is not shown
    return BadValueError(
        f"badly formed %-expansion{where}: {error}",
        "write %% for a percent sign; a name is written %(name)s, a number %(process_num)02d",
        "V007",
    )
