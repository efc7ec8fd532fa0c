"""Whoever runs the daemon, if that is a service manager: what it can be told.

Without `NOTIFY_SOCKET` there is nobody to tell, and `NoServiceManager` does nothing at no cost;
`host/systemd.py` is not even read.
"""

import os
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING

from vigild.engine.ports import Log

if TYPE_CHECKING:
    import asyncio

    from vigild.host.descriptor_store import DescriptorStore

# Meant for the daemon alone. A child that saw them would report its own readiness as the daemon's.
OWN_VARIABLES = (
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "FDSTORE",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "LISTEN_PIDFDID",
)


def without_own_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for children: all but what the service manager meant for the daemon."""
    return {name: value for name, value in environ.items() if name not in OWN_VARIABLES}


class NoServiceManager:
    """Nobody to tell; also the list of what can be told."""

    is_present = False
    store_size = 0
    """How many descriptors the manager keeps for us over a restart."""
    store: "DescriptorStore | None" = None
    """Where they are kept, if any are; set by whoever puts the parts together."""

    def attach(self, loop: "asyncio.AbstractEventLoop", log: Log) -> None:
        """From now on messages that do not get through at once are tried again, and a watchdog is petted."""

    def close(self) -> None:
        """The end of the daemon."""

    def flush(self, seconds: float) -> None:
        """Wait up to `seconds` until everything said so far has been taken."""

    def ready(self, status: str) -> None:
        """Everything that starts by itself has been started, and clients are served."""

    def reloading(self) -> None:
        """A restart or an upgrade begins; `ready` ends it."""

    def stopping(self) -> None:
        """The end begins."""

    def status(self, text: str) -> None:
        """One line for people."""

    def main_pid(self, pid: int) -> None:
        """Another process goes on in our place."""

    def extend_timeout(self, seconds: float) -> None:
        """The start, restart or end under way will take this much longer from now."""

    def watchdog(self) -> None:
        """A sign of life."""

    def store_fd(self, name: str, fd: int) -> None:
        """Keep a duplicate of `fd` under `name` (`wire.sd_notify.encode_fd_name`) over the daemon's death."""

    def remove_fd(self, name: str) -> None:
        """Let go of what is kept under `name`."""


def find_service_manager(environ: Mapping[str, str], log: Log) -> NoServiceManager:
    """Who runs this process, if that is a service manager that wants to be told."""
    address = environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@") or len(address) < 2:
        if address:
            log.warn(f"NOTIFY_SOCKET={address} is neither a path nor an @abstract name: nobody is told of us")
        return NoServiceManager()
    from vigild.host.systemd import ServiceManager, read_number

    seconds = 0.0
    if environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
        seconds = read_number(environ.get("WATCHDOG_USEC", "")) / 1_000_000
    store_size = read_number(environ.get("FDSTORE", ""))
    try:
        return ServiceManager(address, log, watchdog_seconds=seconds, store_size=store_size)
    except OSError as error:
        log.warn(f"cannot tell the service manager at {address}: {error.strerror or error}")
        return NoServiceManager()


def pass_on_watchdog(environ: MutableMapping[str, str], parent_pid: int) -> None:
    """In a child that goes on in its parent's place: what the parent was asked for is asked of us."""
    if environ.get("WATCHDOG_PID") == str(parent_pid):
        environ["WATCHDOG_PID"] = str(os.getpid())
