"""The read ends of the children's FIFOs, kept by the service manager while no daemon lives.

A pipe that nobody has open loses what is in it. When a program writes and ends while there is no daemon,
the service manager's duplicate of the read end is the only one left, and the next daemon gets it back
(`host/inherited.py`). Without such a store nothing is done.
"""

from collections.abc import Iterable
from typing import Protocol

from vigild.host.inherited import STORED_PREFIX
from vigild.host.service_manager import NoServiceManager
from vigild.wire.sd_notify import encode_fd_name


class DescriptorStore(Protocol):
    """Keeps descriptors over the daemon's death."""

    def keep(self, name: str, fd: int) -> None:
        """Keep a duplicate of `fd` as `name` (that of its FIFO, unique for this boot)."""

    def forget(self, name: str) -> None:
        """Let go of what is kept as `name`, if anything is."""


class NoDescriptorStore:
    """Nobody keeps anything."""

    def keep(self, name: str, fd: int) -> None:
        """Nothing."""

    def forget(self, name: str) -> None:
        """Nothing."""


class ServiceDescriptorStore:
    """The store of the service manager: so many descriptors and no more."""

    def __init__(self, service: NoServiceManager, kept: Iterable[str] = ()) -> None:
        self.refused = 0  # because it was full, or the name cannot be told
        self._service = service
        self._kept = set(kept)  # names, among them those that an earlier daemon gave

    def keep(self, name: str, fd: int) -> None:
        """Keep a duplicate of `fd` as `name`, if there is room."""
        encoded = encode_fd_name(STORED_PREFIX + name)
        if encoded is None or len(self._kept) >= self._service.store_size:
            self.refused += 1
            return
        self._kept.add(name)
        self._service.store_fd(encoded, fd)

    def forget(self, name: str) -> None:
        """Let go of it."""
        if name in self._kept:
            self._kept.remove(name)
            encoded = encode_fd_name(STORED_PREFIX + name)
            if encoded is not None:
                self._service.remove_fd(encoded)


def open_descriptor_store(service: NoServiceManager, kept: Iterable[str] = ()) -> DescriptorStore:
    """The store that `service` offers. `kept`: the names of what an earlier daemon gave it."""
    return ServiceDescriptorStore(service, kept) if service.store_size else NoDescriptorStore()
