"""Names on the command line: namespecs, and patterns such as `web*` or `*worker*:*`."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from vigild.core.names import make_namespec, split_namespec

if TYPE_CHECKING:
    from vigild.client.supervisor import ProcessInfo


def is_pattern(name: str) -> bool:
    """True for a name with a wildcard, but not for `group:*`, which has always meant the whole group."""
    group, process = split_namespec(name)
    return "*" in group or (process is not None and process != group and "*" in process)


def matches(name: str, group_name: str, process_name: str) -> bool:
    """Does a namespec or pattern name this process?

    A pattern without a colon is compared with the process's own name, one with a colon part by part.
    """
    group, process = split_namespec(name)
    if not is_pattern(name):
        return group_name == group and process in (None, process_name)
    from fnmatch import fnmatchcase

    if ":" not in name:
        return fnmatchcase(process_name, name)
    return fnmatchcase(group_name, group) and (process is None or fnmatchcase(process_name, process))


def expand(names: Iterable[str], infos: "Callable[[], Sequence[ProcessInfo]]") -> list[str]:
    """Replace patterns by what they match now; a pattern that matches nothing is left as it is.

    A group whose members all match is named as a group, so that they are started together and not one
    after the other. Processes are asked for (`infos`) only if there is a pattern.
    """
    names = list(names)
    if not any(map(is_pattern, names)):
        return names
    known = infos()
    expanded: list[str] = []
    for name in names:
        found = _matching(name, known) if is_pattern(name) else [name]
        expanded.extend(new for new in found or [name] if new not in expanded)
    return expanded


def _matching(pattern: str, known: "Sequence[ProcessInfo]") -> list[str]:
    groups: dict[str, list[tuple[str, bool]]] = {}
    for info in known:
        found = matches(pattern, info["group"], info["name"])
        groups.setdefault(info["group"], []).append((info["name"], found))
    result: list[str] = []
    for group, members in groups.items():
        chosen = [name for name, found in members if found]
        if len(chosen) == len(members) > 1:
            result.append(f"{group}:*")
        else:
            result.extend(make_namespec(group, name) for name in chosen)
    return result
