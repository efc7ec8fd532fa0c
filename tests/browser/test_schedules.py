"""A schedule is paused and resumed on the page of its program, by those who may, and wherever it is shown it is so."""

import json
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.test_access import log_in
from support.browser_console import Console
from support.daemon import bin_dir

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

NIGHTLY = """
[program:nightly]
command=true
schedule=0 3 * * *
[program:web]
command=sleep 1000
"""
USERS = """
[user:otto]
password=plum
role=operator
[user:eve]
password=pear
role=viewer
"""


def is_paused(console: Console) -> bool:
    command = [str(bin_dir() / "vigil"), "schedule", "--json", "-c", str(console.daemon.conf)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return bool(found["schedules"][0]["paused"])


def vigil(console: Console, *words: str) -> str:
    command = [str(bin_dir() / "vigil"), *words, "-c", str(console.daemon.conf)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_an_operator_pauses_and_resumes_it(open_console: Open) -> None:
    console = open_console(NIGHTLY + USERS)
    page = console.page("#/process/nightly")
    log_in(page, "otto", "plum")
    page.get_by_role("button", name="Pause schedule").click()
    expect(page.get_by_role("button", name="Resume schedule")).to_be_visible()
    expect(page.locator(".remarks")).to_contain_text("its schedule is paused")
    expect(page.locator(".facts")).to_contain_text("its schedule is paused")
    assert is_paused(console)
    page.goto(f"{console.url}#/")
    expect(page.locator("tr[data-name='nightly']")).to_contain_text("its schedule is paused")
    page.goto(f"{console.url}#/process/web")
    expect(page.get_by_role("button", name="Restart")).to_be_visible()
    expect(page.get_by_role("button", name="schedule")).to_have_count(0)
    page.goto(f"{console.url}#/process/nightly")
    page.get_by_role("button", name="Resume schedule").click()
    expect(page.locator(".remarks")).to_contain_text("next run")
    assert not is_paused(console)
    page.goto(f"{console.url}#/events")
    expect(page.locator(".history")).to_contain_text("pause schedule nightly (by otto")
    expect(page.locator(".history")).to_contain_text("otto@127.0.0.1 logged in")


def test_what_somebody_else_pauses_is_seen_at_once_and_in_chinese(open_console: Open) -> None:
    console = open_console(NIGHTLY)
    page = console.page("#/process/nightly", language="zh-CN")
    expect(page.get_by_role("button", name="暂停定时")).to_be_enabled()
    vigil(console, "schedule", "--pause", "nightly")
    expect(page.get_by_role("button", name="恢复定时")).to_be_visible()
    expect(page.locator(".remarks")).to_contain_text("定时已暂停")
    assert "paused" in vigil(console, "status", "nightly")
    assert "schedule paused" in console.daemon.ctl("status", "nightly").out


def test_a_viewer_may_not(open_console: Open) -> None:
    console = open_console(NIGHTLY + USERS)
    page = console.page("#/process/nightly")
    log_in(page, "eve", "pear")
    button = page.get_by_role("button", name="Pause schedule")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", "Your role does not allow this (viewer: may look).")
    answer = page.evaluate(
        "fetch('/api/v1/processes/nightly/schedule/pause', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then(r => r.status)"
    )
    assert answer == 403
    assert not is_paused(console)


def test_a_failed_login_is_in_the_timeline_in_both_languages(open_console: Open) -> None:
    console = open_console(NIGHTLY + USERS)
    page = console.page()
    log_in(page, "otto", "wrong")
    expect(page.locator("body")).to_contain_text("rong")
    page.goto(console.url)
    log_in(page, "otto", "plum")
    expect(page.locator("tr[data-name='web']")).to_be_visible()
    page.goto(f"{console.url}#/events")
    page.locator("#kind").select_option("access")
    expect(page.locator(".history tbody tr")).to_have_count(2)
    expect(page.locator(".history")).to_contain_text("otto@127.0.0.1 could not log in: wrong password")
    expect(page.locator(".history")).to_contain_text("otto@127.0.0.1 logged in · after 1 wrong tries")
    chinese = console.page(language="zh-CN")
    chinese.locator("[name=username]").fill("otto")
    chinese.locator("[name=password]").fill("plum")
    chinese.locator("[name=password]").press("Enter")
    expect(chinese.locator("tr[data-name='web']")).to_be_visible()
    expect(page.locator(".history tbody tr")).to_have_count(3)  # without being loaded anew
    chinese.goto(f"{console.url}#/events")
    expect(chinese.locator(".history")).to_contain_text("otto@127.0.0.1 登录失败：密码错误")
