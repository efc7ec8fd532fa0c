"""Batches to systemd's journal. An entry that is too long for a datagram goes in a sealed file in memory."""

import array
import fcntl
import os
import socket
from collections.abc import Mapping

from vigild.core.backlog import Batch
from vigild.core.forwarding import Outcome
from vigild.forwards.senders.datagrams import Datagrams
from vigild.wire.forward_urls import Journald
from vigild.wire.journald import JournalWriter

LINE_BYTES = 250
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class JournalSender:
    """See `forwards/sending.py`."""

    arrival = "the journal took it"
    line_bytes = LINE_BYTES

    def __init__(self, target: Journald, labels: Mapping[str, str]) -> None:
        self._writer = JournalWriter(target, labels)
        self._way = Datagrams(target.path, send_in_memory)

    def send(self, batch: Batch) -> Outcome:
        """Bring these lines there."""
        return self._way.send([entry for block in batch.blocks for entry in self._writer.entries(block)])

    def close(self) -> None:
        """Let go of the socket."""
        self._way.close()


def send_in_memory(sock: socket.socket, entry: bytes) -> None:
    """Send an entry as a descriptor of a memfd that nobody can change any more. Raises OSError."""
    fd = os.memfd_create("vigil-journal-entry", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        data = memoryview(entry)
        while data:
            data = data[os.write(fd, data) :]
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
        sock.sendmsg([], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
    finally:
        os.close(fd)
