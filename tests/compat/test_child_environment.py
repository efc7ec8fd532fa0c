"""What a child finds: environment, working directory, umask, user, streams; and shared FastCGI sockets."""

import socket
import stat
from collections.abc import Callable

import pytest

from support.compat.playbill import Scenario
from support.compat.stage import HEAD, Stage
from support.ports import free_port
from support.until import DEADLINE_SECONDS

Agree = Callable[[Scenario], None]

SHOW = (
    "command=/bin/sh -c 'env > %(here)s/{0}.env; umask; pwd; id -un; echo $0; exec sleep 1000'\nstartsecs=0\n"
)


def environment_of(stage: Stage, name: str) -> list[str]:
    """The child's environment, without what the stage put there and the mark that is Vigil's own."""
    lines = stage.path(f"{name}.env").read_text().splitlines()
    left_out = ("PROBES=", "PYTHON=", "_=", "OLDPWD=", "VIGIL_SPAWN_ID=")
    return sorted(line for line in lines if not line.startswith(left_out))


def test_environment_directory_umask_user(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        head = HEAD.replace(
            "[supervisord]\n", '[supervisord]\nenvironment=GLOBAL=g,BOTH="from daemon"\numask=027\n'
        )
        stage.path("sub").mkdir()
        stage.root.chmod(0o755)
        stage.start(
            "[program:plain]\n" + SHOW.format("plain")
            + "[program:own]\n" + SHOW.format("own")
            + "environment=BOTH='from program',QUOTED=\"a,b=c\",HERE=%(here)s,NAME=%(program_name)s,EMPTY=\"\",HOME=/elsewhere\n"
            + "directory=%(here)s/sub\numask=007\nserverurl=http://example.invalid:1\n"
            + "[program:many]\n" + SHOW.format("many%(process_num)d") + "process_name=%(program_name)s%(process_num)d\nnumprocs=2\n"
            + "environment=NUMBER=%(process_num)d\n"
            + "[program:grouped]\n" + SHOW.format("grouped")
            + "[group:thegroup]\nprograms=grouped\n",
            head=head,
        )  # fmt: skip
        for name in ("plain", "own", "many:many0", "many:many1", "thegroup:grouped"):
            stage.until(
                lambda name=name: "sh" in str(stage.ask("supervisor.readProcessStdoutLog", name, 0, 0))
            )
            stage.rpc("readProcessStdoutLog", name, 0, 0)
            stage.note(f"environment of {name}", environment_of(stage, name.rpartition(":")[2]))

    agree(scenario)


def test_server_url_follows_the_doors(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        port = free_port()
        stage.tokens.append((str(port), "<port>"))
        stage.start("[program:p]\n" + SHOW.format("p") + f"[inet_http_server]\nport=127.0.0.1:{port}\n")
        stage.until(lambda: "sh" in str(stage.ask("supervisor.readProcessStdoutLog", "p", 0, 0)))
        stage.note("environment", environment_of(stage, "p"))

    agree(scenario)


def test_where_a_command_is_found(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        for name, text in (
            ("tools/tool", "#!/bin/sh\necho tool in tools\n"),
            ("tool2", "#!/bin/sh\necho tool two\n"),
        ):
            path = stage.path(name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        more = "startsecs=0\nautorestart=false\nautostart=false\n"
        stage.start(
            f'[program:bypath]\ncommand=tool\nenvironment=PATH="%(here)s/tools:/bin:/usr/bin"\n{more}'
            f"[program:relative]\ncommand=./tool2\ndirectory=%(here)s\n{more}"
            f"[program:quoted]\ncommand=/bin/echo \"two words\" 'single quoted' back\\ slash $HOME `no` > /dev/null ; comment\n{more}"
            f"[program:expanded]\ncommand=/bin/echo %(program_name)s %(group_name)s %(process_num)d %(ENV_HOME)s %(numprocs)d 100%%\n{more}"
            f'[program:noquote]\ncommand=/bin/echo "open\n{more}'
        )
        for name in ("bypath", "relative", "quoted", "expanded", "noquote"):
            stage.run_to_its_end(name)
            stage.rpc("readProcessStdoutLog", name, 0, 0)

    agree(scenario)


@pytest.mark.needs_root
def test_a_user_of_its_own(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.root.chmod(0o777)
        stage.start("[program:other]\n" + SHOW.format("other") + "user=nobody\n")
        stage.until(lambda: "sh" in str(stage.ask("supervisor.readProcessStdoutLog", "other", 0, 0)))
        stage.rpc("readProcessStdoutLog", "other", 0, 0)
        stage.note("environment", environment_of(stage, "other"))

    agree(scenario)


@pytest.mark.needs_root
def test_fastcgi_sockets(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        port = free_port()
        stage.tokens.append((str(port), "<port>"))
        fcgi = "command=%(ENV_PYTHON)s %(ENV_PROBES)s/fcgi.py\nstartsecs=0\nautostart=false\n"
        stage.start(
            f"[fcgi-program:unix]\n{fcgi}socket=unix://%(here)s/f.sock\nsocket_mode=0666\nsocket_owner=nobody\n"
            "process_name=%(program_name)s_%(process_num)d\nnumprocs=2\n"
            f"[fcgi-program:tcp]\n{fcgi}socket=tcp://127.0.0.1:{port}\nsocket_backlog=16\n"
        )
        stage.rpc("startProcessGroup", "unix")
        stage.rpc("startProcess", "tcp")
        stage.mode("f.sock")
        stage.note("owner", stage.path("f.sock").owner())
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE_SECONDS)
            client.connect(str(stage.path("f.sock")))
            stage.note("unix says", client.recv(100).decode()[:4])
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS) as client:
            stage.note("tcp says", client.recv(100).decode())
        stage.rpc("stopProcess", "unix:unix_0")
        stage.note("one left", stat.S_ISSOCK(stage.path("f.sock").stat().st_mode))
        stage.rpc("stopProcess", "unix:unix_1")
        stage.rpc("stopProcess", "tcp")
        # How often sockets are made and closed, and whether the file stays, is in test_differences.
        stage.until(lambda: len(set(stage.log_lines("Closing"))) == 2, "sockets to be closed")
        lines = set(stage.log_lines("Creating socket", "Closing socket"))
        stage.note("log", "\n".join(sorted(lines)))

    agree(scenario)
