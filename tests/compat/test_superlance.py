"""Superlance's own tools, unchanged, as listeners of both daemons."""

import socket
from collections.abc import Callable

from support.compat.installation import THEIRS
from support.compat.playbill import Scenario
from support.compat.stage import Stage

Agree = Callable[[Scenario], None]


def tool(name: str, arguments: str, events: str) -> str:
    """A listener that is one of Superlance's commands; mail goes to a file."""
    command = THEIRS.command(name)
    return f"[eventlistener:{name}]\ncommand={command} {arguments}\nevents={events}\nstderr_logfile=%(here)s/{name}.err\npriority=1\n"


def mail(stage: Stage, name: str) -> Callable[[], str]:
    """What a tool has mailed so far."""
    path = stage.path(name)
    return lambda: path.read_text() if path.exists() else ""


def test_httpok_and_memmon_restart(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        stage.tokens.append((str(port), "<port>"))
        stage.start(
            tool("httpok", f"-p web -t 2 http://127.0.0.1:{port}/", "TICK_5")
            + tool("memmon", "-p hog=1KB", "TICK_5")
            + "[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n[program:hog]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
        )
        for name in ("web", "hog"):
            stage.until(lambda name=name: len(stage.log_lines(f"spawned: '{name}'")) >= 2)
            stage.until_state(name, "RUNNING")
            stage.note(name, stage.log_lines(f"spawned: '{name}'", f"stopped: {name}")[:3])
        stage.infos()

    agree(scenario)


def test_mail_about_crashes(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        # The tools split the command at blanks: a script is the mailer.
        for name in ("crashmail", "crashmailbatch", "fatalmailbatch"):
            stage.write(f"{name}.sh", f"#!/bin/sh\ncat >> {stage.root}/{name}.mail\n").chmod(0o755)
        batch = "-t to@example.invalid -f from@example.invalid -i 0.02 -e TICK_5 --smtpHost=127.0.0.1"
        del batch
        stage.start(
            tool(
                "crashmail",
                "-p crasher -m me@example.invalid -s %(here)s/crashmail.sh",
                "PROCESS_STATE_EXITED",
            )
            + "[program:crasher]\ncommand=/bin/sh -c 'exit 9'\nstartsecs=0\nautorestart=false\nautostart=false\n"
            + "[program:fine]\ncommand=/bin/sh -c 'exit 0'\nstartsecs=0\nautorestart=false\nautostart=false\n"
        )
        stage.until_state("crashmail", "RUNNING")
        stage.run_to_its_end("fine")
        stage.run_to_its_end("crasher")
        read = mail(stage, "crashmail.mail")
        stage.until(lambda: "crasher" in read())
        words = [line for line in read().splitlines() if line.startswith(("To:", "Subject:"))]
        stage.note("mail", words)
        stage.infos()

    agree(scenario)
