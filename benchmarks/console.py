"""`python -m benchmarks.console`: the web console with a thousand programs: how soon it is there, how soon it knows.

Needs Chromium. The browser and the daemon share the machine; the daemon's share is measured by its own CPU time.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from support.daemon import Daemon
from support.ports import free_port

PROGRAMS = 1000
PAINTS, CHANGES, CONSOLES, WATCH_SECONDS = 5, 20, 5, 30.0
LINES = 10_000
FLOOD_SECONDS, FLOOD_LINES = 20, 10_000  # a second
LONG_LOG_BYTES = 180 * 1024 * 1024
CONFIGURATION = """
[supervisord]
logfile={tmp}/supervisord.log
pidfile={tmp}/supervisord.pid
childlogdir={tmp}
state_dir={tmp}/state
[unix_http_server]
file={tmp}/s
[inet_http_server]
port=127.0.0.1:{port}
[supervisorctl]
serverurl=unix://{tmp}/s
[program:one]
command=sleep 9999
startsecs=0
[program:log]
command=sh -c 'read go < {tmp}/go; seq -f "line %%.0f of the log of a program" {lines}; exec sleep 9999'
[program:flood]
command={python} {tmp}/flood.py
stdout_logfile={tmp}/flood.log
[program:long]
command=sleep 9999
stdout_logfile={tmp}/long.log
stdout_logfile_maxbytes=0
[program:idle]
command=sleep 9999
numprocs={programs}
process_name=idle-%(process_num)04d
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
"""
FLOOD = """
import itertools, os, time
open({go!r}).readline()
begun, number = time.monotonic(), 0
while time.monotonic() < begun + {seconds}:
    due = int((time.monotonic() - begun) * {lines})
    os.write(1, b"".join(b"\\x1b[32mINFO\\x1b[0m request %d of a program that writes a lot\\n" % n for n in range(number, due)))
    number = due
    time.sleep(0.02)
os.write(1, b"that was %d\\n" % number)
time.sleep(9999)
"""
FRAMES = """() => { window.gaps = []; let last = performance.now();
    const frame = (now) => { window.gaps.push(now - last); last = now; requestAnimationFrame(frame); }; requestAnimationFrame(frame); }"""
ROWS = "document.querySelectorAll('tr[data-name]').length"
FIRST = "document.querySelector('tr[data-name]')"
STATE = "document.querySelector(\"tr[data-name='one'] .badge\").dataset.state"


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("there is no Chromium; scripts/install_recipes.sh installs it", file=sys.stderr)
        return 1
    print(f"load before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="vgcon", dir="/tmp") as name:
        tmp, port = Path(name), free_port()
        os.mkfifo(tmp / "go")
        os.mkfifo(tmp / "flood")
        flood = FLOOD.format(go=str(tmp / "flood"), seconds=FLOOD_SECONDS, lines=FLOOD_LINES)
        (tmp / "flood.py").write_text(flood)
        _write_long_log(tmp / "long.log")
        text = CONFIGURATION.format(tmp=tmp, port=port, programs=PROGRAMS, lines=LINES, python=sys.executable)
        with Daemon(tmp, text) as daemon, sync_playwright() as playwright:
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
            url = f"http://127.0.0.1:{port}/"
            daemon.wait_state("idle:idle-0999", "RUNNING")
            time.sleep(5)
            _paints(browser, url)
            _changes(browser, url, daemon)
            _many_consoles(browser, url, daemon)
            _long_log(browser, url, tmp)
            _flood(browser, url, tmp)
            _search(browser, url, daemon)
            browser.close()
    return 0


def _page(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True).new_page()
    page.goto(url, wait_until="commit")
    return page


def _paints(browser: Browser, url: str) -> None:
    first, whole = [], []
    for _ in range(PAINTS):
        page = _page(browser, url)
        page.wait_for_function(FIRST, polling="raf")
        first.append(page.evaluate("performance.now()"))
        page.wait_for_function(f"{ROWS} >= {PROGRAMS}", polling="raf")
        whole.append(page.evaluate("performance.now()"))
        page.context.close()
    print(
        f"first rows after {statistics.median(first):.0f} ms, all {PROGRAMS} after {statistics.median(whole):.0f} ms (target 1000)"
    )


def _changes(browser: Browser, url: str, daemon: Daemon) -> None:
    page = _page(browser, url)
    page.wait_for_function(f"{ROWS} >= {PROGRAMS}")
    page.evaluate(
        """() => { window.seen = []; const badge = document.querySelector("tr[data-name='one'] .badge");
        new MutationObserver(() => window.seen.push([Date.now() / 1000, badge.dataset.state])).observe(badge, {attributes: true}); }"""
    )
    late = []
    for number in range(CHANGES):
        page.evaluate("window.seen.length = 0")
        wanted = "STOPPED" if number % 2 == 0 else "RUNNING"
        daemon.ctl("stop" if number % 2 == 0 else "start", "one")
        page.wait_for_function(f"{STATE} === '{wanted}'")
        shown = next(at for at, state in page.evaluate("window.seen") if state == wanted)
        facts = page.evaluate("fetch('/api/v1/history?name=one&kinds=state&limit=1').then(r => r.json())")[
            "facts"
        ]
        late.append((shown - facts[-1]["at"]) * 1000)
    page.context.close()
    print(
        f"a change is on the page after {statistics.median(late):.0f} ms, at worst {max(late):.0f} (target 200)"
    )


def _many_consoles(browser: Browser, url: str, daemon: Daemon) -> None:
    pages = [_page(browser, url) for _ in range(CONSOLES)]
    for page in pages:
        page.wait_for_function(f"{ROWS} >= {PROGRAMS}")
    time.sleep(5)
    assert daemon.process is not None
    process = psutil.Process(daemon.process.pid)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(WATCH_SECONDS)
    share = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began) * 100
    for page in pages:
        page.context.close()
    print(f"with {CONSOLES} consoles open the daemon takes {share:.1f} % of a core (target 5)")


def _long_log(browser: Browser, url: str, tmp: Path) -> None:
    page = _page(browser, f"{url}#/process/log/log")
    page.wait_for_selector(".lines")
    page.evaluate(FRAMES)
    began = time.monotonic()
    with (tmp / "go").open("w") as go:
        go.write("\n")
    page.wait_for_function(f"document.querySelectorAll('.lines .l').length >= {LINES}")
    took = time.monotonic() - began
    gaps = sorted(page.evaluate("window.gaps"))
    print(f"{LINES} lines are shown after {took * 1000:.0f} ms; the longest frame took {gaps[-1]:.0f} ms")
    page.context.close()


def _write_long_log(path: Path) -> None:
    block = b"".join(
        b"%09d a line of a log that has been growing for a long time\n" % n for n in range(20_000)
    )
    with path.open("wb") as file:
        file.write(b"the needle\n")
        while file.tell() < LONG_LOG_BYTES:
            file.write(block)


def _flood(browser: Browser, url: str, tmp: Path) -> None:
    """A program that writes without end, with its log open: frames of the page, and what it holds."""
    page = _page(browser, f"{url}#/process/flood/log")
    page.wait_for_selector(".lines")
    page.evaluate(FRAMES)
    with (tmp / "flood").open("w") as go:
        go.write("\n")
    page.wait_for_function(
        "document.querySelector('.lines').textContent.includes('that was')", timeout=120_000
    )
    gaps = sorted(page.evaluate("window.gaps"))
    held = page.evaluate("document.querySelectorAll('.lines .l').length")
    print(
        f"{FLOOD_LINES} lines a second for {FLOOD_SECONDS} s: half of the frames took {statistics.median(gaps):.0f} ms, "
        f"99 of 100 at most {gaps[int(len(gaps) * 0.99)]:.0f}, the longest {gaps[-1]:.0f}; {held} lines are on the page"
    )
    page.context.close()


def _search(browser: Browser, url: str, daemon: Daemon) -> None:
    """A text at the beginning of a log of 180 MB; meanwhile others ask the daemon how it is."""
    page = _page(browser, f"{url}#/process/long/log")
    page.wait_for_selector(".lines .l")
    page.locator("input[type=search]").fill("the needle")
    began = time.monotonic()
    page.keyboard.press("Enter")
    answers = []
    while page.locator(".matches li").count() == 0:
        asked = time.monotonic()
        page.evaluate("fetch('/api/v1/caller').then(r => r.json())")
        answers.append((time.monotonic() - asked) * 1000)
    took = time.monotonic() - began
    print(
        f"a text is found in {LONG_LOG_BYTES >> 20} MB after {took:.1f} s; others wait {statistics.median(answers):.0f} ms "
        f"for an answer meanwhile, at worst {max(answers):.0f}"
    )
    page.context.close()


if __name__ == "__main__":
    sys.exit(main())
