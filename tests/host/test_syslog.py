"""Syslog never waits and never raises."""

import socket
from pathlib import Path

from vigild.host.syslog import Syslog


def test_without_a_daemon_messages_are_counted(short_tmp: Path) -> None:
    syslog = Syslog(path=str(short_tmp / "log"))
    syslog.send(b"x")
    assert syslog.dropped == 1


def test_a_restarted_daemon_is_found_again(short_tmp: Path) -> None:
    path = str(short_tmp / "log")
    syslog = Syslog(ident="me", path=path)
    for _ in range(2):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(path)
            syslog.send(b"hello")
            assert server.recv(100).endswith(b" me: hello")
        Path(path).unlink()
    assert syslog.dropped == 0
    syslog.close()


def test_a_daemon_that_does_not_read_does_not_stop_us(short_tmp: Path) -> None:
    path = str(short_tmp / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(path)
        syslog = Syslog(path=path)
        for _ in range(5000):
            syslog.send(b"x" * 1000)
        assert syslog.dropped > 0
        syslog.close()
