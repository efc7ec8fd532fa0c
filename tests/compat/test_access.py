"""Doors and their locks: TCP and unix sockets, basic authentication, modes, what the client says when refused."""

import base64
import hashlib
import socket
from collections.abc import Callable

import pytest

from support.compat import wire
from support.compat.playbill import Scenario
from support.compat.stage import HEAD, Stage
from support.ports import free_port

Agree = Callable[[Scenario], None]

CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"


def tokened_port(stage: Stage) -> int:
    """A port of the loopback that was free a moment ago; its number becomes a token."""
    port = free_port()
    stage.tokens.append((str(port), "<port>"))
    return port


def basic(user: str, password: str) -> dict[str, str]:
    """The header of basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_password_clear_and_hashed(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        port = tokened_port(stage)
        digest = hashlib.sha1(b"secret").hexdigest()
        head = HEAD.replace(
            "file=%(here)s/s.sock\n", f"file=%(here)s/s.sock\nusername=me\npassword={{SHA}}{digest}\n"
        )
        stage.headers = basic("me", "secret")
        stage.start(
            CAT + f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=you\npassword=clear text\n", head=head
        )
        stage.until_state("cat", "RUNNING")
        unix = stage.address
        for door, user, password in ((unix, "me", "secret"), (wire.Address(port=port), "you", "clear text")):
            for tried in (
                basic(user, password),
                basic(user, "wrong"),
                basic("nobody", password),
                basic(user, ""),
                {},
            ):
                stage.address, stage.headers = door, tried
                stage.rpc("getState")
        stage.headers = {}
        for path in ("/RPC2", "/logtail/cat", "/mainlogtail"):
            stage.http("GET", path)
        stage.http("GET", "/RPC2", headers={"Authorization": "Bearer x"})
        stage.address, stage.headers = unix, basic("me", "secret")

    agree(scenario)


def test_the_client_and_passwords(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        port = tokened_port(stage)
        stage.address = wire.Address(port=port)
        stage.headers = basic("you", "word")
        head = HEAD.replace("[unix_http_server]\nfile=%(here)s/s.sock\n", "")
        stage.start(
            CAT + f"[inet_http_server]\nport=127.0.0.1:{port}\nusername=you\npassword=word\n", head=head
        )
        stage.until_state("cat", "RUNNING")
        url = f"http://127.0.0.1:{port}"
        stage.ctl("-s", url, "status", "cat")
        stage.keep_first_line()  # Supervisor's client goes on with a traceback's line
        stage.ctl("-s", url, "-u", "you", "-p", "word", "status", "cat")
        stage.ctl("-s", url, "-u", "you", "-p", "wrong", "status", "cat")
        stage.keep_first_line()  # Supervisor's client goes on with a traceback's line
        stage.ctl("-s", url, "-u", "you", "-p", "wrong", "stop", "cat")
        stage.keep_first_line()  # Supervisor's client goes on with a traceback's line
        stage.ctl("-s", url, "--username=you", "--password=word", "pid")

    agree_four_ways(scenario)


@pytest.mark.needs_root
def test_mode_of_the_socket_and_files(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            CAT
            + "[program:b]\ncommand=/bin/echo b\nstartsecs=0\nautorestart=false\nstdout_logfile=%(here)s/b.log\n"
        )
        stage.until_state("b", "EXITED")
        for name in ("s.sock", "supervisord.pid", "supervisord.log", "b.log"):
            stage.mode(name)
        stage.note(
            "pidfile",
            stage.path("supervisord.pid").read_text().strip() == str(stage.ask("supervisor.getPID")),
        )
        stage.end()
        stage.start(None, head="")
        stage.end()
        stage.configure(
            "", HEAD.replace("file=%(here)s/s.sock\n", "file=%(here)s/s.sock\nchmod=0777\nchown=nobody\n")
        )
        stage.start()
        stage.mode("s.sock")
        stage.note("owner", stage.path("s.sock").owner())

    agree(scenario)


def test_a_port_in_use(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = int(taken.getsockname()[1])
            stage.tokens.append((str(port), "<port>"))
            stage.configure(f"[inet_http_server]\nport=127.0.0.1:{port}\n")
            stage.run_daemon("-n")
        _, text = stage.transcript.entries.pop()
        # The sentence is our own after the first words: it says which port.
        stage.note("exit", [line[:42] for line in text.splitlines() if line.startswith(("exit", "!Error"))])

    agree(scenario)


def test_a_socket_that_is_left_over(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(stage.path("s.sock")))
        stage.start(CAT)
        stage.until_state("cat", "RUNNING")
        stage.infos()

    agree(scenario)
