"""The start-up budget: what the daemon must not import before its programs run, and need not at all without doors."""

import subprocess
import sys
from pathlib import Path

from support.until import DEADLINE_SECONDS

FORBIDDEN = {
    "_ssl",
    "hashlib",
    "hmac",
    "email",
    "tempfile",
    "sqlite3",
    "psutil",
    "cronsim",
    "h11",
    "http",
    "xmlrpc",
}


def test_a_daemon_without_doors_never_imports_what_is_dear(tmp_path: Path) -> None:
    conf = tmp_path / "c"
    conf.write_text(
        f"[supervisord]\nnodaemon=true\nhistory=false\nlogfile={tmp_path}/log\npidfile={tmp_path}/pid\nchildlogdir={tmp_path}\n"
        "[program:end]\ncommand=/bin/sh -c 'kill -TERM $PPID; sleep 100'\nstartsecs=0\n"
    )
    command = [sys.executable, "-X", "importtime", "-m", "vigild.classic.supervisord", "-c", str(conf)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    imported = {
        line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line
    }
    assert "asyncio" in imported, "the list is read wrongly"
    assert imported & FORBIDDEN == set()
    assert "spawned: 'end'" in done.stdout


def test_ssl_can_still_be_imported_by_a_plugin() -> None:
    code = (
        "import sys; from vigild.classic.supervisord import main; sys.argv = ['supervisord', '-v']; main();"
        "assert 'ssl' not in sys.modules; import ssl; ssl.create_default_context"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
