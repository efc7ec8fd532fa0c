"""Superlance's own tools, unchanged, as listeners of both daemons."""

import re
from collections.abc import Callable

from support.compat.installation import THEIRS
from support.compat.playbill import Scenario
from support.compat.stage import Stage
from support.ports import free_port

Agree = Callable[[Scenario], None]


def tool(name: str, arguments: str, events: str) -> str:
    """A listener that is one of Superlance's commands; mail goes to a file."""
    command = THEIRS.command(name)
    return f"[eventlistener:{name}]\ncommand={command} {arguments}\nevents={events}\nstderr_logfile=%(here)s/{name}.err\npriority=1\n"


def test_httpok_and_memmon_restart(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        port = free_port()
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


def test_crashmail(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.write("mailer.sh", f"#!/bin/sh\ncat >> {stage.root}/mail\n").chmod(0o755)
        stage.start(
            tool(
                "crashmail", "-p crasher -m me@example.invalid -s %(here)s/mailer.sh", "PROCESS_STATE_EXITED"
            )
            + "[program:crasher]\ncommand=/bin/sh -c 'sleep 0.3; exit 9'\nstartsecs=0\nautorestart=false\nautostart=false\n"
            + "[program:fine]\ncommand=/bin/sh -c 'sleep 0.3; exit 0'\nstartsecs=0\nautorestart=false\nautostart=false\n"
        )
        stage.until_state("crashmail", "RUNNING")
        stage.run_to_its_end("fine")
        stage.run_to_its_end("crasher")
        mail = stage.path("mail")
        stage.until(lambda: mail.exists() and "crasher" in mail.read_text())
        stage.note(
            "mail", [line for line in mail.read_text().splitlines() if line.startswith(("To:", "Subject:"))]
        )
        stage.infos()

    agree(scenario)


def test_batches_of_mail(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        port = free_port()
        stage.tokens.append((str(port), "<port>"))
        # Nobody takes the mail: the tools say on stderr what they would have sent.
        batch = (
            f"-t to@example.invalid -f from@example.invalid -s Subject -i 0.01 -e TICK_5 -H 127.0.0.1:{port}"
        )
        stage.start(
            tool("crashmailbatch", batch, "PROCESS_STATE,TICK_5")
            + tool("fatalmailbatch", batch, "PROCESS_STATE,TICK_5")
            + "[program:crasher]\ncommand=/bin/sh -c 'exit 9'\nstartsecs=0\nautorestart=false\n"
            + "[program:fatal]\ncommand=/bin/false\nstartsecs=3\nstartretries=0\n"
        )
        for name in ("crashmailbatch", "fatalmailbatch"):
            path = stage.path(f"{name}.err")
            stage.until(
                lambda path=path: path.exists() and path.read_text().endswith("...\n"), f"{name} to send"
            )
            lines = path.read_text().splitlines()
            stage.note(name, "\n".join(re.sub(r"[\d-]+ [\d:,.]+ -- ", "<time> -- ", line) for line in lines))

    agree(scenario)
