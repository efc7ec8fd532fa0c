"""What the daemon counts of itself, for metrics."""

from collections.abc import Sequence

from vigild.config.model import ServerConfig
from vigild.daemon.annals import Annals
from vigild.fronts.serving.limits import Counters
from vigild.fronts.serving.server import Server
from vigild.host.journal import Journal, MemoryJournal
from vigild.host.logfiles import ChildLogs

Vitals = dict[str, object]


def vitals(
    annals: Annals,
    logs: ChildLogs,
    journal: Journal | MemoryJournal,
    servers: Sequence[tuple[ServerConfig, Server]],
) -> Vitals:
    """Numbers by name; those of the servers are sums of all."""
    writer = annals.writer
    http: dict[str, int] = {}
    for _, server in servers:
        for name in Counters.__slots__:
            http[name] = http.get(name, 0) + getattr(server.counters, name)
    return {
        "history_lost": writer.lost if writer is not None else 0,
        "history_waiting": writer.waiting if writer is not None else 0,
        "output_lost_bytes": logs.lost_bytes(),
        "journal_failures": journal.failures,
        "http": http,
        "http_open": sum(server.connections for _, server in servers),
    }
