"""The read ends of the children's FIFOs, kept by the service manager while no daemon lives.

A pipe that nobody has open loses what is in it. When a program writes and ends while there is no daemon,
the service manager's duplicate of the read end is the only one left. The next daemon that opens the FIFO by
its name finds all that was written; where the name is gone, it has the descriptor itself.

    keep(name, fd)      when a stream is opened: spawned, or adopted
    take_back(name)     at adoption, for a FIFO whose name is gone
    forget_unclaimed()  when everything is adopted: what is still kept for nobody is let go of
    forget(name)        when the stream is closed
"""

import os
from collections.abc import Mapping

from vigild.host.inherited import STORED_PREFIX
from vigild.host.service_manager import NoServiceManager
from vigild.wire.sd_notify import encode_fd_name


class DescriptorStore:
    """What the service manager keeps for us, by the names of FIFOs: so many descriptors and no more."""

    def __init__(self, service: NoServiceManager, returned: Mapping[str, list[int]] | None = None) -> None:
        """`returned`: what an earlier daemon gave it and this one was handed over. It is still kept, too."""
        self.refused = 0  # because it was full, or the name cannot be told
        self._service = service
        self._returned = {name: list(fds) for name, fds in (returned or {}).items()}
        self._kept = set(self._returned)

    def keep(self, name: str, fd: int) -> None:
        """Keep a duplicate of `fd` as `name`, if there is room and it is not kept already."""
        self._close_returned(name)
        if name in self._kept:
            return
        encoded = encode_fd_name(STORED_PREFIX + name)
        if encoded is None or len(self._kept) >= self._service.store_size:
            self.refused += 1
            return
        self._kept.add(name)
        self._service.store_fd(encoded, fd)

    def forget(self, name: str) -> None:
        """Let go of it, if it is kept."""
        self._close_returned(name)
        if name in self._kept:
            self._kept.remove(name)
            encoded = encode_fd_name(STORED_PREFIX + name)
            if encoded is not None:
                self._service.remove_fd(encoded)

    def take_back(self, name: str) -> int:
        """The descriptor (non-blocking) that an earlier daemon gave as `name`, the caller's to close; -1: none."""
        fds = self._returned.get(name)
        return fds.pop() if fds else -1

    def was_returned(self, name: str) -> bool:
        """Did an earlier daemon give it, and has nobody taken it up yet?"""
        return name in self._returned

    def forget_unclaimed(self) -> int:
        """Let go of what an earlier daemon gave and nobody has asked for; how many that were."""
        unclaimed = list(self._returned)
        for name in unclaimed:
            self.forget(name)
        return len(unclaimed)

    def _close_returned(self, name: str) -> None:
        for fd in self._returned.pop(name, ()):
            os.close(fd)
