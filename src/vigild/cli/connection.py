"""How a command of `vigil` finds and asks its daemon: `-c FILE` or `-s URL`, as supervisorctl does."""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from vigild.cli.command_line import refuse
from vigild.cli.ctl.options import UsageError, parse
from vigild.client.errors import ClientError, FaultError, UnauthorizedError, UnreachableError
from vigild.core.errors import Fault

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_DAEMON, EXIT_NOTHING = range(5)
EXIT_TEXT = (
    "exit status: 0 done; 1 refused by the daemon, such as for a name that it does not know; 2 wrong usage; "
    "3 no daemon of Vigil's answers"
)
_NAMES = ("configuration", "serverurl", "username", "password")


_CONNECTION = (
    ("-c", "--configuration", "FILE", "the configuration file of the daemon"),
    ("-s", "--serverurl", "URL", "where it listens: unix:///path or http://host:port"),
    ("-u", "--username", None, "for its server, if the file does not say"),
    ("-p", "--password", None, "likewise"),
)


def add_connection_flags(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """`-c -s -u -p`. `again`: for an action of a command that has them itself, so that they may stand before and after it."""
    default = argparse.SUPPRESS if again else None
    for short, long, metavar, text in _CONNECTION:
        parser.add_argument(short, long, metavar=metavar, help=text, default=default)


def flags_of(given: argparse.Namespace) -> list[str]:
    """What was given of them, as supervisorctl's options are read."""
    return [
        word
        for name in _NAMES
        if (value := getattr(given, name)) is not None
        for word in (f"--{name}", value)
    ]


def ask(
    program: str,
    given: argparse.Namespace,
    action: Callable[["Supervisor"], int],
    *,
    lacks: str = "keeps no history",
    noun: str = "process",
    timeout_seconds: float = 30.0,
    no_daemon_status: int = EXIT_NO_DAEMON,
) -> int:
    """Carry out `action` with a client, and say in words (with `--json`: as JSON) what goes wrong; the exit status.

    `lacks`: what a daemon does that does not know the method. `noun`: what a name that it does not know is none of.
    """
    said = partial(refuse, program, as_json=given.json)
    try:
        options = parse(flags_of(given), sys.argv[0], os.environ, os.getcwd())
        from vigild.client.supervisor import Supervisor

        daemon = Supervisor.at(
            options.server_url, options.username, options.password, timeout_seconds, options.trust
        )
    except (UsageError, ValueError) as error:
        return said(str(error), EXIT_USAGE, "wrong_usage")
    try:
        with daemon:
            return action(daemon)
    except FaultError as fault:
        if fault.code == Fault.UNKNOWN_METHOD:
            text = f"this daemon {lacks}: it is Supervisor's, or an older Vigil"
            return said(text, no_daemon_status, "not_supported")
        code = "no_such_name" if fault.code == Fault.BAD_NAME else "refused"
        return said(_fault_words(fault, noun), EXIT_REFUSED, code)
    except ClientError as error:
        from vigild.cli.ctl.unreachable import explanation

        lines = explanation(options, error) if isinstance(error, UnreachableError) else []
        if isinstance(error, UnauthorizedError):
            lines = ["  it asks who you are: give -u and -p, or a token in VIGIL_TOKEN_FILE"]
        return said("\n".join([str(error), *lines]), no_daemon_status, "no_daemon")


def _fault_words(fault: FaultError, noun: str) -> str:
    if fault.code == Fault.BAD_NAME:
        return f"no such {noun}: {fault.text.removeprefix('BAD_NAME: ')}"
    return fault.text.removeprefix("FAILED: ").removeprefix("BAD_ARGUMENTS: ")
