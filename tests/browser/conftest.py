"""A real browser on the console of a real daemon: Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from support.browser_console import Console
from support.daemon import Daemon
from support.ports import free_port
from support.until import DEADLINE_SECONDS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
FRAME = """
[supervisord]
logfile={socket}upervisord.log
pidfile={socket}upervisord.pid
childlogdir={tmp}
identifier=shop
[unix_http_server]
file={socket}
[inet_http_server]
port=127.0.0.1:{port}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{socket}
"""

expect.set_options(timeout=DEADLINE_SECONDS * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module: Playwright keeps an event loop of its own while it lives."""
    if CHROMIUM is None:
        message = "there is no Chromium; scripts/install_recipes.sh installs it"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_console(browser: Browser, tmp_path: Path, short_tmp: Path) -> Iterator[Callable[..., Console]]:
    """`open_console(PROGRAMS)`: a daemon with these programs, and its console."""
    consoles: list[Console] = []
    with ExitStack() as stack:

        def open_(programs: str) -> Console:
            port = free_port()
            text = FRAME.format(tmp=tmp_path, socket=short_tmp / "s", port=port) + programs
            daemon = stack.enter_context(Daemon(tmp_path, text))
            consoles.append(Console(daemon, port, browser, stack))
            return consoles[-1]

        yield open_
    assert [line for console in consoles for line in console.complaints] == []
