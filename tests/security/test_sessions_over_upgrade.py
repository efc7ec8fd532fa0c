"""Who has logged in at the console still has after an upgrade, as the same; and what that takes is in no file."""

import http.client
import json
from pathlib import Path

from support.daemon import Daemon
from support.ports import free_port
from vigild.client.supervisor import Supervisor
from vigild.fronts.serving.auth import session_key

CONF = """
[inet_http_server]
port=127.0.0.1:{port}
[user:ann]
password=apple
role=admin
[user:eve]
password=pear
role=viewer
[user:bob]
password=plum
role=operator
[program:cat]
command=/bin/cat
"""
STOP = "/api/v1/processes/cat/stop"


def ask(port: int, method: str, path: str, cookie: str = "", origin: str = "") -> int:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    headers |= {"Cookie": cookie} if cookie else {}
    headers |= {"Origin": origin} if origin else {}
    return exchange(port, method, path, headers, b"{}" if method == "POST" else None)[0]


def exchange(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes | None
) -> tuple[int, str]:
    """Status, and the cookie that is set."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers)
    with connection.getresponse() as response:
        response.read()
        answered = response.status, (response.getheader("Set-Cookie") or "").partition(";")[0]
    connection.close()
    return answered


def log_in(port: int, name: str, password: str) -> str:
    body = json.dumps({"username": name, "password": password}).encode()
    status, cookie = exchange(port, "POST", "/login", {"Content-Type": "application/json"}, body)
    assert status == 200
    return cookie


def upgrade(daemon: Daemon) -> None:
    done = daemon.ctl("upgrade")
    assert (done.code, done.err) == (0, ""), (done, daemon.words())


def test_sessions_go_on_over_an_upgrade_with_their_roles(tmp_path: Path) -> None:
    port = free_port()
    with Daemon(tmp_path, CONF.format(port=port)) as daemon:
        ann, eve = log_in(port, "ann", "apple"), log_in(port, "eve", "pear")
        out = log_in(port, "ann", "apple")
        assert ask(port, "POST", "/logout", out) == 204
        for _ in range(2):  # the image that was handed them hands them on
            upgrade(daemon)
            assert ask(port, "GET", "/api/v1/processes/cat", ann) == 200
            assert ask(port, "GET", "/api/v1/processes/cat", eve) == 200
            assert ask(port, "POST", STOP, eve) == 403
            assert ask(port, "POST", STOP, ann, origin="http://evil.example") == 403
            assert ask(port, "GET", "/api/v1/processes/cat", out) == 401
            assert ask(port, "GET", "/api/v1/processes/cat", f"vigil_session_{port}=0") == 401
        assert ask(port, "POST", STOP, ann) in (200, 202)
        assert ask(port, "POST", "/logout", ann) == 204
        upgrade(daemon)
        assert ask(port, "GET", "/api/v1/processes/cat", ann) == 401


def test_whom_the_new_configuration_does_not_know_as_before_logs_in_anew(tmp_path: Path) -> None:
    port = free_port()
    with Daemon(tmp_path, CONF.format(port=port)) as daemon:
        cookies = [log_in(port, *who) for who in (("ann", "apple"), ("eve", "pear"), ("bob", "plum"))]
        text = daemon.conf.read_text()
        daemon.conf.write_text(text.replace("=pear", "=peach").replace("role=operator", "role=viewer"))
        upgrade(daemon)
        answered = [ask(port, "GET", "/api/v1/processes/cat", cookie) for cookie in cookies]
        assert answered == [200, 401, 401]


def test_what_is_handed_over_is_in_no_file_and_in_no_environment(tmp_path: Path) -> None:
    port = free_port()
    with Daemon(tmp_path, CONF.format(port=port)) as daemon:
        cookie = log_in(port, "ann", "apple").partition("=")[2]
        upgrade(daemon)
        assert ask(port, "GET", "/api/v1/processes/cat", f"vigil_session_{port}={cookie}") == 200
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            pid = client.daemon_info()["pid"]
        process = Path(f"/proc/{pid}")
        places = [process / "environ", process / "cmdline"]
        held = [link.resolve() for link in (process / "fd").iterdir()]
        assert not [path for path in held if "vigil-handover" in str(path)]
        directories = {tmp_path} | {path.parent for path in held if path.name == "lock"}
        assert len(directories) > 1  # the runtime directory, too
        places += [path for one in directories for path in one.rglob("*") if path.is_file()]
        digest = session_key(cookie)
        forms = (cookie.encode(), digest, digest.hex().encode())
        read = {path: path.read_bytes() for path in places}
        assert [path for path, data in read.items() if any(form in data for form in forms)] == []
