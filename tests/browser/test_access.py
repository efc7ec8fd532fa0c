"""Logging in, and what each role finds on the page."""

import json
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.browser_console import Console

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

USERS = """
[user:ann]
password=apple
role=admin
[user:eve]
password=pear
role=viewer
[program:web]
command=sleep 1000
environment=API_TOKEN="hunter2"
"""


def log_in(page: Page, name: str, password: str) -> None:
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_viewer_sees_and_may_do_nothing(open_console: Open) -> None:
    console = open_console(USERS)
    page = console.page()
    log_in(page, "eve", "wrong")
    expect(page.locator("body")).to_contain_text("rong")
    page.goto(console.url)
    log_in(page, "eve", "pear")
    web = page.locator("tr[data-name='web']")
    expect(web.locator(".badge")).to_have_text("Running")
    expect(page.locator("#status")).to_contain_text("live")
    assert [button.is_disabled() for button in web.locator(".act").all()] == [True, True, True]
    expect(page.locator("footer")).to_contain_text("viewer: may look")
    page.goto(f"{console.url}#/process/web/config")
    expect(page.locator("table.config")).to_contain_text("API_TOKEN")
    assert page.get_by_role("button", name="Show secrets").count() == 0
    answer = page.evaluate(
        "fetch('/api/v1/processes/web/stop', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then(r => r.status)"
    )
    assert answer == 403
    assert console.daemon.state("web") == "RUNNING"


def test_an_admin_logs_in_acts_and_logs_out(open_console: Open) -> None:
    console = open_console(USERS)
    page = console.page()
    log_in(page, "ann", "apple")
    web = page.locator("tr[data-name='web']")
    web.locator(".act.stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(web.locator(".badge")).to_have_text("Stopped")
    page.goto(f"{console.url}#/events")
    expect(page.locator(".history")).to_contain_text("by ann")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("[name=password]")).to_be_visible()


def test_who_has_logged_in_upgrades_the_daemon_and_stays_in(open_console: Open) -> None:
    console = open_console(USERS)
    page = console.page("#/daemon")
    log_in(page, "ann", "apple")
    facts = page.locator("dl.facts")
    expect(facts).to_contain_text("Upgrades in place0")
    expect(page.locator("#machine figure")).to_have_count(4)
    expect(page.locator("#machine")).to_contain_text("Load average (1 minute)")
    page.get_by_role("button", name="Upgrade in place").click()
    page.get_by_role("dialog").get_by_role("button", name="Upgrade in place").click()
    expect(facts).to_contain_text("Upgrades in place1")
    expect(page.locator("#status")).to_contain_text("live")
    page.reload()
    expect(page.locator("footer")).to_contain_text("ann · admin")
    page.goto(f"{console.url}#/process/web")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.locator("main")).to_contain_text("Stopped")


def test_an_operator_may_act_and_is_told_what_is_for_admins(open_console: Open) -> None:
    console = open_console(USERS.replace("role=viewer", "role=operator"))
    page = console.page("#/daemon")
    log_in(page, "eve", "pear")
    upgrade = page.get_by_role("button", name="Upgrade in place")
    expect(upgrade).to_be_disabled()
    expect(upgrade).to_have_attribute("title", "Your role does not allow this (operator).")
    page.goto(f"{console.url}#/process/web")
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()


def test_who_has_to_do_with_some_programs_only_sees_those(open_console: Open) -> None:
    console = open_console(USERS + "[program:other]\ncommand=sleep 1000\n")
    command = [console.daemon.bin / "vigil", "token", "create", "--json", "-c", console.daemon.conf]
    made = subprocess.run(
        [*command, "--role", "operator", "--program", "web", "console"],
        capture_output=True,
        text=True,
        check=True,
    )
    token = json.loads(made.stdout)["token"]
    page = console.page(headers={"Authorization": f"Bearer {token}"})
    expect(page.locator("tr[data-name]")).to_have_count(1)
    expect(page.locator("#status")).to_contain_text("live")
    page.locator("tr[data-name='web'] .act.stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.locator("tr[data-name='web'] .badge")).to_have_text("Stopped")
    page.goto(f"{console.url}#/config")
    expect(page.locator("main")).to_contain_text("is not about web alone")
