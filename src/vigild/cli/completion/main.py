"""`vigil completion bash|zsh|fish`: print a script that teaches a shell the commands of `vigil`.

The scripts ask `vigil completion --names KIND` for what only the running daemon knows. That is quiet and quick: where no
daemon answers, there are no names.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, cast

from vigild.cli.command_line import CommandLine, add_json_flag, print_json, refuse
from vigild.cli.connection import EXIT_DONE, EXIT_USAGE, add_connection_flags, flags_of
from vigild.cli.ctl.options import UsageError, parse
from vigild.cli.grammar import (
    ALERTS,
    FORWARDS,
    GROUPS,
    MONITORS,
    NAME_KINDS,
    PROCESSES,
    TOKENS,
    Grammar,
    grammars,
)
from vigild.client.errors import ClientError
from vigild.core.names import make_namespec

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

NAMES_WITHIN_SECONDS = 1.0  # somebody waits for the prompt
SHELLS = ("bash", "zsh", "fish")


def main(arguments: Sequence[str]) -> int:
    """Print a script, or names."""
    given = build_parser().parse_args(list(arguments))
    if given.names:
        found = [name for name in names(given) if name.isprintable()]
        if given.json:
            print_json({"names": found})
        else:
            sys.stdout.write("".join(f"{name}\n" for name in found))
        return EXIT_DONE
    if given.shell is None:
        text = "for which shell? bash, zsh or fish"
        return refuse("vigil completion", text, EXIT_USAGE, "wrong_usage", as_json=given.json)
    text = script(given.shell, grammars())
    if given.json:
        print_json({"shell": given.shell, "script": text})
    else:
        sys.stdout.write(text)
    return EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil completion",
        description="Print a script that lets a shell complete the commands, flags and names of vigil and supervisorctl. "
        "For this shell: source <(vigil completion bash).",
        epilog="exit status: 0 done, also where no daemon knows names; 2 wrong usage",
    )
    parser.add_argument("shell", nargs="?", choices=SHELLS, help="the shell that the script is for")
    parser.add_argument(
        "--names",
        choices=NAME_KINDS,
        help="print the names that the running daemon knows; the scripts ask so",
    )
    add_json_flag(parser, "one JSON object: shell and script; with --names: names, an array")
    add_connection_flags(parser)
    return parser


def script(shell: str, found: Sequence[Grammar]) -> str:
    """The script for one of SHELLS."""
    if shell == "bash":
        from vigild.cli.completion.bash import bash_script as make
    elif shell == "zsh":
        from vigild.cli.completion.zsh import zsh_script as make
    else:
        from vigild.cli.completion.fish import fish_script as make
    return make(found)


def names(given: argparse.Namespace) -> list[str]:
    """What the daemon calls things of the kind that was asked for; nothing where it cannot be asked."""
    from vigild.client.supervisor import Supervisor

    try:
        options = parse(flags_of(given), sys.argv[0], os.environ, os.getcwd())
        with Supervisor.at(
            options.server_url, options.username, options.password, NAMES_WITHIN_SECONDS, options.trust
        ) as daemon:
            return sorted(_ASK[given.names](daemon))
    except (UsageError, ValueError, OSError, ClientError):
        return []


def _named(method: str, *arguments: str) -> Callable[["Supervisor"], Iterable[str]]:
    def ask(daemon: "Supervisor") -> Iterable[str]:
        return [one["name"] for one in cast(list[dict[str, str]], daemon.rpc.call(method, *arguments))]

    return ask


_ASK: dict[str, Callable[["Supervisor"], Iterable[str]]] = {
    PROCESSES: lambda daemon: [make_namespec(info["group"], info["name"]) for info in daemon.all_info()],
    GROUPS: lambda daemon: {str(info["group"]) for info in daemon.all_config_info()},
    ALERTS: _named("vigil.getAlerts"),
    FORWARDS: _named("vigil.getForwards"),
    MONITORS: _named("vigil.getMonitors", ""),
    TOKENS: lambda daemon: [token["id"] for token in daemon.tokens()],
}
