"""Doors of the image before this one: taken over, opened anew, closed."""

import os
import socket
from pathlib import Path

from support.machine import ListLog
from vigild.config.model import ServerConfig
from vigild.daemon.doors import hand_over_doors, take_doors
from vigild.host.handover import HANDOVER_VARIABLE, Handover, Package, receive
from vigild.host.sockets import Listener, open_listener


def unix(path: Path, section: str = "unix_http_server") -> ServerConfig:
    return ServerConfig(section, path=str(path))


def passed_on(servers: list[ServerConfig]) -> Handover:
    """Listeners on these, handed over; the old image's own are closed without a trace, as by an exec."""
    listeners = [open_listener(server, ListLog()) for server in servers]
    package = Package({}, {})
    copies = [Listener(each.socket.dup(), each.path, each._identity) for each in listeners]
    hand_over_doors(package, servers, copies)
    for listener in listeners:
        listener.socket.close()
    handover = receive({HANDOVER_VARIABLE: str(package.seal())})
    assert handover is not None
    for copy in copies:
        copy.socket.detach()
    return handover


def test_a_door_goes_on_whatever_its_section_is_called(short_tmp: Path) -> None:
    handover = passed_on([unix(short_tmp / "a")])
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(short_tmp / "a"))  # nobody serves it at the moment, and it is not refused
        servers, listeners = take_doors([unix(short_tmp / "a", "other")], handover, ListLog())
        assert [server.section for server in servers] == ["other"]
        peer, _ = listeners[0].socket.accept()
        peer.close()
    listeners[0].close()
    assert os.listdir(short_tmp) == []


def test_what_is_new_is_opened_and_what_is_gone_is_closed(short_tmp: Path) -> None:
    log = ListLog()
    handover = passed_on([unix(short_tmp / "old")])
    _, listeners = take_doors([unix(short_tmp / "new")], handover, log)
    assert os.listdir(short_tmp) == ["new"]
    assert f"closing the HTTP server on unix:{short_tmp}/old" in log.text()
    listeners[0].close()


def test_a_door_that_cannot_be_opened_is_left_out(short_tmp: Path) -> None:
    log = ListLog()
    handover = passed_on([unix(short_tmp / "a")])
    nowhere = unix(short_tmp / "no" / "s")
    servers, listeners = take_doors([nowhere, unix(short_tmp / "a")], handover, log)
    assert [server.path for server in servers] == [str(short_tmp / "a")]
    assert "cannot open the HTTP server of [unix_http_server]" in log.text()
    assert "everything else goes on" in log.text()
    listeners[0].close()
