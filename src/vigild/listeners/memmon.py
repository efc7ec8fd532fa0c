"""memmon: restarts processes that hold more memory than they may."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NoReturn

from vigild.client.errors import ClientError, FaultError
from vigild.client.supervisor import ProcessInfo, Supervisor
from vigild.listeners import mail_options
from vigild.listeners.commands import run
from vigild.listeners.daemon_calls import connect, namespec, restart_environment
from vigild.listeners.effects import Mail
from vigild.listeners.memmon_decision import (
    Over,
    Restart,
    Settings,
    decide,
    failed_start_mail,
    failed_stop_mail,
    mail_of,
)
from vigild.listeners.offshoot import in_child
from vigild.listeners.options import HELP, Option, Parsed, Tool, UsageError, converted
from vigild.listeners.process_memory import resident
from vigild.listeners.protocol import Event
from vigild.listeners.runner import (
    Postman,
    command_line,
    has_daemon,
    misused,
    own_namespec,
    say,
    serve,
    test_mail,
)
from vigild.listeners.units import byte_size, duration_seconds

COMMAND_SECONDS = 300.0

TOOL = Tool(
    name="memmon",
    summary="Looks at the memory of processes at each tick, and restarts those that hold too much.",
    positional="",
    options=(
        HELP,
        Option("cumulative", "c", "", "Count all that descends from a process, too."),
        Option(
            "program", "p", "NAME=SIZE", "The limit of a process (`name`, `group:name`). May be repeated."
        ),
        Option("group", "g", "GROUP=SIZE", "The limit of each process of a group. May be repeated."),
        Option("any", "a", "SIZE", "The limit of every process but this listener."),
        *mail_options.SENDMAIL,
        Option(
            "uptime",
            "u",
            "DURATION",
            "Mail only if the process ran no longer than this (`90`, `5m`, `1h`, `2d`).",
        ),
        Option("name", "n", "NAME", "Stands in the subject of mails."),
        Option(
            "specific",
            "",
            "",
            "A process's own limit counts instead of its group's, and that instead of -a.",
            True,
        ),
        Option("hold", "", "DURATION", "Restart only what has been over its limit for so long.", True),
        Option(
            "restart-command", "", "COMMAND", "Run this for each process instead of a stop and a start.", True
        ),
        *mail_options.SMTP_BESIDE_SENDMAIL,
    ),
    example="[eventlistener:memmon]\ncommand=memmon -c -p web=200MB -a 1GB -m ops@example.com\nevents=TICK_60",
    events="TICK_5 or TICK_60",
)


def settings_of(parsed: Parsed, own: str) -> Settings:
    """The flags' meaning. Raises UsageError."""
    # Without -n, Superlance shows the last name of a -p or -g in subjects; filters of mail may know it.
    named = [
        value.partition("=")[0] for option in ("program", "group") for value in parsed.values.get(option, [])
    ]
    return Settings(
        cumulative=parsed.has("cumulative"),
        programs=_limits("--program", parsed.all("program")),
        groups=_limits("--group", parsed.all("group")),
        any=converted("--any", parsed.last("any"), byte_size, "size such as 200MB")
        if parsed.has("any")
        else None,
        email=parsed.last("email"),
        sender=parsed.last("fromEmail"),
        uptime_seconds=converted("--uptime", parsed.last("uptime"), duration_seconds, "duration such as 5m")
        if parsed.has("uptime")
        else None,
        name=parsed.last("name") if parsed.has("name") else (named[-1] if named else None),
        specific=parsed.has("specific"),
        hold_seconds=converted("--hold", parsed.last("hold", "0"), duration_seconds, "duration such as 5m"),
        restart_command=parsed.last("restart-command"),
        own=own,
    )


def _limits(flag: str, values: Sequence[str]) -> dict[str, int]:
    limits: dict[str, int] = {}
    for value in values:
        name, equals, size = value.rpartition("=")
        if not equals:
            raise UsageError(f"{flag}: {value!r} is not of the form name=size")
        limits[name] = converted(flag, size, byte_size, "size such as 200MB")
    return limits


class Memmon:
    """The listener: what it remembers, and what it does at a tick."""

    def __init__(self, settings: Settings, daemon: Supervisor, postman: Postman) -> None:
        self._settings = settings
        self._daemon = daemon
        self._postman = postman
        self._over: Over = {}

    def handle(self, event: Event) -> None:
        """A tick is for checking; all else is not for us. Ends the process when a restart fails, as it always did."""
        if not event.name.startswith("TICK"):
            return
        try:
            infos = self._daemon.all_info()
        except ClientError as error:
            say(f"cannot ask the daemon: {error}\n")
            return
        self._over, effects = decide(
            infos, self._readings(infos), self._over, self._settings, time.monotonic()
        )
        for effect in effects:
            if isinstance(effect, Restart):
                self._restart(effect)
            else:
                say(effect.text)

    def _readings(self, infos: Sequence[ProcessInfo]) -> Mapping[int, int]:
        pids = [info["pid"] for info in infos if info["pid"]]
        return resident(pids, self._settings.cumulative)

    def _restart(self, order: Restart) -> None:
        if self._settings.restart_command:
            self._command(order)
            return
        name = f"{order.info['group']}:{order.info['name']}"
        try:
            self._daemon.stop(name)
        except FaultError as fault:
            self._give_up(*failed_stop_mail(self._settings, name, order.rss_bytes, fault))
        try:
            self._daemon.start(name)
        except FaultError as fault:
            self._give_up(*failed_start_mail(self._settings, name, fault))
        self._tell(order)

    def _tell(self, order: Restart) -> None:
        mail = mail_of(order, self._settings, time.asctime(), time.strftime("%Z"))
        if mail is not None:
            self._postman.send(mail)

    def _command(self, order: Restart) -> None:
        command, environment = self._settings.restart_command, restart_environment(order.info)
        environment["RSS"] = str(order.rss_bytes)
        outcome = in_child(lambda: run(command, environment=environment), COMMAND_SECONDS)
        if outcome.error:
            say(f"Failed to restart process {namespec(order.info)}: {outcome.error}\n")
        else:
            self._tell(order)

    def _give_up(self, words: str, mail: Mail | None) -> NoReturn:
        say(f"{words}\n")
        if mail is not None:
            self._postman.send(mail)
        sys.exit(1)


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    parsed = command_line(TOOL, arguments)
    try:
        settings = settings_of(parsed, own_namespec(os.environ))
    except UsageError as error:
        misused(TOOL, str(error))
    if not arguments:
        misused(TOOL, "needs a limit: -p, -g or -a")
    route = mail_options.route(parsed, os.environ, by_smtp=False)
    if parsed.has("test-mail"):
        email = parsed.last("email")
        return test_mail(TOOL, Mail((email,) if email else (), "", "", parsed.last("fromEmail")), route)
    if not has_daemon(os.environ):
        say("memmon must be run as a supervisor event listener\n")
        return 1
    say(mail_options.warnings(TOOL.name, parsed))
    postman = Postman(TOOL.name, route)
    serve(Memmon(settings, connect(os.environ), postman).handle, postman)
    return 0


if __name__ == "__main__":
    sys.exit(main())
