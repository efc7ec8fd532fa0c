"""What is packed is what is taken."""

import asyncio
import os
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from support.http_site import GET, echo, site
from support.machine import ListLog
from vigild.config.model import FcgiSocketConfig, ServerConfig
from vigild.core.access import Caller, Role
from vigild.core.sessions import Sessions
from vigild.daemon import succession
from vigild.daemon.succession import (
    enter_directory,
    pack_clients,
    pack_runtime,
    pack_sessions,
    pack_signals,
    pack_sockets,
    take_clients,
    take_runtime,
    take_sessions,
    take_shared,
    take_signal_ends,
    take_sockets,
)
from vigild.fronts.serving import Credentials, Gate, Request
from vigild.fronts.serving.gate import Rules, User
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


DOOR = ServerConfig("inet_http_server", host="127.0.0.1", port=9001)


@dataclass
class Door:
    """A server, as far as its gate goes."""

    gate: Gate


def door(**passwords: str) -> Any:
    users = {name: User(Role.OPERATOR, Credentials(name, word)) for name, word in passwords.items()}
    return Door(Gate(Rules(users, cookie="c"), sessions=Sessions()))


def who_is_in(door: Any) -> list[str]:
    return [session.name for _, session in door.gate.sessions.all(door.gate.clock())]


def test_who_has_logged_in_still_has_unless_the_password_is_another() -> None:
    old, new, other = door(ann="a", eve="e"), door(ann="a", eve="x"), door(ann="a")
    for name in ("ann", "eve"):
        old.gate.begin_session(f"cookie of {name}", Caller(name, Role.OPERATOR))
    package = Package({}, {})
    pack_sessions(package, [(DOOR, old)])
    handover = passed_on(package)
    assert b"cookie" not in handover.facts[succession.SESSIONS]
    take_sessions(handover, [(DOOR, new), (replace(DOOR, port=9002), other)])
    assert (who_is_in(new), who_is_in(other)) == (["ann"], [])
    request = Request("GET", "/x", "/x", "", (("cookie", "c=cookie of ann"),), peer="10.0.0.7:1")
    assert asyncio.run(new.gate.admit(request)) == Caller("ann", Role.OPERATOR, "session", "10.0.0.7")
    assert succession.SESSIONS not in handover.facts


@pytest.mark.parametrize(
    "said", [b"{", b"[]", b'{"a": [[1]]}', b'{"a": [["00", "ann", "KING", 0, 0, "00"]]}']
)
def test_sessions_that_are_told_of_in_another_way_end(said: bytes) -> None:
    package, new = Package({}, {}), door(ann="a")
    package.note(succession.SESSIONS, said)
    take_sessions(passed_on(package), [(DOOR, new)])
    assert who_is_in(new) == []


def test_where_there_are_no_files_in_memory_sessions_are_not_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(succession, "IN_MEMORY", False)
    old = door(ann="a")
    old.gate.begin_session("cookie", Caller("ann", Role.OPERATOR))
    package = Package({}, {})
    pack_sessions(package, [(DOOR, old)])
    assert succession.SESSIONS not in passed_on(package).facts


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
