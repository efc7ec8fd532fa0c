"""The screen, driven by keys: in memory, and once in a terminal of its own."""

import asyncio
import os
import pty
import re
import select
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Label, Log, Static
from textual.worker import WorkerCancelled

from support.daemon import Daemon
from support.until import DEADLINE_SECONDS
from vigild.cli.top.feed import Part
from vigild.cli.top.rows import Row
from vigild.cli.top.screen import Dialog, Top, printable
from vigild.client.errors import UnreachableError


def row(name: str, cpu: float | None = 0.0, state: str = "RUNNING") -> Row:
    return Row(name, state, "", cpu, 1 << 20, None, 1, 3, 60.0, 0, "")


class FakeFeed:
    """Answers from memory; `trouble` is raised instead."""

    interval_seconds = 3600.0  # the tests say when

    def __init__(self, *rows: Row) -> None:
        self.answer = list(rows)
        self.machine: dict[str, object] = {}
        self.acts: list[tuple[str, str]] = []
        self.log = "hello\n\x1b[31mred\x1b[0m \x07\x9bbell\n"
        self.trouble: UnreachableError | None = None

    def rows(self) -> list[Row]:
        if self.trouble is not None:
            raise self.trouble
        return self.answer

    def act(self, action: str, name: str) -> str:
        if self.trouble is not None:
            raise self.trouble
        self.acts.append((action, name))
        return f"{name}: {action} done"

    def tail(self, name: str, channel: str, offset: int) -> Part:
        if offset:
            return Part("", offset, False)
        return Part(f"{name} {channel}\n{self.log}", 99, False)


THREE = (row("web", 5.0), row("db", 50.0), row("job", None, "FATAL"))
Scene = Callable[[Top, FakeFeed, Pilot[None]], Awaitable[None]]


def play(scene: Scene, *rows: Row, size: tuple[int, int] = (80, 24), **options: Any) -> Top:
    """Run the app and what the scene does with it."""

    async def run() -> Top:
        feed = FakeFeed(*(rows or THREE))
        app = Top(feed, **options)  # type: ignore[arg-type]
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            await scene(app, feed, pilot)
        return app

    return asyncio.run(run())


async def settled(app: Top, pilot: Pilot[None]) -> None:
    while True:
        try:
            await app.workers.wait_for_complete()
        except WorkerCancelled:  # the app's own second look, a second after the first, took its place
            continue
        break
    await pilot.pause()


async def again(app: Top, pilot: Pilot[None]) -> None:
    app._refresh_rows()
    await settled(app, pilot)


def names(app: Top) -> list[str]:
    table = app.query_one("#table", DataTable)
    return [str(table.get_row_at(line)[0]).strip() for line in range(table.row_count)]


def words(app: Top, which: str) -> str:
    return str(app.query_one(which, Label).content)


def test_the_machine_stands_above_where_the_daemon_tells_of_it() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        assert not app.query_one("#machine", Label).display
        feed.machine = {"load1": 0.5, "cpu_percent": 7.0}
        await again(app, pilot)
        assert app.query_one("#machine", Label).display
        assert words(app, "#machine").startswith("machine: CPU 7.0%, load 0.50 ")

    play(scene)


def test_the_busiest_comes_first_and_the_table_follows() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        assert names(app) == ["db", "web", "job"]
        assert "3 programs, 2 running, 1 in trouble; CPU 55.0%" in words(app, "#summary")
        feed.answer = [row("web", 90.0), row("db", 50.0)]
        await again(app, pilot)
        assert names(app) == ["web", "db"]
        feed.answer = [row("web", 10.0), row("db", 50.0)]
        await again(app, pilot)
        assert names(app) == ["db", "web"]

    play(scene)


def test_what_is_chosen_stays_chosen_when_it_moves() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        await pilot.press("down")
        assert app._chosen == "web"
        feed.answer = [row("web", 90.0), row("db", 50.0)]
        await again(app, pilot)
        assert (app._chosen, app.query_one("#table", DataTable).cursor_row) == ("web", 0)

    play(scene)


def test_sorting() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        await pilot.press("n")
        assert names(app) == ["db", "job", "web"]
        await pilot.press("O")
        assert names(app) == ["web", "job", "db"]
        await pilot.press("o")
        headings = [
            str(column.label).strip() for column in app.query_one("#table", DataTable).ordered_columns
        ]
        assert headings[:4] == ["NAME", "STATE^", "HEALTH", "CPU%"]
        assert names(app) == ["job", "db", "web"]

    play(scene)


def test_filtering() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        await pilot.press("slash", "w", "e")
        assert names(app) == ["web"]
        assert words(app, "#summary").startswith("1 with 'we' of 3 programs")
        await pilot.press("enter", "escape")
        assert names(app) == ["db", "web", "job"]

    play(scene)


def test_orders_are_asked_for_first() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        await pilot.press("x")
        assert isinstance(app.screen, Dialog)
        assert "stop db?" in str(app.screen.query_one(Static).content)
        await pilot.press("n")
        await settled(app, pilot)
        assert feed.acts == []
        for key in ("s", "x", "r"):
            await pilot.press(key, "y")
            await settled(app, pilot)
        assert feed.acts == [("start", "db"), ("stop", "db"), ("restart", "db")]
        assert words(app, "#keys") == "db: restart done"
        feed.trouble = UnreachableError("unix:///s", detail="gone")
        await pilot.press("x", "enter")
        await settled(app, pilot)
        feed.trouble = None
        assert "gone" in words(app, "#keys")

    play(scene)


def test_the_log_is_text_only() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        log = app.query_one("#log", Log)
        await pilot.press("l")
        await settled(app, pilot)
        assert list(log.lines) == ["db stdout", "hello", "red bell", ""]
        await pilot.press("e")
        await settled(app, pilot)
        assert log.lines[0] == "db stderr"
        await pilot.press("enter")
        assert not app.query_one("#pane").has_class("shown")

    play(scene)


def test_a_pause_and_the_help() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        await pilot.press("p")
        feed.answer = []
        await again(app, pilot)
        assert names(app) == ["db", "web", "job"]
        assert words(app, "#summary").startswith("PAUSED")
        await pilot.press("p", "question_mark")
        assert "filter by name" in str(app.screen.query_one(Static).content)
        await pilot.press("escape")
        await again(app, pilot)
        assert names(app) == []
        await pilot.press("x", "l")  # nothing is chosen
        assert feed.acts == []

    play(scene)


def test_a_daemon_that_goes_away_and_comes_back() -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        feed.trouble = UnreachableError("unix:///s", detail="gone")
        await again(app, pilot)
        assert words(app, "#keys").startswith("no answer, this is old")
        assert names(app) == ["db", "web", "job"]
        feed.trouble = None
        await again(app, pilot)
        assert words(app, "#keys").startswith("? help")

    assert play(scene).error is None


def test_a_daemon_that_is_not_there_ends_it() -> None:
    async def run() -> Top:
        feed = FakeFeed()
        feed.trouble = UnreachableError("unix:///s", detail="gone")
        app = Top(feed)  # type: ignore[arg-type]
        async with app.run_test() as pilot:
            while app.error is None:
                await pilot.pause()
        return app

    assert isinstance(asyncio.run(run()).error, UnreachableError)


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (200, 60)])
def test_a_thousand_at_any_size(size: tuple[int, int]) -> None:
    async def scene(app: Top, feed: FakeFeed, pilot: Pilot[None]) -> None:
        assert len(names(app)) == 1000
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        widths = [column.width for column in app.query_one("#table", DataTable).ordered_columns]
        assert sum(widths) <= 100
        assert sum(widths) > 90

    play(scene, *(row(f"batch:batch_{number:04}") for number in range(1000)), size=size)


def test_what_could_steer_a_terminal_is_taken_out() -> None:
    assert printable("a\x1b[2Jb\x1b]0;title\x07c\r\n\td\x9b31m") == "ab]0;titlec\n\td31m"


CONF = """
[program:web]
command=/bin/sh -c 'echo from the program; exec sleep 1000'
[program:db]
command=/bin/sleep 1000
"""


def test_in_a_terminal_of_its_own(tmp_path: Path) -> None:
    with Daemon(tmp_path, CONF) as daemon:
        daemon.wait_state("web", "RUNNING")
        daemon.wait_state("db", "RUNNING")
        assert colours(session(daemon, {}))
        assert colours(session(daemon, {"NO_COLOR": "1"})) == []


def colours(drawn: bytes) -> list[bytes]:
    """Every order to the terminal to write in a colour."""
    return re.findall(rb"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|[34]8;[25];[\d;]+)m", drawn)


def session(daemon: Daemon, variables: dict[str, str]) -> bytes:
    """Filter, look at a log, and leave; what was drawn."""
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "vigild.cli.main", "top", "-c", str(daemon.conf)]
    app = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env={**environment, **variables})
    os.close(slave)
    seen = b""

    def wait_for(what: bytes, begin: int) -> None:
        nonlocal seen
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not re.search(what, seen[begin:]):
            assert time.monotonic() < deadline, (what, seen[-2000:])
            if select.select([master], [], [], 0.1)[0]:
                seen += os.read(master, 65536)

    try:
        for keys, answer in (
            (b"", rb"2 programs, 2 running"),
            (b"/", rb"name, state or health"),
            (b"web", rb"1 with 'web' of"),
            (b"\r", rb"\x1b\[23;1H(\x1b\[[\d;]*m)? {80}"),  # the field is gone: what is typed now are orders
            (b"l", rb"from the program"),
            (b"q", rb"\x1b\[\?1049l"),  # the screen that was there before
        ):
            os.write(master, keys)
            wait_for(answer, len(seen))
        assert app.wait(DEADLINE_SECONDS) == 0
    finally:
        app.kill()
        app.wait()
        os.close(master)
    return seen
