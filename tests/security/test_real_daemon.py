"""The real daemon: users, a token for one program, a role that changes with a reread."""

import base64
import http.client
import subprocess
from pathlib import Path

from support.daemon import Daemon, bin_dir
from support.ports import free_port
from support.until import DEADLINE_SECONDS

CONF = """
[inet_http_server]
port=127.0.0.1:{port}
[user:ann]
password=secret
role={role}
[program:cat]
command=/bin/cat
[program:dog]
command=/bin/cat
"""


def ask(port: int, method: str, path: str, authorization: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    connection.request(method, path, b"{}" if method == "POST" else None, headers)
    with connection.getresponse() as response:
        response.read()
        status = response.status
    connection.close()
    return status


def test_users_and_tokens_of_a_running_daemon(tmp_path: Path) -> None:
    port = free_port()
    ann = "Basic " + base64.b64encode(b"ann:secret").decode()
    with Daemon(tmp_path, CONF.format(port=port, role="viewer")) as daemon:
        text = daemon.conf.read_text()
        assert ask(port, "GET", "/api/v1/processes/cat", ann) == 200
        assert ask(port, "POST", "/api/v1/processes/cat/stop", ann) == 403
        assert ask(port, "GET", "/api/v1/processes/cat", "Basic eDp5") == 401
        daemon.conf.write_text(text.replace("role=viewer", "role=operator"))
        assert daemon.ctl("reread").code == 0
        assert ask(port, "POST", "/api/v1/processes/cat/stop", ann) in (200, 202)
        vigil = [str(bin_dir() / "vigil"), "token", "create", "ci", "--role=operator", "--program=dog"]
        made = subprocess.run([*vigil, "-c", str(daemon.conf)], capture_output=True, text=True, check=True)
        token = f"Bearer {made.stdout.strip()}"
        assert ask(port, "POST", "/api/v1/processes/dog/stop", token) in (200, 202)
        assert ask(port, "POST", "/api/v1/processes/cat/start", token) == 403
        assert "token:ci@127.0.0.1" in subprocess.run(
            [str(bin_dir() / "vigil"), "history", "-c", str(daemon.conf)], capture_output=True, text=True
        ).stdout  # fmt: skip
