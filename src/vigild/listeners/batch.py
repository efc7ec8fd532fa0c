"""What crashmailbatch, fatalmailbatch and crashsms share: lines are gathered, and a tick sends them as one mail."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vigild.listeners import mail_options
from vigild.listeners.crashmail import TAIL_LINES
from vigild.listeners.daemon_calls import connect, tails
from vigild.listeners.effects import Mail, Say, Send
from vigild.listeners.options import HELP, Option, Tool, UsageError, converted
from vigild.listeners.protocol import Event
from vigild.listeners.runner import Postman, command_line, has_daemon, misused, say, serve, test_mail

MAX_LINES = 10_000
DIGEST_CHARACTERS = 76

OPTIONS = (
    HELP,
    Option("interval", "i", "MINUTES", "How long lines are gathered for one mail (1.0)."),
    Option(
        "tickEvent", "e", "EVENT", "The tick that counts the time: TICK_5, TICK_60 or TICK_3600 (TICK_60)."
    ),
    *mail_options.SMTP,
    TAIL_LINES,
)


class Settings(NamedTuple):
    """What the flags come to."""

    to: tuple[str, ...]
    sender: str
    subject: str | None
    interval_minutes: float = 1.0
    tick: str = "TICK_60"
    tick_minutes: float = 1.0


class Batch(NamedTuple):
    """What was gathered since the last mail, for how long, and how many lines found no room."""

    lines: tuple[str, ...] = ()
    minutes: float = 0.0
    left_out: int = 0


LineOf = Callable[[Event, float], str | None]
"""An event and the time, as a line of the mail; None if it is not for it."""


def decide(
    event: Event, batch: Batch, settings: Settings, line_of: LineOf, tail: str, wall_seconds: float
) -> tuple[Batch, list[Say | Send]]:
    """What an event does to the batch; `tail` goes under its line."""
    if event.name == settings.tick:
        batch = batch._replace(minutes=batch.minutes + settings.tick_minutes)
        if batch.minutes < settings.interval_minutes:
            return batch, []
        return Batch(), _sending(batch, settings) if batch.lines else []
    line = line_of(event, wall_seconds)
    if line is None:
        return batch, []
    said = Say(f"{line}\n")
    if len(batch.lines) >= MAX_LINES:
        return batch._replace(left_out=batch.left_out + 1), [said]
    return batch._replace(lines=(*batch.lines, line + tail)), [said]


def _sending(batch: Batch, settings: Settings) -> list[Say | Send]:
    body = "\n".join(batch.lines)
    if batch.left_out:
        body += f"\nand {batch.left_out} more"
    digest = body if len(body) <= DIGEST_CHARACTERS else f"{body[:DIGEST_CHARACTERS]}..."
    words = (
        f"Sending notification email:\nTo: {', '.join(settings.to)}\nFrom: {settings.sender}\n"
        f"Subject: {settings.subject}\nBody:\n{digest}\n"
    )
    return [Send(Mail(settings.to, settings.subject, body, settings.sender)), Say(words)]


def tick_minutes(name: str) -> float:
    """How long a tick is, from its name. ValueError if it is no tick's."""
    start, _, seconds = name.partition("_")
    if start != "TICK":
        raise ValueError(name)
    return int(seconds.split("_")[0]) / 60.0


def run(tool: Tool, subject: str | None, line_of: LineOf, argv: Sequence[str] | None) -> int:
    """The whole command, for the three tools."""
    parsed = command_line(tool, sys.argv[1:] if argv is None else argv)
    if not parsed.last("toEmail") or not parsed.last("fromEmail"):
        say(f"{tool.name}: needs both --toEmail and --fromEmail; `{tool.name} --help` lists the options\n")
        return 1
    try:
        interval = converted("--interval", parsed.last("interval", "1.0"), float, "number of minutes")
        lines = converted("--tail-lines", parsed.last("tail-lines", "0"), int, "number of lines")
    except UsageError as error:
        misused(tool, str(error))
    to = tuple(address.strip() for address in parsed.last("toEmail").split(","))
    route = mail_options.route(parsed, os.environ, by_smtp=True)
    if parsed.has("test-mail"):
        return test_mail(tool, Mail(to, "", "", parsed.last("fromEmail")), route)
    if not has_daemon(os.environ):
        say("Must run as a supervisor event listener\n")
        return 1
    tick = parsed.last("tickEvent", "TICK_60")
    try:
        minutes = tick_minutes(tick)
    except ValueError:
        say(f"{tool.name}: Invalid TICK event name: {tick}\n")
        return 1
    say(mail_options.warnings(tool.name, parsed))
    settings = Settings(
        to=to,
        sender=parsed.last("fromEmail"),
        subject=parsed.last("subject") if parsed.has("subject") else subject,
        interval_minutes=interval,
        tick=tick,
        tick_minutes=minutes,
    )
    postman = Postman(tool.name, route)
    _gather(settings, line_of, postman, lines)
    return 0


def _gather(settings: Settings, line_of: LineOf, postman: Postman, tail_lines: int) -> None:
    daemon = connect(os.environ) if tail_lines else None
    batch = Batch()

    def handle(event: Event) -> None:
        nonlocal batch
        now = time.time()
        wanted = daemon is not None and line_of(event, now) is not None
        tail = tails(daemon, event.group, event.process, tail_lines) if wanted else ""
        batch, effects = decide(event, batch, settings, line_of, tail, now)
        postman.perform(effects)

    serve(handle, postman)
