"""What a daemon finds when it starts: the journal of the one before it, if that one did not end in good order."""

from dataclasses import field

from vigild.core.frozen import plain
from vigild.host.journal import Journal, MemoryJournal, open_journal, read_journal
from vigild.host.mainlog import MainLog
from vigild.host.procfs import boot_id, start_ticks
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir
from vigild.wire.journal import Entries

HEAD = "head"  # kind of journal entry: about the journal itself
BOOT = "boot"


@plain
class Inheritance:
    """`entries`: what the old daemon wrote down and is still true; `journal`: where this one goes on writing."""

    journal: Journal | MemoryJournal
    entries: Entries = field(default_factory=dict)
    is_upgrade: bool = False  # the old daemon is this very process, which executed itself anew


def find_inheritance(
    runtime: RuntimeDir | NoRuntimeDir, log: MainLog, handed_over: Entries | None = None
) -> Inheritance:
    """Read what is there, and begin a journal with it: nothing is forgotten until something newer is known.

    `handed_over`: what the image of this very process before this one had in its journal, if there was one.
    """
    if isinstance(runtime, NoRuntimeDir):
        entries = handed_over or {}
        journal = MemoryJournal({kind: dict(keys) for kind, keys in entries.items()})
        return Inheritance(journal, entries, is_upgrade=handed_over is not None)
    entries = _read(runtime.path, log) if handed_over is None else handed_over
    boot = _boot()
    if handed_over is None and entries.get(HEAD, {}).get(BOOT) != boot:
        entries = {}  # pids and times of another boot mean nothing in this one
    kept = open_journal(runtime.path, {kind: dict(keys) for kind, keys in entries.items()}, log)
    kept.put(HEAD, BOOT, boot)
    return Inheritance(kept, entries, is_upgrade=handed_over is not None)


def _boot() -> bytes:
    """What no process that we could adopt outlives: the machine's boot, and in a container its process 1.

    A container that is started again can have the same directory in memory (in a Kubernetes pod), the same
    number of its namespace and the same boot.
    """
    return f"{boot_id()} {start_ticks(1) or 0}".encode()


def _read(directory: str, log: MainLog) -> Entries:
    try:
        entries, unread = read_journal(directory)
    except OSError as error:
        log.critical(f"cannot read the journal in {directory}: {error.strerror}; nothing is adopted")
        return {}
    if unread:
        log.warn(
            f"the last {unread} bytes of the journal in {directory} are no whole record and are left out"
        )
    return entries
