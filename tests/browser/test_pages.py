"""The other pages in a browser, the connection, and whether everybody can use them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from support.browser_console import Console

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

PAIR = """
[program:db]
command=sleep 1000
[program:web]
command=sleep 1000
depends_on=db
"""
PAGES = ["", "#/graph", "#/monitors", "#/alerts", "#/forwards", "#/events", "#/config", "#/daemon", "#/process/web", "#/process/web/log",
         "#/process/web/history", "#/process/web/config", "#/process/web/tree"]  # fmt: skip


def test_a_change_of_the_configuration_is_read_before_it_is_made(open_console: Open) -> None:
    console = open_console(PAIR)
    page = console.page("#/config")
    expect(page.locator("main")).to_contain_text("Nothing to update.")
    conf = console.daemon.conf
    conf.write_text(
        conf.read_text().replace("[program:db]\ncommand=sleep 1000", "[program:db]\ncommand=sleep 2000")
        + "[program:new]\ncommand=sleep 1\n"
    )
    page.get_by_role("button", name="Read the files again").click()
    expect(page.locator(".diff .old")).to_have_text("sleep 1000")
    expect(page.locator(".diff .new")).to_have_text("sleep 2000")
    expect(page.locator(".card.added")).to_contain_text("new")
    page.get_by_role("button", name="Update now").click()
    page.get_by_role("dialog").get_by_role("button", name="Update").click()
    expect(page.locator("main")).to_contain_text("Nothing to update.")
    console.daemon.wait_state("db", "RUNNING")
    assert "new" in console.daemon.ctl("status").out


def test_a_configuration_with_errors_is_shown_and_nothing_can_be_updated(open_console: Open) -> None:
    console = open_console(PAIR)
    conf = console.daemon.conf
    conf.write_text(conf.read_text() + "[program:new]\ncommand=sleep 1\nstartsecs=soon\n")
    page = console.page("#/config")
    expect(page.locator("main")).to_contain_text("The files have errors")
    expect(page.locator(".badge.error")).to_have_count(1)
    expect(page.get_by_role("button", name="Update now")).to_be_disabled()


def test_waves_and_who_waits_for_whom(open_console: Open) -> None:
    page = open_console(PAIR).page("#/graph")
    expect(page.locator(".waves section")).to_have_count(2)
    expect(page.locator(".edges path")).to_have_count(1)


def test_events_grow_while_one_looks(open_console: Open) -> None:
    console = open_console(PAIR)
    page = console.page("#/events")
    expect(page.locator("main")).to_contain_text("Starting → Running")
    console.daemon.ctl("stop", "web")
    expect(page.locator(".history tbody tr", has_text="Stopping → Stopped")).to_have_count(1)


def test_a_lost_connection_is_said_and_an_upgrade_or_restart_is_survived(open_console: Open) -> None:
    console = open_console(PAIR)
    page = console.page()
    expect(page.locator("#status")).to_contain_text("live")
    console.daemon.kill()
    expect(page.locator("#banner")).to_contain_text("Connection to the daemon lost")
    expect(page.locator("tr[data-name='web'] .act.stop")).to_be_disabled()
    console.daemon.start()
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#status")).to_contain_text("live")
    console.daemon.ctl("stop", "web")
    expect(page.locator("tr[data-name='web'] .badge")).to_have_text("Stopped")


@pytest.mark.parametrize(("width", "dark", "language"), [(1440, False, "en-US"), (390, True, "zh-CN")])
def test_nothing_serious_stands_in_anybodys_way(
    open_console: Open, width: int, dark: bool, language: str
) -> None:
    console = open_console(PAIR)
    console.daemon.wait_state("web", "RUNNING")
    page = console.page(width=width, dark=dark, language=language)
    found = []
    for path in PAGES:
        page.goto(console.url + path)
        expect(page.locator("main > *").first).to_be_attached()
        expect(page.locator("#status.good")).to_be_attached()
        results = Axe().run(page).response
        for violation in results["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found.append((path, violation["id"], [node["html"][:160] for node in violation["nodes"][:3]]))
        width_used = page.evaluate("document.documentElement.scrollWidth")
        assert width_used <= width, f"{path} is {width_used} pixels wide"
    assert found == []


LOOK = """fetch('/api/v1/monitors/disk/look', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"""


def test_monitors_stay_unfolded_and_focused_while_they_change(open_console: Open, tmp_path: Path) -> None:
    path = tmp_path / "grows"
    path.write_text("12345")
    console = open_console(f"[monitor:disk]\ntype=file\npath={path}\nrules=if size > 1 then alert\n")
    page = console.page("#/monitors")
    card = page.locator(".card.failed[data-name=disk]")
    expect(card.locator("tr", has_text="size")).to_have_text("size5 B")
    card.locator("summary").click()
    path.write_text("1234567")
    page.evaluate(LOOK)
    expect(card.locator("tr", has_text="size")).to_have_text("size7 B")
    expect(card.locator("details[open]")).to_have_count(1)
    expect(card.locator("summary")).to_be_focused()
    card.get_by_role("button", name="Pause").click()
    expect(page.locator(".card.paused")).to_contain_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".card.paused")).to_have_count(0)
    page.goto(f"{console.url}#/events")
    fact = page.locator("tr[data-kind=monitor]").first
    expect(fact).to_contain_text("failed: size ")
    expect(fact.get_by_role("link", name="disk")).to_have_attribute("href", "#/monitors")


def test_links_that_lead_nowhere_are_said_and_break_nothing(open_console: Open) -> None:
    console = open_console("[program:web]\ncommand=sleep 1000\n")
    page = console.page("#/process/%E0%A4%A")
    expect(page.locator("main")).to_contain_text("There is no process %E0%A4%A")
    expect(page.locator(".title .badge")).to_be_hidden()
    page.goto(f"{console.url}?action=start&processname=gone")
    page.get_by_role("button", name="Yes, do it").click()
    expect(page.locator(".toast.bad")).to_contain_text(": gone")
