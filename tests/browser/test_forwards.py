"""The page of forwards in a browser: how they stand, failures in words, a line to try one."""

import json
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from support.browser_console import Console
from support.until import DEADLINE_SECONDS
from vigild.core.forwards import ForwardCounts, ForwardInfo

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

WEB = "[program:web]\ncommand=sleep 1000\n"
LONG = "loki+https://ann:********@logs.example.net:3100/a/very/long/prefix/of/a/tenant?token=********"


def forward(name: str, *, error: str = "", trouble: str = "", **counts: int) -> dict[str, Any]:
    since = 1000.0 if error else 0.0
    told = ForwardCounts(sent_lines=1234567, sent_bytes=99, **counts)
    info = ForwardInfo(
        name, LONG, ("*",), ("stdout", "stderr"), 2, not trouble, trouble, 7, 900, told, since, error
    )
    return info.facts()


FORWARDS = [
    forward("loki"),
    forward("sys", error="logs.example.net:6514: Connection refused"),
    forward("otlp", dropped_lines=5, refused_lines=2, unsent_bytes=2048),
    forward("none", trouble="the forwarder does not run: exit status 1"),
]


def show(page: Page, forwards: list[dict[str, Any]]) -> list[str]:
    """Let the page see these instead of the daemon's; gives the names that tests are asked for."""
    tested: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "GET":
            route.fulfill(json={"forwards": forwards})
            return
        name = route.request.url.split("/")[-2]
        tested.append(name)
        if name == "loki":
            route.fulfill(json={"text": "taken by logs.example.net"})
        else:
            problem = {"code": "failed", "title": "It failed", "detail": "connection refused", "status": 409}
            body = json.dumps(problem)
            route.fulfill(status=409, content_type="application/problem+json", body=body)

    page.route("**/api/v1/forwards", answer)
    page.route("**/api/v1/forwards/*/test", answer)
    page.reload()
    return tested


def test_how_forwards_stand_and_a_line_to_try_one(open_console: Open) -> None:
    page = open_console(WEB).page("#/forwards")
    expect(page.locator("main .empty")).to_contain_text("no [forward:NAME] is configured")
    tested = show(page, FORWARDS)
    card = {one["name"]: page.locator(f".card[data-name={one['name']}]") for one in FORWARDS}
    expect(card["loki"]).to_contain_text("in order")
    expect(card["loki"]).to_contain_text("lines sent: 1,234,567 (99 B) · waiting: 7 (900 B)")
    expect(card["sys"]).to_contain_text(": Connection refused")
    expect(card["none"]).to_contain_text("the forwarder does not run")
    for words in ("forwarder ended: 5", "for good: 2", "2.0 KB were dropped by the daemon"):
        expect(card["otlp"]).to_contain_text(words)
    expect(page.locator(".card.failed")).to_have_count(2)
    card["loki"].get_by_role("button", name="Send a test line").click()
    expect(page.locator("body")).to_contain_text("The test line of loki was delivered. taken by logs.example")
    card["sys"].get_by_role("button", name="Send a test line").click()
    expect(page.locator(".toast.bad")).to_contain_text("connection refused")
    assert tested == ["loki", "sys"]


def test_a_line_arrives_at_a_real_receiver(open_console: Open) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(DEADLINE_SECONDS)
        url = f"syslog+udp://127.0.0.1:{receiver.getsockname()[1]}"
        page = open_console(f"{WEB}[forward:central]\nurl={url}\nprograms=db\n").page("#/forwards")
        card = page.locator(".card.passed[data-name=central]")
        expect(card).to_contain_text(url)
        expect(card).to_contain_text("db · stdout, stderr · streams: 0")
        card.get_by_role("button", name="Send a test line").click()
        expect(page.locator(".toast.good")).to_contain_text("The test line of central was delivered.")
        assert b"<" in receiver.recv(65536)[:1]


def test_in_chinese_on_a_phone_it_is_for_everybody(open_console: Open) -> None:
    page = open_console(WEB).page("#/forwards", width=390, dark=True, language="zh-CN")
    show(page, FORWARDS)
    expect(page.locator(".card")).to_have_count(4)
    expect(page.locator("h1")).to_have_text("日志转发")
    expect(page.locator(".card[data-name=sys]")).to_contain_text("logs.example.net:6514：连接被拒绝")
    expect(page.locator(".card[data-name=none]")).to_contain_text("转发进程未运行：退出码 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    violations = Axe().run(page).response["violations"]
    assert [one["id"] for one in violations if one["impact"] in ("serious", "critical")] == []
