"""What is packed is what is taken."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from support.http_site import GET, echo, site
from support.machine import ListLog
from vigild.config.model import FcgiSocketConfig, ServerConfig
from vigild.daemon import succession
from vigild.daemon.succession import (
    enter_directory,
    pack_clients,
    pack_runtime,
    pack_signals,
    pack_sockets,
    take_clients,
    take_runtime,
    take_shared,
    take_signal_ends,
    take_sockets,
)
from vigild.host.handover import HANDOVER_VARIABLE, Handover, Package, receive
from vigild.host.inherited import Inherited
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir
from vigild.host.signals import SignalPipe
from vigild.host.sockets import SharedSockets


def passed_on(package: Package) -> Handover:
    handover = receive({HANDOVER_VARIABLE: str(package.seal())})
    assert handover is not None
    return handover


def test_the_lock_of_the_runtime_directory(tmp_path: Path) -> None:
    package = Package({}, {})
    pack_runtime(package, NoRuntimeDir("none"))
    assert take_runtime(passed_on(package)) is None
    package = Package({}, {})
    fd = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    pack_runtime(package, RuntimeDir(str(tmp_path), fd))
    assert take_runtime(passed_on(package)) == RuntimeDir(str(tmp_path), fd)
    os.close(fd)


def test_a_signal_in_the_pipe_arrives() -> None:
    loop = asyncio.new_event_loop()
    old = SignalPipe(loop)
    os.write(old.ends[1], b"\x0f")
    package = Package({}, {})
    pack_signals(package, old)
    handover = passed_on(package)
    ends = take_signal_ends(handover)
    assert ends == old.ends
    assert ends is not None
    assert os.read(ends[0], 9) == b"\x0f"
    assert take_signal_ends(handover) is None
    old.close()
    loop.close()


def test_clients_arrive_with_what_they_have_said_and_by_their_door(short_tmp: Path) -> None:
    async def run() -> None:
        async with site(short_tmp, echo) as there, there.client() as client:
            assert (await client.ask(GET)).status == 200
            there.server.hold()
            await there.server.settle(1)
            package = Package({}, {})
            config = ServerConfig("unix_http_server", path="/a path/s")
            pack_clients(package, [(config, there.server)])
            ((address, clients),) = take_clients(passed_on(package)).items()
            assert address == "unix:/a path/s"
            assert clients == there.server.open_connections()
            there.server.resume()

    asyncio.run(run())


def test_sockets_of_systemd_and_of_fcgi_programs() -> None:
    config = FcgiSocketConfig("tcp://127.0.0.1:0", host="127.0.0.1", port=0)
    old, new = SharedSockets(ListLog()), SharedSockets(ListLog())
    fd = old.acquire("g", config)
    given = socket.socket()
    package = Package({}, {})
    pack_sockets(package, Inherited([given]), old)
    handover = passed_on(package)
    inherited = take_sockets(handover)
    assert inherited is not None
    assert [each.fileno() for each in inherited.sockets] == [given.fileno()]
    given.detach()
    inherited.close()
    assert take_sockets(handover) is None
    take_shared(handover, new)
    assert new.acquire("g", config) == fd
    new.release("g")
    new.close_inherited()
    old._sockets["g"][0].detach()


def test_the_directory_is_the_one_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    package = Package({}, {})
    package.add(succession.DIRECTORY, "", os.open(tmp_path / "here", os.O_RDONLY))
    monkeypatch.chdir(tmp_path)
    enter_directory(passed_on(package))
    assert os.getcwd() == str(tmp_path / "here")
