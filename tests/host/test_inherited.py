"""Sockets and pipes that were handed over at the start."""

import os
import socket
from pathlib import Path

import pytest

from support.machine import ListLog
from vigild.config.model import ServerConfig
from vigild.host import inherited as module
from vigild.host.inherited import Inherited, take_inherited


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """Descriptors to be handed over, with their names; those of this process stand in for 3 and up."""
    descriptors: dict[int, str] = {}
    monkeypatch.setattr(module, "handed_over", lambda environ, pid: list(descriptors.items()))
    return descriptors


def unix_door(path: Path) -> ServerConfig:
    return ServerConfig("unix_http_server", path=str(path))


def tcp_door(host: str, port: int) -> ServerConfig:
    return ServerConfig("inet_http_server", host=host, port=port)


def listening(family: socket.AddressFamily, address: object) -> socket.socket:
    listener = socket.socket(family)
    listener.bind(address)  # type: ignore[arg-type]
    listener.listen()
    return listener


def taken(log: ListLog | None = None) -> Inherited:
    return take_inherited({}, log or ListLog())


def test_the_variables_are_read_once(handed: dict[int, str]) -> None:
    environ = {"LISTEN_FDS": "0", "LISTEN_PID": "1", "LISTEN_FDNAMES": "", "PATH": "/bin"}
    take_inherited(environ, ListLog()).close()
    assert environ == {"PATH": "/bin"}


def test_a_unix_socket_is_claimed_by_its_path(handed: dict[int, str], short_tmp: Path) -> None:
    path = short_tmp / "s"
    listener = listening(socket.AF_UNIX, str(path))
    handed[listener.detach()] = "vigil.socket"
    inherited = taken()
    assert inherited.claim(unix_door(short_tmp / "other")) is None
    assert inherited.claim(tcp_door("", 80)) is None
    door = inherited.claim(unix_door(short_tmp / "." / "s"))
    assert door is not None
    assert not door.getblocking()
    assert not door.get_inheritable()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        door.accept()[0].close()
    door.close()
    again = inherited.claim(unix_door(path))
    assert again is not None, "a restart within the process finds it again"
    again.close()
    inherited.close()
    assert path.exists(), "whoever made it removes it"


def test_a_tcp_socket_is_claimed_by_its_address(handed: dict[int, str]) -> None:
    listener = listening(socket.AF_INET, ("127.0.0.1", 0))
    port = listener.getsockname()[1]
    handed[listener.detach()] = "a"
    inherited = taken()
    assert inherited.claim(tcp_door("127.0.0.1", port + 1)) is None
    assert inherited.claim(tcp_door("127.0.0.2", port)) is None
    assert inherited.claim(tcp_door("", port)) is None, "one address is not all"
    assert inherited.claim(tcp_door("no such host.", port)) is None
    assert inherited.claim(unix_door(Path("/nowhere"))) is None
    for host in ("127.0.0.1", "localhost"):
        door = inherited.claim(tcp_door(host, port))
        assert door is not None
        door.close()
    inherited.close()


def test_all_addresses(handed: dict[int, str]) -> None:
    listener = listening(socket.AF_INET, ("0.0.0.0", 0))
    port = listener.getsockname()[1]
    handed[listener.detach()] = "a"
    inherited = taken()
    door = inherited.claim(tcp_door("", port))
    assert door is not None
    door.close()
    inherited.close()


def test_what_no_door_claims_is_closed_and_said(handed: dict[int, str], short_tmp: Path) -> None:
    wanted, unwanted = short_tmp / "wanted", short_tmp / "unwanted"
    for path in (wanted, unwanted):
        handed[listening(socket.AF_UNIX, str(path)).detach()] = "unknown"
    handed[listening(socket.AF_UNIX, f"\0vigil-test-{os.getpid()}").detach()] = "unknown"
    handed[listening(socket.AF_INET, ("127.0.0.1", 0)).detach()] = "unknown"
    log = ListLog()
    inherited = taken(log)
    door = inherited.claim(unix_door(wanted))
    assert door is not None
    inherited.close_unclaimed(log)
    assert len(log.lines) == 3
    for text in (str(unwanted), f"@vigil-test-{os.getpid()}", "127.0.0.1:"):
        assert text in log.text()
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
        client.connect(str(unwanted))
    door.close()
    inherited.close_unclaimed(log)
    assert inherited.sockets == [], "the next life must claim it anew"


def test_kept_pipes_come_back_by_name(handed: dict[int, str]) -> None:
    read_fd, write_fd = os.pipe()
    other_fd = os.dup(read_fd)
    os.set_inheritable(read_fd, True)
    handed.update({read_fd: "fifo.a%3Ab", other_fd: "fifo.a%3Ab"})
    inherited = taken()
    assert inherited.take_stored() == {"a:b": [read_fd, other_fd]}
    assert not os.get_inheritable(read_fd)
    assert not os.get_blocking(read_fd)
    assert inherited.take_stored() == {}
    for fd in (read_fd, other_fd, write_fd):
        os.close(fd)


def test_pipes_that_nobody_takes_are_closed_at_the_end(handed: dict[int, str]) -> None:
    read_fd, write_fd = os.pipe()
    handed[read_fd] = "fifo.x"
    taken().close()
    with pytest.raises(BrokenPipeError):
        os.write(write_fd, b"x")
    os.close(write_fd)


def test_what_does_not_listen_is_refused(handed: dict[int, str]) -> None:
    one, other = socket.socketpair()
    read_fd, write_fd = os.pipe()
    handed[one.detach()] = "accepted"
    handed[read_fd] = "stray"
    handed[1 << 20] = "gone"
    log = ListLog()
    inherited = taken(log)
    assert inherited.sockets == []
    assert len(log.lines) == 3
    assert "Accept=yes" in log.text()
    assert "(stray)" in log.text()
    assert "(gone)" in log.text()
    assert other.recv(1) == b"", "closed"
    other.close()
    with pytest.raises(BrokenPipeError):
        os.write(write_fd, b"x")
    os.close(write_fd)
