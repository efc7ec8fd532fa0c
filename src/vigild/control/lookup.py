"""From the name a client gives to the process or group it means."""

from vigild.core.errors import Fault, VigilError
from vigild.core.names import split_namespec
from vigild.engine.engine import Engine, Group
from vigild.engine.managed import ManagedProcess


def find_group(engine: Engine, name: str) -> Group:
    """The group of that name. BAD_NAME."""
    group = engine.groups.get(name)
    if group is None:
        raise VigilError(Fault.BAD_NAME, name)
    return group


def find_group_or_process(engine: Engine, name: str) -> Group | ManagedProcess:
    """What a namespec names: a process, or for `group:*` the group. BAD_NAME."""
    group_name, process_name = split_namespec(name)
    group = engine.groups.get(group_name)
    if group is None:
        raise VigilError(Fault.BAD_NAME, name)
    if process_name is None:
        return group
    process = group.processes.get(process_name)
    if process is None:
        raise VigilError(Fault.BAD_NAME, name)
    return process


def find_process(engine: Engine, name: str) -> ManagedProcess:
    """The one process of that name; a whole group will not do. BAD_NAME."""
    found = find_group_or_process(engine, name)
    if isinstance(found, Group):
        raise VigilError(Fault.BAD_NAME, name)
    return found
