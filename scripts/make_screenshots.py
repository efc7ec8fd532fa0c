"""Make the pictures of the web console in docs/images: a demo daemon, a real browser, the main pages."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
SETTLE_SECONDS = 150  # so that the lines in the table, and the charts, have something to show
WEB = """
import itertools, time
for n in itertools.count():
    print(f"\\x1b[32mINFO\\x1b[0m GET /orders/{4000 + n} 200 {n * 7 % 90} ms")
    sum(range(n % 40 * 9000))
    time.sleep(0.12)
"""
CONFIGURATION = """
[supervisord]
logfile={tmp}/supervisord.log
pidfile={tmp}/supervisord.pid
childlogdir={tmp}
state_dir={tmp}/state
identifier=shop
[unix_http_server]
file={tmp}/s
[inet_http_server]
port=127.0.0.1:{port}
[program:db]
command={python} -m http.server {next} --bind 127.0.0.1
readiness=tcp://127.0.0.1:{next}
[program:cache]
command={python} -c "import time; kept = [bytes(1 << 20) for _ in range(40)]; time.sleep(9999)"
[program:migrate]
command=/bin/sh -c 'echo 14 migrations done'
startsecs=0
autorestart=false
depends_on=db
[program:web]
command={python} -u {tmp}/web.py
depends_on=db:ready, migrate:completed, cache
healthcheck=http://127.0.0.1:{next}/
healthcheck_interval=5
numprocs=3
process_name=web-%(process_num)d
[program:mailer]
command=/bin/sh -c 'echo "ConnectionRefusedError: [Errno 111] smtp.example.org:587" >&2; exit 1'
startretries=1
[program:search]
command=sleep 9999
depends_on=db
[program:report]
command=sleep 9999
autostart=false
[monitor:disk]
type=filesystem
path=/
rules=if space > 97%% then alert
"""


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("there is no Chromium; scripts/install_recipes.sh installs it", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vgshots") as tmp:
        port = _free_port()
        (Path(tmp) / "web.py").write_text(WEB)
        conf = Path(tmp) / "supervisord.conf"
        conf.write_text(CONFIGURATION.format(tmp=tmp, port=port, next=_free_port(), python=sys.executable))
        daemon = subprocess.Popen([Path(sys.executable).parent / "supervisord", "-n", "-s", "-c", conf])
        try:
            with sync_playwright() as playwright:
                arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
                browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
                _shoot(browser, f"http://127.0.0.1:{port}/")
                browser.close()
        finally:
            daemon.terminate()
            daemon.wait()
    return 0


def _shoot(browser: Browser, url: str) -> None:
    page = _open(browser, url, width=1440)
    time.sleep(SETTLE_SECONDS)
    page.screenshot(path=IMAGES / "console-overview.png")
    for name, path in (
        ("process", "#/process/web:web-1"),
        ("log", "#/process/web:web-1/log"),
        ("graph", "#/graph"),
        ("failure", "#/process/mailer"),
    ):
        page.goto(url + path)
        page.wait_for_timeout(2500)
        page.screenshot(path=IMAGES / f"console-{name}.png")
    page = _open(browser, url, width=390, language="zh-CN", dark=True)
    page.wait_for_timeout(12000)
    page.screenshot(path=IMAGES / "console-phone-zh.png")


def _open(browser: Browser, url: str, *, width: int, language: str = "en-US", dark: bool = False) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 500 else 760},
        locale=language,
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    for _ in range(100):
        try:
            page.goto(url)
            break
        except Exception:  # it is not there yet
            time.sleep(0.1)
    expect(page.locator("tr[data-name]").first).to_be_visible()
    return page


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
