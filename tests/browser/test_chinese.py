"""The console in Chinese: no page of it says anything in English but names, and what programs wrote."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.browser_console import Console
from vigild.config.options import PROGRAM
from vigild.core.process import TOO_QUICKLY
from vigild.core.restarts import Pace, flapping_words
from vigild.engine.chronicle import UNSEEN_END
from vigild.engine.words import exit_words

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

TROUBLED = """
[program:good]
command=sleep 1000
healthcheck=tcp://127.0.0.1:1
healthcheck_interval=2
healthcheck_retries=1
[program:gone]
command=/usr/bin/no-such-thing
startretries=0
[program:waits]
command=sleep 1000
depends_on=gone:ready
[program:quick]
command=/bin/sh -c 'exit 3'
startretries=0
[program:shot]
command=/bin/sh -c 'kill -SEGV $$'
startsecs=0
autorestart=false
[program:flap]
command=false
startsecs=0
flapping=2/60s
on_flapping=fatal
[program:job]
command=/bin/sh -c 'exit 3'
schedule=@yearly
autostart=true
[program:idle]
command=sleep 1000
autostart=false
numprocz=3
stdout_logfile=NONE
[monitor:disk]
type=filesystem
path=/
rules=if space > 0%% then alert
[monitor:site]
type=host
url=tcp://127.0.0.1:1
rules=if failed then alert
[alert:ops]
url=http://127.0.0.1:1/hook
"""
NAMES = {"good", "gone", "waits", "quick", "shot", "flap", "job", "idle", "disk", "site", "ops", "shop"}
# Words that are the same in Chinese: names of things, and what one types.
SAME = {
    *("Vigil", "Python", "API", "English", "PID", "CPU", "RSS", "MB", "KB", "GB", "HTTP", "core", "shell", "cron", "inode"),
    *("vigil", "check", "history", "supervisorctl", "tail", "start", "stderr", "stdout", "autorestart", "unexpected", "true"),
    *("startsecs", "forking", "coredumpctl", "limit", "unlimited", "healthcheck", "on", "unhealthy", "alert", "PATH", "tcp", "http", "url"),
    *("SIGSEGV", "SIGTERM", "usr", "bin", "no", "such", "thing", "yearly", "program", "environment", "file", "ENV", "NAME", "conf", "supervisord", "HUP", "uid", "hook", "fs"),
}  # fmt: skip
# Text of the page and what screen readers say of it, without what stands there in somebody else's words.
READ = """() => {
  const foreign = "noscript, code, pre, .lines, [lang=en], table.config, option, .brand, .identifier";
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(foreign)) said.push(walker.currentNode.data);
  for (const element of document.querySelectorAll("[title], [aria-label], [placeholder]")) {
    if (element.closest(foreign) || element.matches("[title]:is(th, time), .findings [title]")) continue;
    for (const name of ["title", "aria-label", "placeholder"]) said.push(element.getAttribute(name) || "");
  }
  return said.flatMap((text) => (text.match(/[A-Za-z]{2,}/g) || []).map((word) => [word, text.trim()]));
}"""


def english(page: Page) -> dict[str, str]:
    """Words that should not stand there, each with its sentence."""
    return {word: text for word, text in page.evaluate(READ) if word not in SAME | NAMES}


def test_no_page_says_anything_in_english(open_console: Open) -> None:
    console = open_console(TROUBLED)
    for name in ("gone", "quick", "flap"):
        console.daemon.wait_state(name, "FATAL")
    console.daemon.wait_state("shot", "EXITED")
    page = console.page(language="zh-CN")
    found: dict[str, str] = {}
    for path, sign in {
        "": "tr[data-name='good'] .health.unhealthy",
        "#/graph": ".node",
        "#/monitors": ".card.failed[data-name=site]",
        "#/alerts": ".card",
        "#/events": ".history tr[data-kind=exit]",
        "#/config": ".findings .badge",
        "#/daemon": ".facts dd",
        "#/process/idle": ".why p",
        "#/process/idle/log": ".reason",
        "#/process/good/log": ".lines",
        "#/process/good/config": "table.config td",
        "#/process/good/tree": ".tree li",
        **{f"#/process/{name}": ".why h3" for name in ("gone", "quick", "shot", "flap", "job")},
        "#/process/shot/history": ".history td",
    }.items():
        page.goto(console.url + path)
        expect(page.locator(sign).first).to_be_visible()
        found |= {f"{path}: {word}": text for word, text in english(page).items()}
    assert not found, "\n".join(f"{word} in: {text}" for word, text in found.items())


def test_questions_and_refusals_are_in_chinese_too(open_console: Open) -> None:
    console = open_console(TROUBLED)
    console.daemon.wait_state("gone", "FATAL")
    page = console.page(language="zh-CN")
    page.locator("tr[data-name='gone'] .act.start").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("找不到命令")
    assert english(page) == {}
    page.keyboard.press("Escape")
    page.locator("tr[data-name='good'] .act.stop").click()
    expect(dialog).to_contain_text("停止 1 个进程")
    assert english(page) == {}
    page.keyboard.press("Escape")
    page.goto(f"{console.url}#/alerts")
    page.get_by_role("button", name="发送测试").click()
    expect(page.locator(".toast.bad")).to_contain_text("连接被拒绝")
    assert english(page) == {}


def test_sentences_of_the_daemon_are_known(open_console: Open) -> None:
    console = open_console("")
    sentences = [
        TOO_QUICKLY,
        UNSEEN_END,
        flapping_words(Pace()),
        exit_words(11)[1],
        "space 91.2% > 90% for 3 of 5 cycles",
        "web is given up (FATAL) after 4 tries: exited with status 1 after 0.3 s, before it was up",
        "web flaps: 10 restarts within 60 seconds, the last time it exited with status 7 after 1.5 s; it is given up",
        "web is unhealthy: 3 checks failed in a row, the last: HTTP 500",
        "job still runs: its run of 2026-11-21 08:00 is skipped",
        "it ended while no daemon ran; what it wrote was kept by the service manager, and is in its log",
    ]
    page = console.page(language="zh-CN")
    said = page.evaluate(
        "async (all) => { const { say } = await import('/console/said.js'); return all.map(say); }", sentences
    )
    unknown = [
        one
        for one, chinese in zip(sentences, said, strict=True)
        if not any("\u4e00" <= c <= "\u9fff" for c in chinese)
    ]
    assert unknown == []
    assert said[4] == "空间 91.2% > 90%（5 个周期中有 3 个）"
    same = page.evaluate("async () => (await import('/console/said.js')).say('a word of a program: 12')")
    assert same == "a word of a program: 12"


def test_options_are_called_as_in_the_file(open_console: Open) -> None:
    page = open_console("").page()
    fields = {option.field: option.name for option in PROGRAM.values() if option.field}
    named = page.evaluate(
        "async (all) => { const { optionName } = await import('/console/views/values.js'); return all.map(optionName); }",
        list(fields),
    )
    assert dict(zip(fields, named, strict=True)) == fields
