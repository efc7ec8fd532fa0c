"""The lines of the overview: what the daemon has kept is there as soon as a row is seen, and is asked for these only."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from support.browser_console import Console
from support.until import until
from vigild.core.samples import Sample
from vigild.host.state_file import default_state_dir, state_key
from vigild.host.store.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

MANY = (
    "[program:batch]\ncommand=sleep 1000\nautostart=false\nnumprocs=500\nprocess_name=job-%(process_num)03d\n"
)
LONG = f"[program:batch]\ncommand=sleep 1000\nautostart=false\nnumprocs=20\nprocess_name=%(process_num)02d{'x' * 400}\n"
WEB = "[program:web]\ncommand=sleep 1000\n[program:rest]\ncommand=sleep 1000\nautostart=false\n"


def keep_samples(console: Console, name: str, minutes: int) -> None:
    """Let the daemon have kept some of this process."""
    directory = Path(default_state_dir(os.environ, os.geteuid()))
    path = directory / f"history-{state_key(str(console.daemon.conf), 'shop')}.db"
    until(path.exists, what=f"{path}")
    store = Store(str(path), 50 << 20)
    for back in range(minutes, 0, -1):
        at = time.time() - 60 * back
        rest = (None, None, 1, 1, 1, None, None, None, None, 0)
        store.samples.add(at, {name: Sample(at, 60.0, 0.0, float(back), back << 20, *rest)})
    store.close()


def test_a_line_is_there_as_soon_as_its_row_is(open_console: Open) -> None:
    console = open_console(WEB)
    keep_samples(console, "web", 12)
    page = console.page()
    line = re.compile(r"^M(.*L){9}")  # the oldest may be out of the picture
    for column in ("c-cpu", "c-memory"):
        expect(page.locator(f"tr[data-name=web] .{column} path")).to_have_attribute("d", line)
    expect(page.locator("tr[data-name=rest] .c-cpu path[d*=L]")).to_have_count(0)


def test_only_what_is_seen_is_asked_for_and_once(open_console: Open) -> None:
    page = open_console(MANY).page()
    names: list[str] = []
    sizes: list[int] = []

    def note(url: str) -> None:
        if "/api/v1/samples?" in url:
            some = parse_qs(urlsplit(url).query)["names"][0].split(",")
            names.extend(some)
            sizes.append(len(some))

    def wait_for(name: str) -> None:
        until(lambda: page.wait_for_timeout(20) or name in names, what=f"{name} to be asked for")

    page.on("request", lambda request: note(request.url))
    page.reload()
    expect(page.locator("tbody tr[data-name]")).to_have_count(500)
    wait_for("batch:job-000")
    for name in ("batch:job-499", "batch:job-000", "batch:job-250"):
        assert name not in names or name == "batch:job-000"
        page.locator(f"tr[data-name='{name}']").scroll_into_view_if_needed()
        wait_for(name)
    assert max(sizes) <= 100
    assert len(names) == len(set(names)) < 250


def test_long_names_are_asked_for_in_parts(open_console: Open) -> None:
    page = open_console(LONG).page()
    answers: list[tuple[int, int]] = []
    page.on(
        "response",
        lambda response: (
            "/api/v1/samples?" in response.url
            and answers.append(
                (response.status, len(parse_qs(urlsplit(response.url).query)["names"][0].split(",")))
            )
        ),
    )
    page.reload()
    expect(page.locator("tbody tr[data-name]")).to_have_count(20)
    for number in range(20):
        page.locator("tbody tr[data-name]").nth(number).scroll_into_view_if_needed()
    until(
        lambda: page.wait_for_timeout(20) or 20 == sum(count for _, count in answers), what="all to be told"
    )
    assert {200} == {status for status, _ in answers}
