"""What is given to be kept over the daemon's death."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.machine import ListLog
from support.notify_socket import NotifySocket
from vigild.host.descriptor_store import DescriptorStore
from vigild.host.systemd import ServiceManager


@pytest.fixture
def manager(short_tmp: Path) -> Iterator[NotifySocket]:
    with NotifySocket(str(short_tmp / "n")) as manager:
        yield manager


@pytest.fixture
def service(manager: NotifySocket) -> Iterator[ServiceManager]:
    service = ServiceManager(manager.path, ListLog(), store_size=2)
    yield service
    service.close()


def told(manager: NotifySocket) -> list[tuple[str, str, int]]:
    return [
        ("keep" if "FDSTORE" in message else "forget", message["FDNAME"], len(message.fds))
        for message in manager.take()
    ]


def test_what_is_kept_and_forgotten(manager: NotifySocket, service: ServiceManager) -> None:
    store = DescriptorStore(service)
    fd = os.open(os.devnull, os.O_RDONLY)
    store.keep("web:0.out", fd)
    store.keep("web:0.out", fd)
    store.keep("b", fd)
    store.keep("too many", fd)
    assert store.refused == 1
    store.forget("b")
    store.forget("b")
    store.forget("never kept")
    store.keep("x" * 300, fd)
    assert store.refused == 2
    store.keep("now there is room", fd)
    os.close(fd)
    assert told(manager) == [
        ("keep", "fifo.web%3A0.out", 1),
        ("keep", "fifo.b", 1),
        ("forget", "fifo.b", 0),
        ("keep", "fifo.now%20there%20is%20room", 1),
    ]


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_what_an_earlier_daemon_gave(manager: NotifySocket, service: ServiceManager) -> None:
    adopted, ended, nameless, strange, own = (os.open(os.devnull, os.O_RDONLY) for _ in range(5))
    store = DescriptorStore(
        service, {"adopted": [adopted], "ended": [ended], "nameless": [nameless], "strange": [strange]}
    )
    assert store.was_returned("adopted")
    assert not store.was_returned("unknown")
    store.keep("adopted", own)
    assert not store.was_returned("adopted")
    assert told(manager) == [], "it is kept still"
    assert not is_open(adopted)
    store.forget("ended")
    assert told(manager) == [("forget", "fifo.ended", 0)]
    assert store.take_back("nameless") == nameless
    assert store.take_back("nameless") == -1
    assert store.take_back("unknown") == -1
    store.keep("nameless", nameless)
    assert store.forget_unclaimed() == 1
    assert told(manager) == [("forget", "fifo.strange", 0)]
    assert not is_open(strange)
    store.forget("adopted")
    assert told(manager) == [("forget", "fifo.adopted", 0)]
    assert is_open(nameless)
    for fd in (own, nameless):
        os.close(fd)
