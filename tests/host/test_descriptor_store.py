"""What is given to be kept over the daemon's death."""

import os
from pathlib import Path

from support.machine import ListLog
from support.notify_socket import NotifySocket
from vigild.host.descriptor_store import NoDescriptorStore, ServiceDescriptorStore, open_descriptor_store
from vigild.host.service_manager import NoServiceManager
from vigild.host.systemd import ServiceManager


def test_without_a_store_nothing_is_done() -> None:
    store = open_descriptor_store(NoServiceManager())
    assert isinstance(store, NoDescriptorStore)
    store.keep("x", 99)
    store.forget("x")


def test_what_is_kept_and_forgotten(short_tmp: Path) -> None:
    with NotifySocket(str(short_tmp / "n")) as manager:
        service = ServiceManager(manager.path, ListLog(), store_size=2)
        store = open_descriptor_store(service, ["old"])
        assert isinstance(store, ServiceDescriptorStore)
        fd = os.open(os.devnull, os.O_RDONLY)
        store.keep("web:0.out", fd)
        store.keep("too many", fd)
        assert store.refused == 1
        store.forget("old")
        store.forget("never kept")
        store.keep("x" * 300, fd)
        assert store.refused == 2
        store.keep("now there is room", fd)
        os.close(fd)
        service.close()
        assert [(m["FDNAME"], "FDSTORE" in m, len(m.fds)) for m in manager.take()] == [
            ("fifo.web%3A0.out", True, 1),
            ("fifo.old", False, 0),
            ("fifo.now%20there%20is%20room", True, 1),
        ]
