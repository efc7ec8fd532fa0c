"""Questions of every scheme to real servers and commands."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from support.answers import server
from support.until import DEADLINE_SECONDS
from vigild.core.health import Answer
from vigild.core.probe import Probe, Scheme
from vigild.engine.ports import ProbeRequest
from vigild.host.prober import MAX_AT_ONCE, Prober
from vigild.host.procfs import is_alive, start_ticks
from vigild.host.reaper import Reaper

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def play(scene: Callable[[Prober], Awaitable[None]]) -> None:
    async def run() -> None:
        prober = Prober(asyncio.get_running_loop(), f"/vigil-test/{os.getpid()}")
        reaper = Reaper(lambda pid, status: prober.claim(pid, status) or None)
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, reaper.reap)
        try:
            await asyncio.wait_for(scene(prober), DEADLINE_SECONDS)
        finally:
            await prober.close()
            while prober._helpers is not None and prober._helpers._running:
                await asyncio.sleep(0.01)

    asyncio.run(run())


async def answer(prober: Prober, probe: Probe, seconds: float = 10.0, **more: object) -> Answer:
    future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    prober.ask(ProbeRequest(probe, seconds, **more), future.set_result)  # type: ignore[arg-type]
    return await future


def test_http_and_tcp_by_address_and_by_localhost() -> None:
    async def scene(prober: Prober) -> None:
        async with server(OK) as (port, _):
            for host in ("127.0.0.1", "localhost"):
                heard = await answer(prober, Probe(Scheme.HTTP, "", "/", host, port))
                assert (heard.ok, heard.text) == (True, "HTTP 200")
                assert heard.seconds > 0
                heard = await answer(prober, Probe(Scheme.TCP, "", "", host, port))
                assert (heard.ok, heard.text) == (True, "connected")

    play(scene)


def test_where_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]

        async def scene(prober: Prober) -> None:
            for scheme in (Scheme.HTTP, Scheme.TCP):
                heard = await answer(prober, Probe(scheme, "", "/", "127.0.0.1", port))
                assert (heard.ok, heard.text) == (False, "connection refused")

        play(scene)


def test_unix_sockets(tmp_path: Path) -> None:
    path = str(tmp_path / "s")

    async def scene(prober: Prober) -> None:
        heard = await answer(prober, Probe(Scheme.UNIX, "", path))
        assert (heard.ok, heard.text) == (False, "no such file or directory")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            heard = await answer(prober, Probe(Scheme.UNIX, "", path))
            assert (heard.ok, heard.text) == (False, "connection refused")
            listening.listen()
            assert (await answer(prober, Probe(Scheme.UNIX, "", path))).ok

    play(scene)


def test_a_server_that_does_not_answer_takes_its_time_and_no_more() -> None:
    async def scene(prober: Prober) -> None:
        async with server(None) as (port, _):
            heard = await answer(prober, Probe(Scheme.HTTP, "", "/", "127.0.0.1", port), 0.2)
            assert (heard.ok, heard.text) == (False, "no answer within 0.2 seconds")

    play(scene)


@pytest.mark.parametrize(
    ("command", "ok", "text"),
    [
        ("/bin/true", True, "exit status 0"),
        ('/bin/sh -c "echo one; echo \\"$A\\"; pwd; exit 3"', False, "exit status 3: /usr"),
        ('/bin/sh -c "echo x; kill -9 $$"', False, "killed by signal 9: x"),
        ("/nowhere/x", False, "no such file or directory"),
        ("/usr/bin/printf 'up\\rweb \\033[2J\\302\\233!'", True, "exit status 0: up web  [2J !"),
    ],
)
def test_commands(command: str, ok: bool, text: str) -> None:
    async def scene(prober: Prober) -> None:
        heard = await answer(
            prober, Probe(Scheme.EXEC, "", command), environment={"A": "b"}, directory="/usr"
        )
        assert (heard.ok, heard.text) == (ok, text)

    play(scene)


def test_a_command_that_takes_too_long_is_killed_with_its_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = f"/bin/sh -c 'sleep 1000 & echo $$ $! > {pids}; wait'"

    async def scene(prober: Prober) -> None:
        heard = await answer(prober, Probe(Scheme.EXEC, "", command), 0.5)
        assert (heard.ok, heard.text) == (False, "no answer within 0.5 seconds")
        for pid in map(int, pids.read_text().split()):
            while is_alive(pid, start_ticks(pid) or 0):
                await asyncio.sleep(0.01)

    play(scene)


def test_a_question_that_is_taken_back_is_never_answered(tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    async def scene(prober: Prober) -> None:
        heard: list[Answer] = []
        probe = Probe(Scheme.EXEC, "", f"/bin/sh -c 'touch {begun}; sleep 1000'")
        question = prober.ask(ProbeRequest(probe, 30.0), heard.append)
        while not begun.exists():
            await asyncio.sleep(0.01)
        question.cancel()
        while prober._helpers is None or prober._helpers._running:  # it is killed and reaped
            await asyncio.sleep(0.01)
        assert heard == []

    play(scene)


def test_so_many_at_once_and_no_more_and_waiting_takes_no_time_from_them() -> None:
    async def scene(prober: Prober) -> None:
        async with server(None) as (port, asked):
            probe = Probe(Scheme.HTTP, "", "/", "127.0.0.1", port)
            first = [asyncio.create_task(answer(prober, probe, 0.6)) for _ in range(MAX_AT_ONCE)]
            await asyncio.sleep(0)
            begun = time.monotonic()
            last = asyncio.create_task(answer(prober, probe, 0.6))
            heard = await asyncio.gather(*first, last)
            assert time.monotonic() - begun >= 1.0
            assert heard[-1].seconds < 1.0
            assert len(asked) <= MAX_AT_ONCE + 1

    play(scene)


def test_what_nobody_can_be_asked() -> None:
    async def scene(prober: Prober) -> None:
        assert (await answer(prober, Probe())).text == "notify cannot be asked"
        assert not prober.claim(1, 0)
        assert prober.notify_fd == -1

    play(scene)


def test_it_hears_notifications_whoever_comes_first() -> None:
    async def scene(prober: Prober) -> None:
        heard: list[str] = []
        address = prober.listen()
        prober.hear(lambda sender, message: heard.append(message["STATUS"]))
        assert prober.notify_fd >= 0
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
            speaker.sendto(b"STATUS=up", "\0" + address[1:])
        while not heard:
            await asyncio.sleep(0.01)
        other = Prober(asyncio.get_running_loop(), "/elsewhere")
        other.hear(prober._on_notice)
        other.inherit(os.dup(prober.notify_fd))
        assert other.notify_fd >= 0
        await other.close()

    play(scene)
