"""The client without a daemon, and the client as a shell fed from a file."""

import socket
from collections.abc import Callable

from support.compat.playbill import Scenario
from support.compat.stage import HEAD, Stage
from support.ports import free_port

Agree = Callable[[Scenario], None]

CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
ACTIONS = ("status", "start cat", "pid", "version", "shutdown", "update", "tail cat", "maintail")


def test_no_daemon_at_the_socket(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.configure(CAT)
        for action in ACTIONS:
            stage.ctl(*action.split())
            stage.keep_first_line()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(stage.path("s.sock")))
        stage.ctl("status")
        stage.keep_first_line()
        stage.ctl(stdin="status\n")
        stage.keep_first_line()

    agree(scenario)


def test_no_daemon_at_the_port(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        port = free_port()
        stage.tokens.append((str(port), "<port>"))
        stage.configure(CAT, HEAD.replace("unix://%(here)s/s.sock", f"http://127.0.0.1:{port}"))
        for action in ("status", "start cat", "pid", "shutdown"):
            stage.ctl(*action.split())
            stage.keep_first_line()

    agree(scenario)


def test_flags_of_the_client_that_are_wrong(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.configure(CAT)
        for flags in (
            ("--nosuch",),
            ("-s",),
            ("-s", "ftp://x", "status"),
            ("-c", "/nowhere/at/all.conf", "status"),
            ("-x", "status"),
        ):
            stage.ctl(*flags)
        stage.write("supervisord.conf", "[supervisord]\n")
        stage.ctl("status")

    agree(scenario)


def test_a_shell_fed_from_a_file(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        stage.until_state("cat", "RUNNING")
        stage.ctl(stdin="stop cat\nstart cat\nnosuch\n\nstatus cat\nversion\nquit\nstatus\n")
        stage.ctl("-i", "stop", "cat", stdin="start cat\nexit\n")
        stage.ctl(stdin="status cat\n")
        stage.ctl(stdin="stop nosuch\nstop cat; start cat\nEOF\n")

    agree_four_ways(scenario)


def test_the_prompt_of_the_configuration(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT, head=HEAD + "prompt=mine\n")
        stage.until_state("cat", "RUNNING")
        stage.ctl(stdin="pid nosuch\nexit\n")

    agree(scenario)


def test_help_knows_every_action(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        actions = [
            "add",
            "avail",
            "clear",
            "exit",
            "fg",
            "maintail",
            "open",
            "pid",
            "quit",
            "reload",
            "remove",
            "reread",
            "restart",
            "shutdown",
            "signal",
            "start",
            "status",
            "stop",
            "tail",
            "update",
            "version",
        ]
        done = stage.ctl("help")
        stage.transcript.entries.pop()
        stage.note("listed", sorted(set(done.stdout.decode().split()) & set(actions)))
        done = stage.ctl(stdin="".join(f"help {action}\n" for action in actions))
        stage.transcript.entries.pop()
        answered = [line for line in done.stdout.decode().split("supervisor> ")[1:] if line.strip()]
        stage.note("help of each", [answer.split()[0] for answer in answered])
        stage.ctl("help", "nosuch")

    agree(scenario)
