"""What a daemon that executes itself anew hands to the image that follows: its ledger and its descriptors.

Both are described in one file in memory, whose number the new image finds in its environment. The file
has the form of the journal (`wire/journal.py`); beside the journal's own kinds there are two:

    handover    facts of the process: the format, the pid it is meant for, what the daemon knows of itself
    fd          one inherited descriptor: key `ROLE NAME`, value its number, a newline, and what belongs to it

A descriptor that nobody takes is closed when the new image has come up (`Handover.close_rest`).
"""

import os
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import field

from vigild.core.frozen import frozen, plain
from vigild.wire.journal import Entries, decode, encode_all

HANDOVER_VARIABLE = "VIGIL_HANDOVER"
HANDOVER_FORMAT = 1  # an image that knows another one refuses, before anything is begun
HANDOVER_NAME = "vigil-handover"
FACTS = "handover"
DESCRIPTORS = "fd"
IN_MEMORY = hasattr(os, "memfd_create")  # else the file is one of a disk, without a name


@frozen
class Descriptor:
    """An inherited descriptor: what it is for, whose it is, its number, and bytes that belong to it."""

    role: str
    name: str
    fd: int
    data: bytes = b""


class Package:
    """What is to be handed over, gathered just before the exec."""

    def __init__(self, entries: Mapping[str, Mapping[str, bytes]], facts: Mapping[str, bytes]) -> None:
        self._entries: Entries = {kind: dict(keys) for kind, keys in entries.items()}
        own = {"format": b"%d" % HANDOVER_FORMAT, "pid": b"%d" % os.getpid()}
        self._entries[FACTS] = {**facts, **own}
        self._descriptors: dict[str, bytes] = {}
        self._fds: set[int] = set()

    def add(self, role: str, name: str, fd: int, data: bytes = b"") -> None:
        """Hand over `fd` as `role` `name`. A role has no space in it."""
        self._descriptors[f"{role} {name}"] = b"%d\n%b" % (fd, data)
        self._fds.add(fd)

    def note(self, name: str, value: bytes) -> None:
        """Add a fact."""
        self._entries[FACTS][name] = value

    def seal(self) -> int:
        """Write it down; the descriptors become inheritable. The file's number. Raises OSError."""
        fd = _memory_file()
        try:
            data = memoryview(encode_all({**self._entries, DESCRIPTORS: self._descriptors}))
            while data:
                data = data[os.write(fd, data) :]
            self._fds.add(fd)
            for inherited in self._fds:
                os.set_inheritable(inherited, True)
        except OSError:
            self.unseal()
            os.close(fd)
            raise
        return fd

    def unseal(self) -> None:
        """There was no exec: no descriptor is inheritable any more."""
        for fd in self._fds:
            try:
                os.set_inheritable(fd, False)
            except OSError:
                pass


@plain
class Handover:
    """What the image before this one left."""

    entries: Entries
    facts: dict[str, bytes]
    descriptors: list[Descriptor] = field(default_factory=list)

    def take(self, role: str) -> list[Descriptor]:
        """All descriptors of a role; from now on they are the caller's to close."""
        taken = [descriptor for descriptor in self.descriptors if descriptor.role == role]
        self.descriptors = [descriptor for descriptor in self.descriptors if descriptor.role != role]
        return taken

    def number(self, name: str) -> int:
        """A fact that is a whole number; 0 if it is not known."""
        text = self.facts.get(name, b"")
        return int(text) if text.lstrip(b"-").isdigit() else 0

    def text(self, name: str) -> str:
        """A fact in words; empty if it is not known."""
        return os.fsdecode(self.facts.get(name, b""))

    def close_rest(self) -> int:
        """Close what nobody took; how many."""
        rest, self.descriptors = self.descriptors, []
        for descriptor in rest:
            os.close(descriptor.fd)
        return len(rest)


def receive(environ: MutableMapping[str, str]) -> Handover | None:
    """What was handed to this image, and forget it; None for one that was started and not executed anew.

    Believed only when it comes from this very process: the variable may have been inherited by a stranger.
    """
    word = environ.pop(HANDOVER_VARIABLE, None)
    if word is None or not (word.isascii() and word.isdigit()):
        return None
    fd = int(word)
    try:
        if not _is_ours(fd):
            return None
        os.lseek(fd, 0, os.SEEK_SET)
        pieces = []
        while piece := os.read(fd, 1 << 20):
            pieces.append(piece)
    except OSError:
        return None
    entries, unread = decode(b"".join(pieces))
    facts = entries.pop(FACTS, {})
    if unread or facts.get("format") != b"%d" % HANDOVER_FORMAT or facts.get("pid") != b"%d" % os.getpid():
        return None
    os.close(fd)
    return Handover(entries, facts, _descriptors(entries.pop(DESCRIPTORS, {})))


def _descriptors(described: Mapping[str, bytes]) -> list[Descriptor]:
    found = []
    for key, value in described.items():
        role, _, name = key.partition(" ")
        number, _, data = value.partition(b"\n")
        try:
            os.set_inheritable(int(number), False)
        except (OSError, ValueError):
            continue  # not open any more, so there is nothing to take over
        found.append(Descriptor(role, name, int(number), data))
    return found


def _memory_file() -> int:
    if IN_MEMORY:
        return os.memfd_create(HANDOVER_NAME, os.MFD_CLOEXEC)
    path = os.path.join(os.environ.get("TMPDIR") or "/tmp", f"{HANDOVER_NAME}-{os.getpid()}-{time.time_ns()}")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.unlink(path)  # where there are no files in memory, one without a name will do
    return fd


def _is_ours(fd: int) -> bool:
    """A file without a name, made by our user."""
    facts = os.fstat(fd)
    return facts.st_uid == os.geteuid() and facts.st_nlink == 0
