"""The configuration of nginx in docs/how-to/access.md, with a real nginx in front of a real daemon."""

import base64
import http.client
import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.markdown import ROOT
from support.ports import free_port
from support.until import until
from vigild.cli.main import main

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
PAGE = (ROOT / "docs" / "how-to" / "access.md").read_text()


def location(port: int) -> str:
    (block,) = re.findall(r"^location / \{\n.*?^\}\n", PAGE, re.MULTILINE | re.DOTALL)
    return block.replace("127.0.0.1:9001", f"127.0.0.1:{port}")


def configuration(tmp: Path, front: int, back: int) -> str:
    places = "".join(
        f"{kind}_temp_path {tmp}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    server = f"server {{ listen 127.0.0.1:{front};\n{location(back)}}}"
    return f"pid {tmp}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{places}{server}\n}}\n"


@pytest.mark.slow
@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_the_client_is_known_behind_nginx_and_cannot_say_who_it_is(
    short_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    front, back = free_port(), free_port()
    (short_tmp / "nginx.conf").write_text(configuration(short_tmp, front, back))
    conf = (
        f"[inet_http_server]\nport=127.0.0.1:{back}\ntrusted_proxies=127.0.0.1\n"
        "[user:ann]\npassword=secret\nrole=operator\n"
        f"[program:nginx]\ncommand={NGINX} -p {short_tmp} -e stderr -c nginx.conf -g 'daemon off;'\nstopsignal=QUIT\n"
        "[program:web]\ncommand=sleep 1000\n"
    )
    with Daemon(short_tmp, conf) as daemon:
        daemon.wait_state("nginx", "RUNNING")
        daemon.wait_state("web", "RUNNING")

        def ask(password: str, source: str) -> int:
            """From that address of this machine, claiming to be another."""
            client = http.client.HTTPConnection("127.0.0.1", front, source_address=(source, 0))
            headers = {
                "Authorization": "Basic " + base64.b64encode(f"ann:{password}".encode()).decode(),
                "Content-Type": "application/json",
                "X-Forwarded-For": "203.0.113.9",
            }
            with closing(client):
                client.request("POST", "/api/v1/processes/web/signal", b'{"signal": "CONT"}', headers)
                return client.getresponse().status

        until(lambda: ask("secret", "127.0.0.2") == 200, what="an answer through nginx")
        assert [ask("wrong", "127.0.0.3") for _ in range(6)] == [401] * 5 + [429]
        assert ask("secret", "127.0.0.2") == 200
        assert main(["history", "-c", str(daemon.conf), "web"]) == 0
    told = capsys.readouterr().out
    assert "by ann@127.0.0.2" in told
    assert "203.0.113.9" not in told
