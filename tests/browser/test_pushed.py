"""What is no process, in a browser: alerts, monitors and forwards change on the page because the daemon says so."""

import re
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser_console import Console
from support.receivers import HttpReceiver

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

FILE = "[monitor:disk]\ntype=file\npath={path}\nrules=if size > 10 then alert\n"
LOOK = """fetch('/api/v1/monitors/disk/look', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"""
BROKEN = "[program:broken]\ncommand=/bin/sh -c 'exit 3'\nstartretries=0\nautostart=false\n"


def asked(page: Page, path: str) -> list[str]:
    """The requests for that path from now on."""
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url) if request.url.endswith(path) else None)
    return requests


def test_a_monitor_changes_without_being_asked_for_again(open_console: Open, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("small")
    page = open_console(FILE.format(path=path)).page("#/monitors")
    expect(page.locator(".card.passed[data-name=disk]")).to_contain_text("5 B")
    requests = asked(page, "/monitors")
    path.write_text("much larger than that")
    page.evaluate(LOOK)
    expect(page.locator(".card.failed[data-name=disk]")).to_contain_text("21 B")
    path.write_text("small")
    page.evaluate(LOOK)
    expect(page.locator(".card.passed[data-name=disk]")).to_contain_text("5 B")
    assert requests == []


def test_an_alert_that_was_delivered_is_counted_without_being_asked_for_again(open_console: Open) -> None:
    with HttpReceiver() as receiver:
        alert = f"[alert:ops]\nurl=webhook+{receiver.base}/hook\nbatch_seconds=0\n"
        console = open_console(BROKEN + alert)
        page = console.page("#/alerts")
        card = page.locator(".card[data-name=ops]")
        expect(card).to_contain_text("0 delivered")
        requests = asked(page, "/alerts")
        console.daemon.ctl("start", "broken")
        expect(card).to_contain_text("1 delivered")
        assert requests == []


def test_an_alert_that_is_held_back_says_until_when(open_console: Open) -> None:
    console = open_console(
        BROKEN + "[alert:ops]\nurl=exec:cat\nbatch_seconds=0\nquiet_hours=00:00-24:00\nquiet_pass=none\n"
    )
    card = console.page("#/alerts").locator(".card[data-name=ops]")
    expect(card).to_contain_text("0 delivered")
    console.daemon.ctl("start", "broken")
    expect(card).to_contain_text(re.compile(r"\d held back until .+ by quiet hours"))


def test_an_alert_that_is_not_delivered_says_so_by_itself(open_console: Open) -> None:
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        alert = f"[alert:ops]\nurl=webhook+http://127.0.0.1:{nobody.getsockname()[1]}/hook\nbatch_seconds=0\n"
        console = open_console(BROKEN + alert)
        page = console.page("#/alerts")
        expect(page.locator(".card.passed[data-name=ops]")).to_contain_text("0 waiting")
        requests = asked(page, "/alerts")
        console.daemon.ctl("start", "broken")
        expect(page.locator(".card.failed[data-name=ops]")).to_contain_text("refused")
        assert requests == []


def test_what_was_known_stays_while_the_connection_is_lost_and_is_renewed_after(
    open_console: Open, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("small")
    console = open_console(FILE.format(path=path))
    page = console.page("#/monitors")
    card = page.locator(".card[data-name=disk]")
    expect(page.locator(".card.passed[data-name=disk]")).to_contain_text("5 B")
    console.daemon.kill()
    expect(page.locator("#banner")).to_contain_text("Connection to the daemon lost")
    expect(card).to_contain_text("5 B")
    expect(card.get_by_role("button", name="Pause")).to_be_disabled()
    path.write_text("much larger than that")
    console.daemon.start()
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator(".card.failed[data-name=disk]")).to_contain_text("21 B")
    expect(card.get_by_role("button", name="Pause")).to_be_enabled()


def test_what_a_reread_adds_is_there(open_console: Open, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("small")
    console = open_console(FILE.format(path=path))
    page = console.page("#/monitors")
    expect(page.locator(".card[data-name=disk]")).to_have_count(1)
    text = console.daemon.conf.read_text()
    console.daemon.conf.write_text(text + FILE.format(path=path).replace(":disk", ":other"))
    console.daemon.ctl("reread")
    expect(page.locator(".card.passed[data-name=other]")).to_contain_text("5 B")
    console.daemon.conf.write_text(text)
    console.daemon.ctl("reread")
    expect(page.locator(".card")).to_have_count(1)
