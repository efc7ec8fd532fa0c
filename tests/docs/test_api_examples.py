"""The examples with curl do what the page says, on a real daemon."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.http_get import get
from support.markdown import ROOT
from support.until import DEADLINE_SECONDS, until

PAGE = (ROOT / "docs" / "how-to" / "api.md").read_text(encoding="utf-8")
CONF = """\
[program:web]
command=sh -c 'echo Traceback >&2; echo hello; exec cat'
process_name=%(process_num)s
numprocs=2
startsecs=0
[program:cron]
command=cat
startsecs=0
[program:bad]
command=sh -c 'exit 3'
startretries=0
[program:backup]
command=true
schedule=30 4 * * *
"""
FOLLOWS = ("follow", "/events")


def examples() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith(("api /", "api '/"))]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl")
def test_each_example(tmp_path: Path) -> None:
    with Daemon(tmp_path, CONF) as daemon:
        until(lambda: get(daemon.socket, "/api/v1/processes/web:1/logs/stderr").json.get("text", "") != "")
        until(lambda: get(daemon.socket, "/api/v1/processes/bad").json["state"] == "FATAL")
        begun = get(daemon.socket, "/api/v1/actions", "POST", {"action": "start", "names": ["web:1"]}).json
        (function,) = re.findall(r"^api\(\) .*--unix-socket.*$", PAGE, re.MULTILINE)
        function = function.replace("/run/supervisor.sock", str(daemon.socket))
        found = examples()
        assert len(found) > 15
        token = ""
        for line in found:
            command = line.replace("/operations/ID", f"/operations/{begun['id']}").replace(
                "/tokens/ID", token
            )
            if any(word in line for word in FOLLOWS):
                command += " --max-time 1"
            elif "-o " not in line:
                command += " -w '\\n%{http_code}'"
            done = subprocess.run(
                ["sh", "-c", f"{function}\n{command}"],
                capture_output=True,
                text=True,
                cwd=tmp_path,
                timeout=DEADLINE_SECONDS,
            )
            if any(word in line for word in FOLLOWS):
                assert "event: " in done.stdout, line
            elif "-o " in line:
                assert (tmp_path / "web.log").read_text().startswith("hello\n")
            else:
                body, _, status = done.stdout.rpartition("\n")
                expected = ("404",) if "/why" in line else ("200", "201", "202", "204")
                assert status in expected, (line, done.stdout[-500:], done.stderr)
                told = json.loads(body or "{}")
                assert told or status == "204"
                token = f"/tokens/{told['facts']['id']}" if status == "201" else token
