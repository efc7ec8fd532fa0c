"""Who runs the daemon, as its environment tells."""

import os
from pathlib import Path

from support.machine import ListLog
from support.notify_socket import NotifySocket
from vigild.host.service_manager import (
    OWN_VARIABLES,
    NoServiceManager,
    find_service_manager,
    pass_on_watchdog,
    without_own_variables,
)
from vigild.host.systemd import ServiceManager
from vigild.wire.listen_fds import VARIABLES


def test_nobody_is_told_anything() -> None:
    log = ListLog()
    service = find_service_manager({}, log)
    assert type(service) is NoServiceManager
    assert not service.is_present
    service.ready("x")
    service.store_fd("x", 99)
    service.close()
    assert log.lines == []


def test_an_address_that_is_none_is_said() -> None:
    log = ListLog()
    for address in ("vsock:2:1", "relative", "@", "/"):
        assert not find_service_manager({"NOTIFY_SOCKET": address}, log).is_present
    assert len(log.lines) == 4
    assert "vsock:2:1" in log.text()


def test_all_that_can_be_told_is_listed_in_one_place() -> None:
    def public(cls: type) -> set[str]:
        return {name for name in vars(cls) if not name.startswith("_")}

    assert public(ServiceManager) <= public(NoServiceManager)


def test_children_do_not_see_what_is_meant_for_the_daemon() -> None:
    environ = dict.fromkeys(OWN_VARIABLES, "1") | {"PATH": "/bin"}
    assert without_own_variables(environ) == {"PATH": "/bin"}
    assert set(VARIABLES) <= set(OWN_VARIABLES)


def test_the_watchdog_that_is_asked_of_a_parent_is_passed_on() -> None:
    environ = {"WATCHDOG_PID": "17", "WATCHDOG_USEC": "5"}
    pass_on_watchdog(environ, 16)
    assert environ["WATCHDOG_PID"] == "17"
    pass_on_watchdog(environ, 17)
    assert environ["WATCHDOG_PID"] == str(os.getpid())


def test_what_is_asked_for_is_read(short_tmp: Path) -> None:
    with NotifySocket(str(short_tmp / "n")) as manager:
        service = find_service_manager({"NOTIFY_SOCKET": manager.path, "FDSTORE": "12"}, ListLog())
        assert service.store_size == 12
        service.ready("up")
        service.close()
        assert [message.assignments for message in manager.take()] == [{"READY": "1", "STATUS": "up"}]
        service = find_service_manager({"NOTIFY_SOCKET": manager.path, "FDSTORE": "many"}, ListLog())
        assert service.store_size == 0
        service.close()
