"""The overview in a browser: what it shows, how it is filtered, and orders with their outcomes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.browser_console import Console

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

SHOP = """
[program:web]
command=sleep 1000
[program:worker]
command=sleep 1000
autostart=false
[program:broken]
command=/bin/sh -c 'echo ValueError: no such table >&2; exit 3'
startretries=0
"""


def row(page: Page, name: str):
    return page.locator(f"tr[data-name='{name}']")


def test_states_are_shown_and_change_without_asking(open_console: Open) -> None:
    console = open_console(SHOP)
    page = console.page()
    expect(row(page, "web").locator(".badge")).to_have_text("Running")
    expect(row(page, "broken").locator(".badge")).to_have_text("Fatal")
    expect(row(page, "worker").locator(".badge")).to_have_text("Stopped")
    console.daemon.ctl("start", "worker")
    expect(row(page, "worker").locator(".badge")).to_have_text("Running")
    expect(page.locator("#status")).to_contain_text("live")


def test_start_and_stop_with_a_question_before_the_stop(open_console: Open) -> None:
    console = open_console(SHOP)
    page = console.page()
    row(page, "worker").locator(".act.start").click()
    expect(row(page, "worker").locator(".badge")).to_have_text("Running")
    row(page, "worker").locator(".act.stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert console.daemon.state("worker") == "RUNNING"
    row(page, "worker").locator(".act.stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(row(page, "worker").locator(".badge")).to_have_text("Stopped")
    assert console.daemon.state("worker") == "STOPPED"


def test_many_at_once_and_what_became_of_each(open_console: Open) -> None:
    console = open_console(SHOP)
    page = console.page()
    page.get_by_label("Select all that are shown").check()
    expect(page.locator(".selection")).to_contain_text("3 selected")
    page.locator(".selection").get_by_role("button", name="Start", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("failed")
    expect(dialog.locator("tr", has_text="broken")).to_contain_text("Exited too quickly")
    dialog.get_by_role("button", name="Close").click()
    expect(row(page, "worker").locator(".badge")).to_have_text("Running")


def test_filter_groups_and_states_of_a_thousand(open_console: Open) -> None:
    programs = "[program:batch]\ncommand=sleep 1000\nautostart=false\nnumprocs=999\nprocess_name=job-%(process_num)03d\n"
    console = open_console("[program:web]\ncommand=sleep 1000\n" + programs)
    page = console.page()
    expect(page.locator("tbody tr[data-name]")).to_have_count(1000)
    page.locator("#filter").fill("job-99 stopped")
    expect(page.locator("tbody tr[data-name]")).to_have_count(9)
    page.get_by_role("button", name=re.compile("^Running")).click()
    expect(page.locator(".empty")).to_have_text("Nothing matches.")
    page.locator("#filter").fill("")
    expect(page.locator("tbody tr[data-name]")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^All")).click()
    page.locator("#grouping").select_option("group")
    expect(page.locator("tr.section")).to_have_count(2)
    page.get_by_role("button", name="▾ batch").click()
    expect(page.locator("tbody tr[data-name]")).to_have_count(1)
    page.locator("#grouping").select_option("state")
    expect(page.locator("tr.section").first).to_contain_text("Running")


def test_keys_alone_are_enough(open_console: Open) -> None:
    console = open_console(SHOP)
    page = console.page()
    expect(row(page, "web")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("work")
    expect(page.locator("tbody tr[data-name]")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".selection")).to_contain_text("1 selected")
    page.locator(".selection").get_by_role("button", name="Start", exact=True).focus()
    page.keyboard.press("Enter")
    expect(row(page, "worker").locator(".badge")).to_have_text("Running")
    row(page, "worker").get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("worker")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keys")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    expect(page.locator("#filter")).to_be_visible()


def test_both_languages_and_both_themes(open_console: Open) -> None:
    console = open_console(SHOP)
    page = console.page(language="zh-CN", dark=True)
    expect(row(page, "web").locator(".badge")).to_have_text("运行中")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="English").click()
    expect(row(page, "web").locator(".badge")).to_have_text("Running")
    page.get_by_role("button", name="Theme: as the system").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    expect(row(page, "web").locator(".badge")).to_have_text("Running")


def test_no_programs_at_all(open_console: Open) -> None:
    page = open_console("").page()
    expect(page.locator(".empty")).to_contain_text("No programs are configured")


@pytest.mark.parametrize(
    "address", ["?action=stop&processname=web", "index.html?action=stop&processname=web"]
)
def test_a_bookmark_of_supervisor_asks_first(open_console: Open, address: str) -> None:
    console = open_console(SHOP)
    console.daemon.wait_state("web", "RUNNING")
    page = console.page(address)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("A bookmark asks to: Stop web")
    assert console.daemon.state("web") == "RUNNING"
    dialog.get_by_role("button", name="Yes, do it").click()
    expect(row(page, "web").locator(".badge")).to_have_text("Stopped")
    assert page.url == console.url + "#/" or page.url == console.url


def test_the_log_page_of_supervisor_leads_to_the_log(open_console: Open) -> None:
    page = open_console("[program:web]\ncommand=sh -c 'echo hello there; sleep 1000'\n").page(
        "tail.html?processname=web"
    )
    expect(page.locator(".lines")).to_contain_text("hello there")


def test_what_runs_by_schedule_says_when_and_is_in_trouble_only_where_it_failed(open_console: Open) -> None:
    console = open_console(
        "[program:good]\ncommand=true\nschedule=@yearly\nautostart=true\n"
        "[program:bad]\ncommand=sh -c 'exit 3'\nschedule=@yearly\nautostart=true\n"
        "[program:later]\ncommand=true\nschedule=@yearly\n"
    )
    console.daemon.wait_state("good", "EXITED")
    console.daemon.wait_state("bad", "EXITED")
    page = console.page()
    expect(page.locator("tr[data-name='later'] .c-note")).to_contain_text("next run 1 Jan")
    expect(page.locator("tr[data-name='good'] .c-note")).to_contain_text("last run succeeded")
    expect(page.locator("tr[data-name='bad'] .c-note")).to_contain_text("last run failed")
    page.locator(".chip.trouble").click()
    expect(page.locator("tr[data-name]")).to_have_count(1)
    expect(page.locator("tr[data-name='bad']")).to_be_visible()
    page.goto(f"{console.url}#/process/bad")
    expect(page.locator(".facts")).to_contain_text("@yearly")
    expect(page.locator(".facts")).to_contain_text("exit status 3")
