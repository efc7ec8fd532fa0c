"""What a service manager is told, over a real socket."""

import asyncio
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.machine import ListLog
from support.notify_socket import NotifySocket
from support.until import DEADLINE_SECONDS
from vigild.host import systemd
from vigild.host.service_manager import find_service_manager
from vigild.host.systemd import MAX_STATUS_CHARACTERS, MAX_WAITING, ServiceManager


@pytest.fixture
def manager(short_tmp: Path) -> Iterator[NotifySocket]:
    with NotifySocket(str(short_tmp / "n")) as manager:
        yield manager


@pytest.fixture
def service(manager: NotifySocket) -> Iterator[ServiceManager]:
    service = ServiceManager(manager.path, ListLog())
    yield service
    service.close()


def said(manager: NotifySocket) -> list[dict[str, str]]:
    return [message.assignments for message in manager.take()]


def test_each_message(manager: NotifySocket, service: ServiceManager) -> None:
    service.ready("all\nwell")
    service.status("x" * (MAX_STATUS_CHARACTERS + 1))
    service.main_pid(7)
    service.extend_timeout(1.5)
    service.watchdog()
    service.remove_fd("fifo.x")
    service.stopping()
    assert said(manager) == [
        {"READY": "1", "STATUS": "all well"},
        {"STATUS": "x" * (MAX_STATUS_CHARACTERS - 1) + "…"},
        {"MAINPID": "7"},
        {"EXTEND_TIMEOUT_USEC": "1500000"},
        {"WATCHDOG": "1"},
        {"FDSTOREREMOVE": "1", "FDNAME": "fifo.x"},
        {"STOPPING": "1"},
    ]
    assert manager.messages[0].pid == os.getpid()


def test_a_reload_says_when_it_began(manager: NotifySocket, service: ServiceManager) -> None:
    service.reloading()
    (message,) = manager.take()
    assert message["RELOADING"] == "1"
    assert int(message["MONOTONIC_USEC"]) == pytest.approx(message.received * 1_000_000, abs=10_000_000)


def test_a_descriptor_is_handed_over(manager: NotifySocket, service: ServiceManager) -> None:
    read_fd, write_fd = os.pipe()
    service.store_fd("fifo.x", read_fd)
    os.close(read_fd)
    (message,) = manager.take()
    assert message.assignments == {"FDSTORE": "1", "FDNAME": "fifo.x", "FDPOLL": "0"}
    os.write(write_fd, b"kept")
    os.close(write_fd)
    assert os.read(message.fds[0], 10) == b"kept"


def test_an_abstract_address() -> None:
    with NotifySocket(f"@vigil-test-{os.getpid()}") as manager:
        service = ServiceManager(manager.path, ListLog())
        service.stopping()
        service.close()
        assert said(manager) == [{"STOPPING": "1"}]


def test_a_failure_is_logged_once_and_hurts_nobody(short_tmp: Path) -> None:
    log = ListLog()
    service = ServiceManager(str(short_tmp / "nobody"), log)
    service.ready("x")
    service.watchdog()
    service.status("x")
    service.close()
    (line,) = log.lines
    assert line[0] == "warn"
    assert str(short_tmp / "nobody") in line[1]


def fill(manager: NotifySocket) -> int:
    """Fill the manager's queue; how many messages that took."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        for count in range(100_000):
            try:
                other.sendto(b"FILL=1", manager.path)
            except BlockingIOError:
                return count
    raise AssertionError("the queue has no end")


def test_what_does_not_get_through_is_said_later(manager: NotifySocket, service: ServiceManager) -> None:
    fillers = fill(manager)
    read_fd, write_fd = os.pipe()
    service.status("before")
    service.ready("up")
    service.store_fd("fifo.x", read_fd)
    service.watchdog()
    service.status("first")
    service.status("last")
    os.close(read_fd)

    async def wait() -> None:
        service.attach(asyncio.get_running_loop(), ListLog())
        assert len(said(manager)) == fillers, "nothing of ours has got through"
        while "last" not in [message.assignments.get("STATUS") for message in manager.messages]:
            await asyncio.sleep(0)
            manager.take()

    asyncio.run(asyncio.wait_for(wait(), DEADLINE_SECONDS))
    assert [message.assignments for message in manager.messages[fillers:]] == [
        {"READY": "1", "STATUS": "up"},
        {"FDSTORE": "1", "FDNAME": "fifo.x", "FDPOLL": "0"},
        {"STATUS": "last"},
    ]
    os.write(write_fd, b"kept")
    os.close(write_fd)
    assert os.read(manager.messages[-2].fds[0], 10) == b"kept"


def test_what_waits_is_bounded_and_let_go_of(manager: NotifySocket) -> None:
    fill(manager)
    log = ListLog()
    service = ServiceManager(manager.path, log)
    read_fd, write_fd = os.pipe()
    service.store_fd("fifo.x", read_fd)
    for _ in range(MAX_WAITING + 5):
        service.stopping()
    assert service.dropped == 6
    assert f"{MAX_WAITING} messages wait already" in log.text()
    service.close()
    os.close(read_fd)
    with pytest.raises(BrokenPipeError):
        os.write(write_fd, b"x")
    os.close(write_fd)


def pings(manager: NotifySocket, environ: dict[str, str], seconds: float) -> int:
    """How often a service with this environment gives a sign of life in a loop that lives so long."""

    async def live() -> None:
        service = find_service_manager({"NOTIFY_SOCKET": manager.path, **environ}, ListLog())
        loop = asyncio.get_running_loop()
        service.attach(loop, ListLog())
        service.attach(loop, ListLog())  # the second life of the daemon
        over = asyncio.Event()
        loop.call_later(seconds, over.set)
        await over.wait()
        service.close()

    asyncio.run(live())
    return [message.get("WATCHDOG") for message in said(manager)].count("1")


def test_signs_of_life_come_only_where_they_are_asked_for(manager: NotifySocket) -> None:
    assert pings(manager, {}, 0.05) == 0
    assert pings(manager, {"WATCHDOG_USEC": "10000", "WATCHDOG_PID": "1"}, 0.05) == 0
    assert pings(manager, {"WATCHDOG_USEC": "nonsense"}, 0.05) == 0
    assert 1 <= pings(manager, {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid())}, 0.05) <= 6
    assert pings(manager, {"WATCHDOG_USEC": "3600000000"}, 0.05) == 1, "one at once, the next in half an hour"


def test_numbers() -> None:
    assert systemd.read_number("12") == 12
    assert [systemd.read_number(text) for text in ("", "-1", "x", "²", "9" * 20)] == [0] * 5


def test_what_waits_can_be_waited_for(manager: NotifySocket, service: ServiceManager) -> None:
    for _ in range(1000):  # more than the socket takes
        service.watchdog()
    service.reloading()
    service.flush(0.0)
    assert service._waiting
    with ThreadPoolExecutor(1) as pool:
        taken = pool.submit(manager.wait, RELOADING="1")
        service.flush(20.0)
        assert not service._waiting
        assert "MONOTONIC_USEC" in taken.result().assignments
