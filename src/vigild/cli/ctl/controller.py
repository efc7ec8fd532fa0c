"""One supervisorctl: its options, its connection, its exit status, and the way from a line to an action."""

import errno
import sys
from typing import TYPE_CHECKING, TextIO

from vigild.cli.ctl import actions, exits
from vigild.cli.ctl.options import Options
from vigild.client.errors import FaultError, HttpError, UnauthorizedError, UnreachableError
from vigild.core.compat import API_VERSION
from vigild.core.errors import Fault

if TYPE_CHECKING:
    from vigild.cli.ctl.plugins import Plugins
    from vigild.client.supervisor import Supervisor

_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
TOO_BUSY = 503
TOO_BUSY_WORDS = "  the daemon did not wait with its answer. If it is being upgraded, what was ordered goes on: ask for the status"
_DEAD = (Fault.SPAWN_ERROR, Fault.ABNORMAL_TERMINATION, Fault.NOT_RUNNING)


class Refused(Exception):  # noqa: N818 - not a failure of ours: the daemon cannot be used, and the user has been told
    """The daemon cannot be used; the reason has been said and the exit status set."""


class Controller:
    """Carries out lines such as `start web:*`. Text for the user goes to `stdout`, explanations to `stderr`."""

    def __init__(self, options: Options, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.options = options
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr
        self.exit_status = exits.SUCCESS
        self.stdout_is_data = False  # True: what is printed is for a program, and failures go to stderr
        self._supervisor: Supervisor | None = None
        self._plugins: Plugins | None = None

    # --- words ---

    def output(self, text: str) -> None:
        """Print a line, now."""
        self.stdout.write(text + "\n")
        self.stdout.flush()

    def explain(self, text: str) -> None:
        """Say more than Supervisor would; never on stdout, which programs read."""
        self.stdout.flush()
        self.stderr.write(text + "\n")
        self.stderr.flush()

    def fail(self, text: str, status: int = exits.GENERIC) -> None:
        """Print a line and remember the exit status."""
        (self.explain if self.stdout_is_data else self.output)(text)
        self.exit_status = status

    def show_help(self, action: str) -> None:
        """Print the help of an action, as after a wrong use of it."""
        self.output(actions.help_text(action) or "")

    def note_fault(self, code: int, harmless: int | None = None) -> None:
        """Let a fault of one process decide the exit status, unless it is none or harmless here."""
        if code in (harmless, Fault.SUCCESS):
            return
        self.exit_status = exits.NOT_RUNNING if code in _DEAD else exits.GENERIC

    # --- the daemon ---

    @property
    def supervisor(self) -> "Supervisor":
        """The daemon, connected when first called. ValueError for a URL of another kind."""
        if self._supervisor is None:
            from vigild.client.supervisor import Supervisor

            options = self.options
            try:
                # No time limit: a call that waits for a slow program to start takes as long as that takes.
                self._supervisor = Supervisor.at(
                    options.server_url, options.username, options.password, None, trust=options.trust
                )
            except ValueError:
                raise ValueError(f"Unknown protocol for serverurl {options.shown_url}") from None
        return self._supervisor

    def disconnect(self) -> None:
        """Let go of the connection: the address or the credentials have changed, or it is over."""
        if self._supervisor is not None:
            self._supervisor.close()
        self._supervisor = None

    def require_daemon(self) -> None:
        """Make sure that a daemon answers and speaks our interface. Raises Refused after having said why."""
        try:
            version = self.supervisor.api_version()
        except FaultError as fault:
            if fault.code != Fault.UNKNOWN_METHOD:
                raise
            self.fail(
                "Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl "
                "uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the "
                "configuration file (see sample.conf).",
                exits.UNIMPLEMENTED_FEATURE,
            )
            raise Refused from None
        except UnreachableError as error:
            if error.errno == errno.ECONNREFUSED:
                self.fail(f"{self.options.shown_url} refused connection", exits.INSUFFICIENT_PRIVILEGES)
            elif error.errno == errno.ENOENT:
                self.fail(f"{self.options.shown_url} no such file", exits.NOT_RUNNING)
            else:
                raise
            self.explain_unreachable(error)
            raise Refused from None
        if version != API_VERSION:
            self.fail(
                f"Sorry, this version of supervisorctl expects to talk to a server with API version {API_VERSION}, "
                f"but the remote version is {version}.",
                exits.NOT_INSTALLED,
            )
            raise Refused

    def explain_unreachable(self, error: UnreachableError) -> None:
        """Say where was looked and what is known of the daemon that should be there."""
        from vigild.cli.ctl.unreachable import explanation

        for line in explanation(self.options, error):
            self.explain(line)

    # --- lines ---

    def run(self, line: str) -> bool:
        """Carry out one line. True: the shell should end. Nothing is raised but KeyboardInterrupt and BrokenPipeError."""
        self.stdout_is_data = False
        word, argument, line = _split(line)
        if not line:
            return False
        if word == "EOF":
            self.output("")
            return True
        if word == "help":
            self._help(argument)
            return False
        try:
            return self._act(word, argument, line)
        except Refused:
            return False
        except BrokenPipeError:
            raise  # nobody reads our output any more
        except UnauthorizedError:
            return self._log_in(line)
        except FaultError as fault:
            if fault.is_not_allowed:  # nothing unexpected: the daemon's words are for people
                self.fail(fault.text)
            else:
                self._tell_unexpected(fault)
        except Exception as error:  # the shell survives whatever an action (or a plugin's) runs into
            self._tell_unexpected(error)
            if isinstance(error, UnreachableError):
                self.explain_unreachable(error)
            elif isinstance(error, HttpError) and error.status == TOO_BUSY:
                self.explain(TOO_BUSY_WORDS)
        return False

    def _tell_unexpected(self, error: Exception) -> None:
        self.exit_status = exits.GENERIC
        self.output(f"error: {_classic(error)}")

    def _act(self, word: str, argument: str, line: str) -> bool:
        action = actions.find(word)
        if action is not None:
            return bool(action(self, argument))
        plugins = self.plugins
        if plugins is not None and plugins.has(word):
            return plugins.run(word, argument)
        self.fail(f"*** Unknown syntax: {line}")
        return False

    def _log_in(self, line: str) -> bool:
        self.output("Server requires authentication")
        if not self.options.interactive:
            self.exit_status = exits.GENERIC
            return False
        from getpass import getpass

        self.options.username = input("Username:")
        self.options.password = getpass(prompt="Password:")
        self.output("")
        self.disconnect()
        return self.run(line)

    # --- help, plugins ---

    @property
    def plugins(self) -> "Plugins | None":
        """Actions from `[ctlplugin:x]` sections, loaded when first needed; None if there are none."""
        if self._plugins is None and self.options.plugins:
            from vigild.cli.ctl.plugins import Plugins

            self._plugins = Plugins(self)
        return self._plugins

    def _help(self, topic: str) -> None:
        text = actions.help_text(topic)
        if text is not None:
            self.output(text)
        elif topic and self.plugins is not None and self.plugins.help(topic):
            pass
        elif topic:
            self.output(f"*** No help on {topic}")
        else:
            self.output("")
            self.print_topics("default commands (type help <topic>):", list(actions.NAMES))
            if self.plugins is not None:
                self.plugins.list_topics()

    def print_topics(self, header: str, names: list[str]) -> None:
        """Print names in columns under a header."""
        from cmd import Cmd

        printer = Cmd(stdout=self.stdout)
        printer.print_topics(header, names, 15, 80)


def _split(line: str) -> tuple[str, str, str]:
    """`(action, argument, line)`; `?x` is `help x`."""
    line = line.strip()
    if line.startswith("?"):
        line = "help " + line[1:]
    end = 0
    while end < len(line) and line[end] in _WORD:
        end += 1
    return line[:end], line[end:].strip(), line


def _classic(error: Exception) -> str:
    """An unexpected failure in the form that scripts and search engines know: type, text, place."""
    kind: object = type(error)
    text = str(error)
    if isinstance(error, FaultError):
        kind = "<class 'xmlrpc.client.Fault'>"
    elif isinstance(error, UnreachableError) and error.cause is not None:
        kind, text = type(error.cause), str(error.cause)
    elif isinstance(error, UnreachableError):
        kind = "<class 'http.client.RemoteDisconnected'>"
        text = "Remote end closed connection without response"
    elif isinstance(error, HttpError):
        kind = "<class 'xmlrpc.client.ProtocolError'>"
        text = f"<ProtocolError for 127.0.0.1/RPC2: {error.status} {error.reason}>"
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    file = place.tb_frame.f_code.co_filename if place else "?"
    return f"{kind}, {text}: file: {file} line: {place.tb_lineno if place else 0}"
