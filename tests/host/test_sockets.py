"""Doors and shared sockets."""

import errno
import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from support.machine import ListLog
from vigild.config.model import FcgiSocketConfig, ServerConfig
from vigild.host.sockets import SharedSockets, is_socket_served, open_listener, take_listener


def unix_server(path: Path, **options: object) -> ServerConfig:
    return ServerConfig("unix_http_server", path=str(path), **options)  # type: ignore[arg-type]


def test_a_unix_door_has_its_mode_and_goes_when_closed(short_tmp: Path) -> None:
    path = short_tmp / "sock"
    listener = open_listener(unix_server(path, mode=0o770), ListLog())
    assert stat.S_IMODE(path.stat().st_mode) == 0o770
    assert os.listdir(short_tmp) == ["sock"]
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()
    assert os.listdir(short_tmp) == []


def test_a_door_that_is_served_is_not_taken_over(short_tmp: Path) -> None:
    path = short_tmp / "sock"
    first = open_listener(unix_server(path), ListLog())
    with pytest.raises(OSError) as refused:
        open_listener(unix_server(path), ListLog())
    assert refused.value.errno == errno.EADDRINUSE
    assert is_socket_served(str(path))
    first.close()


def test_a_stale_socket_is_replaced_and_another_kind_of_file_is_not(short_tmp: Path) -> None:
    path = short_tmp / "sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    log = ListLog()
    open_listener(unix_server(path), log).close()
    assert log.text() == f"Unlinking stale socket {path}"
    path.write_text("precious")
    with pytest.raises(OSError):
        open_listener(unix_server(path), ListLog())
    assert path.read_text() == "precious"


def test_closing_leaves_somebody_elses_socket_alone(short_tmp: Path) -> None:
    path = short_tmp / "sock"
    first = open_listener(unix_server(path), ListLog())
    path.unlink()
    second = open_listener(unix_server(path), ListLog())
    first.close()
    assert is_socket_served(str(path))
    second.close()


def test_a_tcp_door_is_non_blocking_and_known_as_tcp() -> None:
    listener = open_listener(ServerConfig("inet_http_server", host="127.0.0.1", port=0), ListLog())
    assert listener.socket.proto == socket.IPPROTO_TCP
    assert listener.socket.getblocking() is False
    host, port = listener.socket.getsockname()
    with pytest.raises(OSError) as refused:
        open_listener(ServerConfig("inet_http_server", host=host, port=port), ListLog())
    assert refused.value.errno == errno.EADDRINUSE
    listener.close()


def test_a_shared_socket_lives_from_first_to_last_member(short_tmp: Path) -> None:
    path = short_tmp / "fcgi"
    log = ListLog()
    sockets = SharedSockets(log)
    config = FcgiSocketConfig(f"unix://{path}", path=str(path), mode=0o666, owner=(os.getuid(), os.getgid()))
    fd = sockets.acquire("php", config)
    assert sockets.acquire("php", config) == fd
    assert os.get_blocking(fd)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    sockets.release("php")
    assert is_socket_served(str(path))
    sockets.release("php")
    assert not is_socket_served(str(path))
    assert log.lines == [
        ("info", f"Creating socket unix://{path}"),
        ("info", f"Closing socket unix://{path}"),
    ]
    sockets.release("php")
    sockets.acquire("php", config)
    sockets.release("php")


def test_a_shared_tcp_socket() -> None:
    sockets = SharedSockets(ListLog())
    fd = sockets.acquire("php", FcgiSocketConfig("tcp://127.0.0.1:0", host="127.0.0.1", port=0, backlog=5))
    with socket.socket(fileno=os.dup(fd)) as listener, socket.create_connection(listener.getsockname()):
        pass
    sockets.release("php")


def test_a_shared_socket_that_cannot_be_made_is_an_error_and_leaves_nothing(short_tmp: Path) -> None:
    sockets = SharedSockets(ListLog())
    config = FcgiSocketConfig("unix://x", path=str(short_tmp / "gone" / "fcgi"))
    with pytest.raises(OSError):
        sockets.acquire("php", config)
    sockets.release("php")


def test_a_door_goes_on_in_the_next_image_with_its_file(short_tmp: Path) -> None:
    path = short_tmp / "s o"
    first = open_listener(unix_server(path, mode=0o700), ListLog())
    fd, description = os.dup(first.socket.fileno()), first.describe()
    first.socket.close()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        taken = take_listener(fd, description, unix_server(path, mode=0o770))
        assert stat.S_IMODE(path.stat().st_mode) == 0o770
        peer, _ = taken.socket.accept()
        peer.close()
    taken.close()
    assert not path.exists()


def test_the_file_of_another_door_is_left_alone(short_tmp: Path) -> None:
    path = short_tmp / "s"
    first = open_listener(unix_server(path, mode=0o700), ListLog())
    fd, description = os.dup(first.socket.fileno()), first.describe()
    first.close()
    other = open_listener(unix_server(path, mode=0o700), ListLog())
    take_listener(fd, description, unix_server(path, mode=0o777)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    other.close()


def test_a_tcp_door_has_no_file() -> None:
    first = open_listener(ServerConfig("inet_http_server", host="127.0.0.1", port=0), ListLog())
    taken = take_listener(os.dup(first.socket.fileno()), first.describe())
    assert (taken.path, taken.socket.getsockname()) == (None, first.socket.getsockname())
    taken.close()
    first.close()


def test_a_shared_socket_goes_on_for_the_members_that_are_adopted() -> None:
    log = ListLog()
    config = FcgiSocketConfig("tcp://127.0.0.1:0", host="127.0.0.1", port=0)
    first = SharedSockets(log)
    first.acquire("site", config)
    ((group, fd),) = first.describe()
    second = SharedSockets(log)
    second.inherit(group, os.dup(fd))
    second.inherit("unused", os.dup(fd))
    second.adopt("site", config)
    second.release("site")  # it was dead; others that live are adopted after it
    second.adopt("site", config)
    second.adopt("site", config)
    second.close_inherited()
    shared = second.acquire("site", config)
    assert os.path.samestat(os.fstat(shared), os.fstat(fd))
    second.release("site")
    second.release("site")
    assert second.describe() != []
    second.release("site")
    assert second.describe() == []
    first.release("site")


def test_a_shared_socket_is_taken_back_from_a_member() -> None:
    config = FcgiSocketConfig("tcp://127.0.0.1:0", host="127.0.0.1", port=0)
    first = SharedSockets(ListLog())
    member = subprocess.Popen(["/bin/sleep", "1000"], stdin=first.acquire("site", config))
    log = ListLog()
    second = SharedSockets(log)
    second.take_back("site", config, member.pid)
    second.take_back("site", config, 0)  # it has it by now
    second.adopt("site", config)
    if not log.lines:  # else the machine does not let us, and it has been said
        assert os.path.samestat(os.fstat(second.acquire("site", config)), os.fstat(first.describe()[0][1]))
        second.release("site")
    second.release("site")
    second.close_inherited()
    assert second.describe() == []
    member.kill()
    member.wait()
    first.release("site")


def test_a_shared_socket_that_cannot_be_taken_back_is_told_of() -> None:
    log = ListLog()
    config = FcgiSocketConfig("tcp://127.0.0.1:0", host="127.0.0.1", port=0)
    second = SharedSockets(log)
    second.take_back("site", config, 2**22)
    assert "cannot take the socket tcp://127.0.0.1:0 back" in log.text()
    second.adopt("site", config)
    assert second.describe() == []
    second.close_inherited()
    second.acquire("site", config)
    second.release("site")
    assert second.describe() != [], "the end of a member of the old socket does not close the new one"
    second.release("site")
    second.adopt("site", config)
    second.release("site")
    assert second.describe() == []
