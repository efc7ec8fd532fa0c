"""From the name a client gives to the process or group it means."""

from collections.abc import Iterable
from typing import TypeVar

from vigild.core.access import current_caller
from vigild.core.errors import Fault, NotAllowedError, VigilError
from vigild.core.names import split_namespec
from vigild.engine.engine import Engine, Group
from vigild.engine.managed import ManagedProcess


def find_group(engine: Engine, name: str) -> Group:
    """The group of that name. BAD_NAME."""
    group = engine.groups.get(name)
    if group is None:
        raise VigilError(Fault.BAD_NAME, name)
    return _require_within(group, group.processes.values(), name)


def find_group_or_process(engine: Engine, name: str) -> Group | ManagedProcess:
    """What a namespec names: a process, or for `group:*` the group. BAD_NAME."""
    group_name, process_name = split_namespec(name)
    group = engine.groups.get(group_name)
    if group is None:
        raise VigilError(Fault.BAD_NAME, name)
    if process_name is None:
        return _require_within(group, group.processes.values(), name)
    process = group.processes.get(process_name)
    if process is None:
        raise VigilError(Fault.BAD_NAME, name)
    return _require_within(process, (process,), name)


def find_process(engine: Engine, name: str) -> ManagedProcess:
    """The one process of that name; a whole group will not do. BAD_NAME."""
    found = find_group_or_process(engine, name)
    if isinstance(found, Group):
        raise VigilError(Fault.BAD_NAME, name)
    return found


def those_within(processes: Iterable[ManagedProcess]) -> list[ManagedProcess]:
    """Those of them that who asks has to do with: all, unless a token is for some programs only."""
    caller = current_caller.get()
    if not caller.programs:
        return list(processes)
    return [process for process in processes if caller.has_to_do_with(process.namespec)]


def require_within(name: str) -> None:
    """NotAllowedError unless who asks has to do with the process of that name, which may be gone."""
    caller = current_caller.get()
    if not caller.has_to_do_with(name):
        raise NotAllowedError(
            f"{caller.words} is for {', '.join(caller.programs)} and not for {name or 'the daemon'}"
        )


Found = TypeVar("Found")


def _require_within(found: Found, processes: Iterable[ManagedProcess], name: str) -> Found:
    if current_caller.get().programs:
        members = list(processes)
        if len(those_within(members)) < len(members) or not members:
            caller = current_caller.get()
            raise NotAllowedError(f"{caller.words} is for {', '.join(caller.programs)} and not for {name}")
    return found
