"""crashmail: a mail for each process that exits unexpectedly."""

import os
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from vigild.listeners import mail_options
from vigild.listeners.daemon_calls import connect, tails
from vigild.listeners.effects import Mail, Say, Send, mailed
from vigild.listeners.options import HELP, Option, Tool, UsageError, converted
from vigild.listeners.protocol import Event
from vigild.listeners.runner import Postman, command_line, has_daemon, misused, say, serve, test_mail
from vigild.listeners.units import asctime

TAIL_LINES = Option(
    "tail-lines", "", "N", "End the mail with the last N lines of the process's stderr and stdout.", True
)

TOOL = Tool(
    name="crashmail",
    summary="Mails each time that a process exits unexpectedly.",
    positional="",
    options=(
        HELP,
        Option(
            "program",
            "p",
            "NAME",
            "Mail for this process (`name`, `group:name`, `group:*`). May be repeated.",
        ),
        Option("any", "a", "", "Mail for every process, whatever -p says. So it is without -p, too."),
        Option("optionalheader", "o", "TEXT", "Begins the subject."),
        *mail_options.SENDMAIL,
        *mail_options.SMTP_BESIDE_SENDMAIL,
        TAIL_LINES,
    ),
    example="[eventlistener:crashmail]\ncommand=crashmail -a -m ops@example.com\nevents=PROCESS_STATE_EXITED",
    events="PROCESS_STATE_EXITED",
)


class Settings(NamedTuple):
    """What the flags come to."""

    programs: tuple[str, ...] = ()
    email: str = ""
    header: str = ""
    sender: str = ""


def is_crash(event: Event, programs: Sequence[str] = ()) -> bool:
    """Did a process exit unexpectedly, one of `programs` if any are named?"""
    if event.name != "PROCESS_STATE_EXITED" or event.facts.get("expected") != "0":
        return False
    names = (event.process, f"{event.group}:{event.process}", f"{event.group}:*")
    return not programs or any(name in programs for name in names)


def decide(event: Event, settings: Settings, tail: str, wall_seconds: float) -> list[Say | Send]:
    """What to do about an event; `tail` ends the mail."""
    if not is_crash(event, settings.programs):
        return []
    if not settings.email:
        return [Say("unexpected exit, not mailing: no address was given with -m\n")]
    subject = f" {event.process} crashed at {asctime(wall_seconds)}"
    if settings.header:
        subject = f"{settings.header}:{subject}"
    body = (
        f"Process {event.process} in group {event.group} exited unexpectedly "
        f"(pid {event.facts.get('pid', '')}) from state {event.facts.get('from_state', '')}{tail}"
    )
    mail = Mail((settings.email,), subject, body, settings.sender)
    return [Say("unexpected exit, mailing\n"), Send(mailed(mail))]


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parsed = command_line(TOOL, sys.argv[1:] if argv is None else argv)
    try:
        lines = converted("--tail-lines", parsed.last("tail-lines", "0"), int, "number of lines")
    except UsageError as error:
        misused(TOOL, str(error))
    route = mail_options.route(parsed, os.environ, by_smtp=False)
    if parsed.has("test-mail"):
        email = parsed.last("email")
        return test_mail(TOOL, Mail((email,) if email else (), "", "", parsed.last("fromEmail")), route)
    if not has_daemon(os.environ):
        say("crashmail must be run as a supervisor event listener\n")
        return 0
    say(mail_options.warnings(TOOL.name, parsed))
    settings = Settings(
        programs=() if parsed.has("any") else tuple(parsed.all("program")),
        email=parsed.last("email"),
        header=parsed.last("optionalheader"),
        sender=parsed.last("fromEmail"),
    )
    postman = Postman(TOOL.name, route)
    daemon = connect(os.environ) if lines else None

    def handle(event: Event) -> None:
        wanted = is_crash(event, settings.programs)
        tail = tails(daemon, event.group, event.process, lines) if wanted else ""
        postman.perform(decide(event, settings, tail, time.time()))

    serve(handle, postman)
    return 0


if __name__ == "__main__":
    sys.exit(main())
