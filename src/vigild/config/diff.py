"""What a reread would change: the running groups against the file's.

Equality is Supervisor's, observed: a group is the same when name, kind, priority and processes are; a
listener pool also buffer size, events and result handler; a FastCGI group also the *address* of its socket
(not owner, mode or backlog). A log file that either side leaves to the daemon (AUTO) is not compared.
"""

from collections.abc import Sequence
from dataclasses import fields

from vigild.config.model import AUTO, GroupConfig, ProcessConfig, StreamConfig

_PROCESS_FIELDS = tuple(
    field.name
    for field in fields(ProcessConfig)
    if field.compare and field.name not in ("kind", "stdout", "stderr")
)
_STREAM_FIELDS = tuple(field.name for field in fields(StreamConfig) if field.name != "logfile")


def diff_groups(
    running: Sequence[GroupConfig], new: Sequence[GroupConfig]
) -> tuple[list[str], list[str], list[str]]:
    """`(added, changed, removed)` names, each in the order of the list it comes from."""
    old_by_name = {group.name: group for group in running}
    new_names = {group.name for group in new}
    added = [group.name for group in new if group.name not in old_by_name]
    changed = [group.name for group in new if not same_group(group, old_by_name.get(group.name, group))]
    removed = [group.name for group in running if group.name not in new_names]
    return added, changed, removed


def same_group(one: GroupConfig, other: GroupConfig) -> bool:
    """Whether a reread leaves the group alone."""
    return (
        one.name == other.name
        and one.kind is other.kind
        and one.priority == other.priority
        and one.buffer_size == other.buffer_size
        and one.events == other.events
        and one.result_handler == other.result_handler
        and (one.socket.url if one.socket else None) == (other.socket.url if other.socket else None)
        and len(one.processes) == len(other.processes)
        and all(map(same_process, one.processes, other.processes))
    )


def same_process(one: ProcessConfig, other: ProcessConfig) -> bool:
    """Whether two processes would run alike."""
    return (
        all(getattr(one, name) == getattr(other, name) for name in _PROCESS_FIELDS)
        and _same_stream(one.stdout, other.stdout)
        and _same_stream(one.stderr, other.stderr)
    )


def _same_stream(one: StreamConfig, other: StreamConfig) -> bool:
    if AUTO not in (one.logfile, other.logfile) and one.logfile != other.logfile:
        return False
    return all(getattr(one, name) == getattr(other, name) for name in _STREAM_FIELDS)
