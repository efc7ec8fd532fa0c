"""What is in the package that one image of the daemon hands to the next: packed by the old, taken by the new.

    door       a listening socket (`daemon/doors.py`)
    socket     one of systemd's, which `reload` will want again
    notify     the socket that programs notify us at
    client     a connection between two requests, with what has arrived of the next one
    stream     the reading end of a child's output, or the writing end of its stdin, with what waits in us
    shared     the socket of a fcgi-program
    runtime    the lock of the runtime directory
    signals    the two ends of the pipe through which signals wake the loop
    directory  where the daemon is

Who has logged in at the console is a fact among the others, as digests: in memory, and nowhere else. The journal's entries say the rest. All is there for a purpose; what the new image has no use for, it closes.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vigild.config.model import ServerConfig
from vigild.core.access import Role
from vigild.daemon.doors import address_of
from vigild.daemon.holdings import Holdings
from vigild.daemon.lineage import facts_for_the_next
from vigild.host.children import Children
from vigild.host.handover import IN_MEMORY, Handover, Package
from vigild.host.mainlog import MainLog
from vigild.host.prober import Prober
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir
from vigild.host.signals import SignalPipe
from vigild.host.sockets import SharedSockets

if TYPE_CHECKING:
    from vigild.core.sessions import Session
    from vigild.fronts.serving.connection import OpenConnection
    from vigild.fronts.serving.server import Server
    from vigild.host.inherited import Inherited

CLIENT = "client"
DIRECTORY = "directory"
NOTIFY = "notify"
RUNTIME = "runtime"
SESSIONS = "sessions"
SHARED = "shared"
SIGNALS = "signals"
SOCKET = "socket"
STREAM = "stream"

# -- packing ---------------------------------------------------------------------------------------


def pack(
    holdings: Holdings,
    entries: Mapping[str, Mapping[str, bytes]],
    children: Children,
    shared: SharedSockets,
    prober: Prober,
) -> Package:
    """All but what belongs to the doors."""
    package = Package(entries, facts_for_the_next(holdings.lineage))
    pack_runtime(package, holdings.runtime)
    pack_signals(package, holdings.signals)
    pack_sockets(package, holdings.inherited, shared)
    for name, fd, data in children.release():
        package.add(STREAM, name, fd, data)
    if prober.notify_fd >= 0:
        package.add(NOTIFY, "", prober.notify_fd)
    return package


def pack_runtime(package: Package, runtime: RuntimeDir | NoRuntimeDir) -> None:
    """The lock is held without a break: no other daemon gets in between."""
    if isinstance(runtime, RuntimeDir):
        package.add(RUNTIME, runtime.path, runtime.lock_fd)


def pack_signals(package: Package, signals: SignalPipe) -> None:
    """A signal that came after our last look, and before the kernel held it back, is in the pipe."""
    read, write = signals.ends
    package.add(SIGNALS, "read", read)
    package.add(SIGNALS, "write", write)


def pack_clients(package: Package, servers: Sequence[tuple[ServerConfig, "Server"]]) -> None:
    """Clients of these servers that are between two requests."""
    for config, server in servers:
        for number, client in enumerate(server.open_connections()):
            name = f"{number} {client.peer} {address_of(config)}"
            package.add(CLIENT, name, client.fd, (b"1" if client.used else b"0") + client.early)


def pack_sessions(package: Package, servers: Sequence[tuple[ServerConfig, "Server"]]) -> None:
    """Who has logged in, by door. Not where the package would be a file of a disk: then they log in anew."""
    if not IN_MEMORY:
        return
    import json

    from vigild.fronts.serving.gate import Gate

    told: dict[str, list[list[object]]] = {}
    for config, server in servers:
        if isinstance(server.gate, Gate) and server.gate.sessions is not None:
            told[address_of(config)] = [
                [key.hex(), one.name, one.role.name, one.begun, one.used, one.stamp.hex()]
                for key, one in server.gate.sessions.all(server.gate.clock())
            ]
    if any(told.values()):
        package.note(SESSIONS, json.dumps(told).encode())


def pack_sockets(package: Package, inherited: "Inherited | None", shared: SharedSockets) -> None:
    """Sockets that whoever started us handed over, and those of fcgi-programs."""
    for number, each in enumerate(inherited.sockets if inherited is not None else ()):
        package.add(SOCKET, str(number), each.fileno())
    for group, fd in shared.describe():
        package.add(SHARED, group, fd)


# -- taking ----------------------------------------------------------------------------------------


def take_runtime(handover: Handover) -> RuntimeDir | None:
    """The runtime directory, locked as ever; None where there was none."""
    for descriptor in handover.take(RUNTIME):
        return RuntimeDir(descriptor.name, descriptor.fd)
    return None


def take_signal_ends(handover: Handover) -> tuple[int, int] | None:
    """For `SignalPipe`."""
    ends = {descriptor.name: descriptor.fd for descriptor in handover.take(SIGNALS)}
    if ends.keys() != {"read", "write"}:
        return None
    return ends["read"], ends["write"]


def take_clients(handover: Handover) -> dict[str, list["OpenConnection"]]:
    """Open connections by the address of the door they came through."""
    from vigild.fronts.serving.connection import OpenConnection

    clients: dict[str, list[OpenConnection]] = {}
    for descriptor in handover.take(CLIENT):
        _, peer, address = descriptor.name.split(" ", 2)
        clients.setdefault(address, []).append(
            OpenConnection(descriptor.fd, peer, descriptor.data[1:], descriptor.data[:1] == b"1")
        )
    return clients


def take_sessions(handover: Handover, servers: Sequence[tuple[ServerConfig, "Server"]]) -> None:
    """Whoever was logged in still is, if the configuration says the same of them as it did."""
    noted = handover.facts.pop(SESSIONS, b"")
    if not noted:
        return
    import json

    from vigild.fronts.serving.gate import Gate

    try:
        told = {
            address: [_session(*facts) for facts in sessions]
            for address, sessions in json.loads(noted).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return  # of an image that says it in another way: they log in anew
    for config, server in servers:
        gate = server.gate
        if not isinstance(gate, Gate) or gate.sessions is None:
            continue
        for key, session in told.get(address_of(config), ()):
            gate.sessions.go_on(key, session, gate.clock())
        gate.end_changed_sessions()


def _session(
    key: str, name: str, role: str, begun: float, used: float, stamp: str
) -> tuple[bytes, "Session"]:
    from vigild.core.sessions import Session

    return bytes.fromhex(key), Session(name, Role[role], float(begun), float(used), bytes.fromhex(stamp))


def take_sockets(handover: Handover) -> "Inherited | None":
    """What systemd gave the first image."""
    sockets = [socket.socket(fileno=descriptor.fd) for descriptor in handover.take(SOCKET)]
    if not sockets:
        return None
    from vigild.host.inherited import Inherited

    return Inherited(sockets)


def take_before_adoption(
    handover: Handover, children: Children, shared: SharedSockets, prober: Prober
) -> None:
    """What belongs to the programs that are about to be adopted."""
    for descriptor in handover.take(NOTIFY):
        prober.inherit(descriptor.fd)
    take_shared(handover, shared)
    for stream in handover.take(STREAM):
        children.inherit(stream.name, stream.fd, stream.data)


def take_shared(handover: Handover, shared: SharedSockets) -> None:
    """The sockets of fcgi-programs, for the members that are about to be adopted."""
    for descriptor in handover.take(SHARED):
        shared.inherit(descriptor.name, descriptor.fd)


def enter_directory(handover: Handover) -> None:
    """Be where the image before this one was, and not where it was once started."""
    for descriptor in handover.take(DIRECTORY):
        os.fchdir(descriptor.fd)
        os.close(descriptor.fd)


def write_last_words(handover: Handover, error: Exception) -> None:
    """Into the log of the image before this one: this one cannot go on, and why."""
    log = MainLog()
    try:
        log.open(handover.text("logfile"), 0, 0, level="info", to_stdout=False)
    except OSError:
        return
    log.critical(
        f"the new image cannot go on and ends: {error}\nThe programs run on without a daemon. Mend that and start "
        "supervisord: it adopts them"
    )
    log.close()
