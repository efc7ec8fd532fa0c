"""httpok: asks a URL at each tick, and restarts processes when the answer is not the right one."""

import os
import sys
import time
from collections.abc import Sequence

from vigild.client.errors import ClientError, FaultError
from vigild.client.supervisor import ProcessInfo, Supervisor
from vigild.listeners import mail_options
from vigild.listeners.commands import run
from vigild.listeners.daemon_calls import connect, is_named, namespec, restart_environment
from vigild.listeners.effects import Mail, mailed
from vigild.listeners.httpok_decision import (
    FATAL,
    RUNNING,
    CoreDump,
    Line,
    Memory,
    Plan,
    Restart,
    Settings,
    Start,
    Step,
    decide,
    trouble,
)
from vigild.listeners.offshoot import in_child
from vigild.listeners.options import HELP, Option, Parsed, Tool, UsageError, converted
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
from vigild.listeners.units import budget, duration_seconds
from vigild.listeners.web_check import Answer, get, parse_url, patient_get

COMMAND_SECONDS = 300.0
RETRY_SECONDS = 10

TOOL = Tool(
    name="httpok",
    summary="Asks a URL at each tick; when the answer is wrong, or there is none, it restarts processes and mails.",
    positional="URL",
    options=(
        HELP,
        Option(
            "program", "p", "NAME", "Restart this process (`name`, `group:name`, `group:*`). May be repeated."
        ),
        Option("any", "a", "", "Restart every running process but this listener, whatever -p says."),
        Option("timeout", "t", "SECONDS", "How long the whole answer may take (10)."),
        Option("code", "c", "STATUS", "The HTTP status that is right (200). May be repeated."),
        Option("body", "b", "TEXT", "What the answer's body must hold."),
        Option(
            "gcore", "g", "COMMAND", "Writes a core file: is given a file name and a pid (/usr/bin/gcore -o)."
        ),
        Option("coredir", "d", "DIRECTORY", "Write a core file of each process here before its restart."),
        *mail_options.SENDMAIL,
        Option(
            "eager", "e", "", "Ask and mail also when none of the processes runs. So it is without a flag."
        ),
        Option("not-eager", "E", "", "Ask only when one of the processes runs."),
        Option("name", "n", "NAME", "Stands in the subject of mails."),
        Option(
            "grace", "", "DURATION", "Leave a process alone for so long after its start (`90`, `5m`).", True
        ),
        Option(
            "max-restarts",
            "",
            "N/DURATION",
            "Restart a process at most N times within this (`5/1h`), then only tell.",
            True,
        ),
        Option("start-fatal", "", "", "Start processes that are FATAL, too.", True),
        Option(
            "restart-command", "", "COMMAND", "Run this for each process instead of a stop and a start.", True
        ),
        Option("verify", "", "", "Check the certificate of an https URL.", True),
        *mail_options.SMTP_BESIDE_SENDMAIL,
    ),
    example="[eventlistener:httpok]\ncommand=httpok -p web -m ops@example.com --grace=60 http://localhost:8080/health\n"
    "events=TICK_60",
    events="TICK_5 or TICK_60",
)


def settings_of(parsed: Parsed, own: str) -> Settings:
    """The flags' meaning. Raises UsageError."""
    if len(parsed.positionals) != 1:
        raise UsageError("needs one URL" if not parsed.positionals else "takes one URL only")
    url = parsed.positionals[0]
    eagerness = [name for name in parsed.values if name in ("eager", "not-eager")]
    codes = [converted("--code", code, int, "HTTP status") for code in parsed.all("code")]
    limit = parsed.last("max-restarts")
    return Settings(
        url=url,
        programs=tuple(parsed.all("program")),
        any=parsed.has("any"),
        timeout_seconds=converted("--timeout", parsed.last("timeout", "10"), int, "number of seconds"),
        statuses=tuple(codes) or (200,),
        body=parsed.last("body"),
        email=parsed.last("email"),
        sender=parsed.last("fromEmail"),
        core_directory=parsed.last("coredir"),
        gcore=parsed.last("gcore", "/usr/bin/gcore -o"),
        eager=eagerness[-1:] != ["not-eager"],
        name=parsed.last("name") if parsed.has("name") else None,
        grace_seconds=converted("--grace", parsed.last("grace", "0"), duration_seconds, "duration"),
        restart_budget=converted("--max-restarts", limit, budget, "number and duration, such as 5/1h")
        if limit
        else None,
        start_fatal=parsed.has("start-fatal"),
        restart_command=parsed.last("restart-command"),
        own=own,
    )


class Performer:
    """Carries out a plan; gathers what is to stand in the mail."""

    def __init__(self, settings: Settings, daemon: Supervisor, infos: Sequence[ProcessInfo]) -> None:
        self._settings = settings
        self._daemon = daemon
        self._infos = {namespec(info): info for info in infos}
        self.lines: list[str] = []

    def write(self, text: str) -> None:
        """A line for stderr and for the mail."""
        say(f"{text}\n")
        self.lines.append(text)

    def perform(self, steps: Sequence[Step]) -> None:
        """Carry out in order."""
        for step in steps:
            match step:
                case Line(text):
                    self.write(text)
                case CoreDump(name, path, pid):
                    self._dump(name, path, pid)
                case Restart(name) if self._settings.restart_command:
                    self._command(name)
                case Restart(name):
                    self._try("stop", name)
                    if self._try("start", name):
                        self.write(f"{name} restarted")
                case Start(name):
                    if self._try("start", name):
                        self.write(f"{name} started")

    def _try(self, order: str, name: str) -> bool:
        try:
            if order == "stop":
                self._daemon.stop(name)
            else:
                self._daemon.start(name)
        except FaultError as fault:
            self.write(f"Failed to {order} process {name}: {fault}")
            return False
        return True

    def _dump(self, name: str, path: str, pid: int) -> None:
        outcome = in_child(lambda: run(self._settings.gcore, [path, str(pid)]), COMMAND_SECONDS)
        self.write(f"gcore output for {name}:\n\n {outcome.text or outcome.error}")

    def _command(self, name: str) -> None:
        command, environment = self._settings.restart_command, restart_environment(self._infos[name])
        environment["URL"] = self._settings.url
        outcome = in_child(lambda: run(command, environment=environment), COMMAND_SECONDS)
        if outcome.error:
            self.write(f"Failed to restart process {name}: {outcome.error}")
        else:
            self.write(f"{name} restarted by {command}")


class Httpok:
    """The listener: what it remembers, and what it does at a tick."""

    def __init__(self, settings: Settings, daemon: Supervisor, postman: Postman, verify: bool) -> None:
        self._settings = settings
        self._daemon = daemon
        self._postman = postman
        self._verify = verify
        self._target = parse_url(settings.url)
        self._memory = Memory()

    def handle(self, event: Event) -> None:
        """A tick is for checking; all else is not for us."""
        if not event.name.startswith("TICK"):
            return
        if not self._settings.eager and not self._anything_runs():
            return
        found = trouble(self._ask(), self._settings)
        if found is None:
            self._memory = self._memory._replace(told=frozenset())
            return
        try:
            infos = self._daemon.all_info()
        except ClientError as error:
            say(f"Exception retrieving process info {error}, not acting\n")
            return
        self._memory, plan = decide(infos, self._memory, self._settings, time.monotonic())
        self._act(found.subject, found.text, plan, infos)

    def _anything_runs(self) -> bool:
        wanted = (RUNNING, FATAL) if self._settings.start_fatal else (RUNNING,)
        try:
            infos = self._daemon.all_info()
        except ClientError as error:
            say(f"cannot ask the daemon: {error}\n")
            return False
        return any(
            info["state"] in wanted
            and namespec(info) != self._settings.own
            and (self._settings.any or is_named(info, self._settings.programs))
            for info in infos
        )

    def _ask(self) -> Answer:
        return patient_get(
            lambda seconds: get(self._target, seconds, self._verify),
            self._settings.timeout_seconds,
            RETRY_SECONDS,
            time.sleep,
        )

    def _act(self, subject: str, text: str, plan: Plan, infos: Sequence[ProcessInfo]) -> None:
        performer = Performer(self._settings, self._daemon, infos)
        try:
            performer.perform(plan.steps)
        except ClientError as error:
            performer.write(f"The daemon cannot be asked any more: {error}")
        if plan.mails:
            self._mail(subject, [text, *performer.lines])

    def _mail(self, subject: str, lines: Sequence[str]) -> None:
        settings = self._settings
        if settings.email:
            self._postman.send(mailed(Mail((settings.email,), subject, "\n".join(lines), settings.sender)))


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parsed = command_line(TOOL, sys.argv[1:] if argv is None else argv)
    try:
        settings = settings_of(parsed, own_namespec(os.environ))
        converted("URL", settings.url, parse_url, "URL of the form http://host:port/path")
    except UsageError as error:
        misused(TOOL, str(error))
    route = mail_options.route(parsed, os.environ, by_smtp=False)
    if parsed.has("test-mail"):
        email = parsed.last("email")
        return test_mail(TOOL, Mail((email,) if email else (), "", "", parsed.last("fromEmail")), route)
    if not has_daemon(os.environ):
        say("httpok must be run as a supervisor event listener\n")
        return 0
    say(mail_options.warnings(TOOL.name, parsed))
    postman = Postman(TOOL.name, route)
    listener = Httpok(settings, connect(os.environ), postman, parsed.has("verify"))
    serve(listener.handle, postman)
    return 0


if __name__ == "__main__":
    sys.exit(main())
