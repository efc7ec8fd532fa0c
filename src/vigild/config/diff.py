"""What a reread would change: the running groups against the file's.

Equality is Supervisor's, observed: a group is the same when name, kind, priority and processes are; a
listener pool also buffer size, events and result handler; a FastCGI group also the *address* of its socket
(not owner, mode or backlog). A log file that the new file leaves to the daemon (AUTO) is not compared;
a running AUTO log is a file with a name of its own.
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


def same_group(new: GroupConfig, running: GroupConfig) -> bool:
    """Whether a reread leaves the group alone."""
    return (
        new.name == running.name
        and new.kind is running.kind
        and new.priority == running.priority
        and new.buffer_size == running.buffer_size
        and new.events == running.events
        and new.result_handler == running.result_handler
        and new.length_in_characters == running.length_in_characters
        and (new.socket.url if new.socket else None) == (running.socket.url if running.socket else None)
        and len(new.processes) == len(running.processes)
        and all(map(same_process, new.processes, running.processes))
    )


def same_process(new: ProcessConfig, running: ProcessConfig) -> bool:
    """Whether two processes would run alike."""
    return (
        all(getattr(new, name) == getattr(running, name) for name in _PROCESS_FIELDS)
        and _same_stream(new.stdout, running.stdout)
        and _same_stream(new.stderr, running.stderr)
    )


def _same_stream(new: StreamConfig, running: StreamConfig) -> bool:
    if new.logfile is not AUTO and new.logfile != running.logfile:
        return False
    return all(getattr(new, name) == getattr(running, name) for name in _STREAM_FIELDS)
