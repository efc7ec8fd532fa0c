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
[program:idle]
command=sleep 9999
numprocs={programs}
process_name=idle-%(process_num)04d
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
"""
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
        text = CONFIGURATION.format(tmp=tmp, port=port, programs=PROGRAMS, lines=LINES)
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
    page.evaluate(
        """() => { window.gaps = []; let last = performance.now();
        const frame = (now) => { window.gaps.push(now - last); last = now; requestAnimationFrame(frame); }; requestAnimationFrame(frame); }"""
    )
    began = time.monotonic()
    with (tmp / "go").open("w") as go:
        go.write("\n")
    page.wait_for_function(f"document.querySelectorAll('.lines .l').length >= {LINES}")
    took = time.monotonic() - began
    gaps = sorted(page.evaluate("window.gaps"))
    print(f"{LINES} lines are shown after {took * 1000:.0f} ms; the longest frame took {gaps[-1]:.0f} ms")
    page.context.close()


if __name__ == "__main__":
    sys.exit(main())
