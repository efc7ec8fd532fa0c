"""What one process holds over all lives of its daemon: a restart within it (`reload`) begins another life."""

from typing import TYPE_CHECKING

from vigild.core.frozen import frozen
from vigild.daemon.lineage import Lineage
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir
from vigild.host.service_manager import NoServiceManager
from vigild.host.signals import SignalPipe

if TYPE_CHECKING:
    from vigild.host.inherited import Inherited


@frozen
class Holdings:
    """Opened before the first life, and closed after the last."""

    lineage: Lineage
    signals: SignalPipe
    runtime: RuntimeDir | NoRuntimeDir
    service: NoServiceManager
    inherited: "Inherited | None" = None  # sockets that whoever started us handed over
