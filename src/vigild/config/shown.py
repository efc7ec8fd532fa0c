"""The model as plain values for people: nothing secret in them unless it is asked for.

Hidden are values of environments, passwords and their like, what options of plugins hold, and in commands whatever stands
behind a name that says so (`--password=…`, `TOKEN=…`, `https://user:…@host`).
"""

import re
from dataclasses import fields, is_dataclass
from enum import Enum

from vigild.config.model import AUTO, GroupConfig
from vigild.core.probe import Probe

HIDDEN = "********"
Plain = dict[str, object]

_SECRET_FIELDS = frozenset(
    {
        "password",
        "secret",
        "token",
        "environment",
        "options",
        "headers",
        "send",
        "url",
        "urls",
        "webhook",
        "key",
        "credentials",
    }
)
_COMMAND_FIELDS = frozenset({"command", "text", "exec", "start_command", "stop_command", "restart_command"})
_NAMED_SECRET = re.compile(
    r"((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|auth|credentials?)[\w-]*(?:\s+|\s*[=:]\s*))"
    r"(\"[^\"]*\"|'[^']*'|[^\s\"']+)",
    re.IGNORECASE,
)
_ADDRESS_SECRET = re.compile(r"(://[^\s/:@]*:)[^\s/@]+(@)")


def hide_in_command(command: str) -> str:
    """A command line without what is most likely secret in it."""
    return _NAMED_SECRET.sub(rf"\1{HIDDEN}", _ADDRESS_SECRET.sub(rf"\1{HIDDEN}\2", command))


def shown(value: object, *, reveal: bool = False) -> object:
    """A value of the model: dataclasses become objects, enumerations their words. `reveal`: hide nothing."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple | list):
        return [shown(item, reveal=reveal) for item in value]
    if isinstance(value, dict):
        return {str(key): _item(str(key), item, reveal=reveal) for key, item in value.items()}
    if isinstance(value, Probe):
        return value.text if reveal else hide_in_command(value.text)
    if not is_dataclass(value):
        return str(value)
    plain: Plain = {}
    for field in fields(value):
        item = getattr(value, field.name)
        if field.name == "where":
            plain["where"] = str(item) if item is not None else None
        elif not reveal and field.name in _SECRET_FIELDS:
            plain[field.name] = _hidden(item)
        elif not reveal and isinstance(item, str) and field.name in _COMMAND_FIELDS:
            plain[field.name] = hide_in_command(item)
        else:
            plain[field.name] = shown(item, reveal=reveal)
    return plain


def _item(key: str, item: object, *, reveal: bool) -> object:
    """One of a dictionary: what a monitor needs to look, say."""
    if reveal:
        return shown(item, reveal=True)
    if key in _SECRET_FIELDS:
        return _hidden(item)
    if key == "argv" and isinstance(item, list):
        return hide_in_command(" ".join(map(str, item)))
    return shown(item)


def _hidden(value: object) -> object:
    """That there is something can be seen, and its names, but not what it says."""
    if isinstance(value, dict):
        return {str(key): HIDDEN for key in value}
    if isinstance(value, tuple | list):
        return [_hidden(item) for item in value]
    return HIDDEN if value else value


def differences(old: GroupConfig, new: GroupConfig, *, reveal: bool = False) -> list[Plain]:
    """What a reread would change in a group: for each process the options that differ, old and new."""
    before = {process.name: process for process in old.processes}
    after = {process.name: process for process in new.processes}
    found: list[Plain] = []
    if options := _options(_own(old), _own(new), _own(old, reveal), _own(new, reveal)):
        found.append({"process": "", "change": "changed", "options": options})
    for name, process in after.items():
        if name not in before:
            found.append({"process": name, "change": "added", "options": []})
        elif options := _options(
            _flat(shown(before[name], reveal=True)),
            _flat(shown(process, reveal=True)),
            _flat(shown(before[name], reveal=reveal)),
            _flat(shown(process, reveal=reveal)),
        ):
            found.append({"process": name, "change": "changed", "options": options})
    found += [{"process": name, "change": "removed", "options": []} for name in before if name not in after]
    return found


def _own(group: GroupConfig, reveal: bool = True) -> Plain:
    plain = shown(group, reveal=reveal)
    assert isinstance(plain, dict)
    return _flat({key: value for key, value in plain.items() if key != "processes"})


def _flat(value: object, prefix: str = "") -> Plain:
    """Nested objects as `stdout.logfile`; positions in files do not count."""
    assert isinstance(value, dict)
    flat: Plain = {}
    for key, item in value.items():
        if key == "where":
            continue
        if isinstance(item, dict):
            flat.update(_flat(item, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = item
    return flat


def _options(old: Plain, new: Plain, old_shown: Plain, new_shown: Plain) -> list[Plain]:
    return [
        {"option": name, "old": old_shown.get(name), "new": new_shown.get(name)}
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name) and not (name.endswith(".logfile") and new.get(name) == AUTO.value)
    ]
