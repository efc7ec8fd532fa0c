"""What turns a decision into a listener: the loop, stderr, the outbox, the call back to the daemon."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from vigild.listeners.delivery import Route, deliver
from vigild.listeners.effects import Mail, Say, Send
from vigild.listeners.offshoot import in_child
from vigild.listeners.options import Parsed, Tool, UsageError, help_text, parse
from vigild.listeners.outbox import Outbox
from vigild.listeners.protocol import OK, READY, Event, Events, ProtocolError

SENDING_SECONDS = 60.0
LAST_TRY_SECONDS = 5.0
READ_BYTES = 64 * 1024
SERVER_URL = "SUPERVISOR_SERVER_URL"


def say(text: str) -> None:
    """Write to stderr as it stands. stdout belongs to the protocol."""
    sys.stderr.write(text)
    sys.stderr.flush()


def command_line(tool: Tool, arguments: Sequence[str]) -> Parsed:
    """The parsed flags. Ends the process for `--help` (0) and for what cannot be read."""
    try:
        parsed = parse(tool, arguments)
    except UsageError as error:
        misused(tool, str(error))
    if parsed.has("help"):
        print(help_text(tool))
        sys.exit(0)
    return parsed


def misused(tool: Tool, why: str) -> NoReturn:
    """End as a command that was called wrongly."""
    say(f"{tool.name}: {why}; `{tool.name} --help` lists the options\n")
    sys.exit(tool.usage_status)


def test_mail(tool: Tool, mail: Mail, route: Route) -> int:
    """`--test-mail`: send one, without a daemon; the exit status."""
    host = os.uname().nodename
    now = time.time()
    stamped = mail._replace(
        subject=f"{tool.name}: test",
        body=f"This is a test of {tool.name} on {host}. Its mails arrive.\n",
        sender=mail.sender or f"{tool.name}@{host}",
        wall_seconds=now,
        identity=f"{int(now * 1000)}.{os.getpid()}.test.vigil@{host}",
    )
    if not mail.to:
        say(f"{tool.name}: there is no address to send to\n")
        return 1
    outcome = in_child(lambda: deliver(stamped, route), SENDING_SECONDS)
    if outcome.error:
        say(f"Error sending email: {outcome.error}\n")
        return 1
    say(f"{tool.name}: handed over {_name(stamped)}\n")
    return 0


class Postman:
    """Sends what decisions ask for, and what earlier tries left over."""

    def __init__(self, tool: str, route: Route) -> None:
        self._tool = tool
        self._route = route
        self._outbox = Outbox()
        self._count = 0
        self._trying = False

    def perform(self, effects: Sequence[Say | Send]) -> None:
        """Carry out in order."""
        for effect in effects:
            match effect:
                case Say():
                    say(effect.text)
                case Send():
                    self.send(effect.mail)

    def send(self, mail: Mail) -> None:
        """Send now, or keep it while earlier ones wait for their next try."""
        dropped = self._outbox.add(self._stamped(mail), time.monotonic())
        if dropped is not None:
            say(
                f"{self._tool}: too many mails wait, {self._outbox.dropped} dropped so far, now: {_name(dropped)}\n"
            )
        self.try_due()
        if len(self._outbox) > 1:
            wait = self._outbox.due_in(time.monotonic()) or 0
            say(f"{self._tool}: {len(self._outbox)} mails wait, next try in {wait:.0f} s\n")

    def due_in(self) -> float | None:
        """Seconds until a mail should be tried again; None while none waits."""
        return self._outbox.due_in(time.monotonic())

    def try_due(self) -> None:
        """Try what is due, until one fails."""
        while self._outbox.due_in(time.monotonic()) == 0:
            if not self._try(self._outbox.next(), SENDING_SECONDS):
                return

    def close(self) -> None:
        """The end: one more try for what waits, and a word about each mail that stays unsent."""
        if self._trying:  # a signal came in the middle of it: the offshoot goes on without us
            say(f"{self._tool}: ends while this mail is on its way: {_name(self._outbox.next())}\n")
            self._outbox.sent()
        while len(self._outbox):
            if not self._try(self._outbox.next(), LAST_TRY_SECONDS):
                break
        for mail in self._outbox.give_up():
            say(f"{self._tool}: ends with this mail unsent: {_name(mail)}\n")

    def _try(self, mail: Mail, timeout_seconds: float) -> bool:
        self._trying = True
        outcome = in_child(lambda: deliver(mail, self._route), timeout_seconds)
        self._trying = False
        if not outcome.error:
            self._outbox.sent()
            say(mail.receipt)
            return True
        say(f"Error sending email: {outcome.error}\n")
        if outcome.permanent:
            self._outbox.sent()
            say(f"{self._tool}: it was refused for good, and is not tried again: {_name(mail)}\n")
            return True
        delay, given_up = self._outbox.failed(time.monotonic())
        what = "given up after days" if given_up else f"kept and tried again in {delay:.0f} s"
        say(f"{self._tool}: {_name(mail)} is {what}\n")
        return False

    def _stamped(self, mail: Mail) -> Mail:
        self._count += 1
        now, host = time.time(), os.uname().nodename
        return mail._replace(
            sender=mail.sender or f"{self._tool}@{host}",
            wall_seconds=mail.wall_seconds or now,
            identity=f"{int(now * 1000)}.{os.getpid()}.{self._count}.vigil@{host}",
        )


def _name(mail: Mail) -> str:
    return f"the mail {mail.subject!r} to {', '.join(mail.to)}"


def serve(handle: Callable[[Event], None], postman: Postman, events_fd: int = 0, answers_fd: int = 1) -> None:
    """Be a listener until the daemon closes our input. Returns then; ends with 1 if what comes is no event."""
    _mind_the_end(postman)
    events = Events()
    os.write(answers_fd, READY)
    try:
        while True:
            wait = postman.due_in()
            if not select.select([events_fd], [], [], wait)[0]:
                postman.try_due()
                continue
            data = os.read(events_fd, READ_BYTES)
            if not data:
                return
            for event in events.feed(data):
                handle(event)
                os.write(answers_fd, OK)
                os.write(answers_fd, READY)
    except ProtocolError as error:
        say(f"cannot follow the daemon: {error}\n")
        sys.exit(1)
    finally:
        postman.close()


def _mind_the_end(postman: Postman) -> None:
    """SIGTERM ends us as it always did, unless mail waits: then that is tried once more before."""

    def end(signum: int, _frame: object) -> None:
        signal.signal(signum, signal.SIG_DFL)
        postman.close()
        os.kill(os.getpid(), signum)

    signal.signal(signal.SIGTERM, end)


def has_daemon(environment: Mapping[str, str]) -> bool:
    """Does a daemon with a server run us?"""
    return SERVER_URL in environment


def own_namespec(environment: Mapping[str, str]) -> str:
    """Who we are among the daemon's processes, '' if it does not say."""
    from vigild.core.names import make_namespec

    name = environment.get("SUPERVISOR_PROCESS_NAME", "")
    return make_namespec(environment.get("SUPERVISOR_GROUP_NAME", name), name)
