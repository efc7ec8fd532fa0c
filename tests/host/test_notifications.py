"""Notifications from real processes, as the kernel vouches for them."""

import array
import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.until import DEADLINE_SECONDS
from vigild.engine.ports import SPAWN_MARK, Sender
from vigild.host.notifications import Notifications

pytestmark = pytest.mark.skipif(not hasattr(socket, "SO_PASSCRED"), reason="needs Linux")

SAY = """\
import os, socket
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.sendto(b"READY=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
input()
"""
Heard = list[tuple[Sender, dict[str, str]]]


def hear(tmp_path: Path, say: Callable[[Notifications], object], count: int = 1) -> Heard:
    """Listen, let `say` speak, and wait for so many messages."""

    async def play() -> Heard:
        heard: Heard = []
        hearing = Notifications(asyncio.get_running_loop(), str(tmp_path / "notify"))
        hearing.on_notice = lambda sender, message: heard.append((sender, message))
        hearing.listen()
        try:
            said = say(hearing)
            deadline = time.monotonic() + DEADLINE_SECONDS
            while len(heard) < count:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)
            if isinstance(said, subprocess.Popen):
                said.communicate(b"\n")
            return heard
        finally:
            hearing.close()

    return asyncio.run(play())


def send(address: str, *messages: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
        for message in messages:
            speaker.sendto(message, "\0" + address[1:])


def test_our_own_message_comes_with_who_we_are(tmp_path: Path) -> None:
    ((sender, message),) = hear(tmp_path, lambda hearing: send(hearing.address, b"READY=1\nSTATUS=up"))
    assert message == {"READY": "1", "STATUS": "up"}
    assert (sender.pid, sender.uid) == (os.getpid(), os.geteuid())


def test_a_process_is_known_by_its_mark_and_its_ancestors(tmp_path: Path) -> None:
    def say(hearing: Notifications) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "NOTIFY_SOCKET": hearing.address, SPAWN_MARK: "spawn-7"}
        shell = ["/bin/sh", "-c", '"$0" -c "$1"; true', sys.executable, SAY]
        return subprocess.Popen(shell, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    ((sender, _),) = hear(tmp_path, say)
    assert sender.spawn_id == "spawn-7"
    assert len(sender.ancestors) == 1  # the shell; we ourselves are where it ends


def test_nonsense_is_left_out(tmp_path: Path) -> None:
    heard = hear(
        tmp_path, lambda hearing: send(hearing.address, b"x" * 5000, b"nonsense", b"A=\0b=c", b"READY=1")
    )
    assert [message for _, message in heard] == [{"READY": "1"}]


def test_descriptors_that_come_along_are_closed(tmp_path: Path) -> None:
    read, write = os.pipe()

    def say(hearing: Notifications) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [write]))
            speaker.sendmsg([b"BARRIER=1"], [rights], 0, "\0" + hearing.address[1:])

    hear(tmp_path, say)
    os.close(write)
    assert os.read(read, 1) == b""  # nobody holds the other end
    os.close(read)


def test_the_next_image_goes_on_with_the_socket_and_what_waits_in_it(tmp_path: Path) -> None:
    async def play() -> None:
        loop, heard = asyncio.get_running_loop(), list[str]()
        old = Notifications(loop, str(tmp_path / "notify"))
        assert old.fd == -1
        address = old.listen()
        assert old.listen() == address
        fd = os.dup(old.fd)
        old.close()
        old.close()
        send(address, b"STATUS=meanwhile")
        new = Notifications(loop, str(tmp_path / "notify"))
        new.on_notice = lambda sender, message: heard.append(message["STATUS"])
        new.inherit(fd)
        assert new.listen() == address
        while not heard:
            await asyncio.sleep(0.01)
        new.close()

    asyncio.run(play())


def test_an_address_that_is_taken_is_an_error(tmp_path: Path) -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        first, second = (Notifications(loop, str(tmp_path / "notify")) for _ in range(2))
        first.listen()
        with pytest.raises(OSError, match="in use"):
            second.listen()
        first.close()

    asyncio.run(play())
