"""`vigil user hash`: a `{scrypt}` value for the `password` of `[user:NAME]` or of a server.

The password comes from the terminal, unseen, or from standard input: never from an argument, which every user of the
machine can read while the command runs.
"""

import argparse
import sys
from collections.abc import Sequence
from getpass import getpass

from vigild.cli.command_line import CommandLine, add_json_flag, print_json, refuse
from vigild.config.passwords import hash_password

EXIT_DONE, EXIT_REFUSED = 0, 1
MAX_PASSWORD_CHARACTERS = 1024


def main(arguments: Sequence[str]) -> int:
    """Print the value."""
    given = build_parser().parse_args(list(arguments))
    try:
        password = (
            _asked() if sys.stdin.isatty() else sys.stdin.readline(MAX_PASSWORD_CHARACTERS + 1).rstrip("\n")
        )
    except (KeyboardInterrupt, EOFError):
        password = ""
    if password is None or not 0 < len(password) <= MAX_PASSWORD_CHARACTERS:
        words = (
            "those two differ"
            if password is None
            else f"a password has 1 to {MAX_PASSWORD_CHARACTERS} characters"
        )
        return refuse("vigil user", words, EXIT_REFUSED, "bad_password", as_json=given.json)
    value = hash_password(password)
    if given.json:
        print_json({"password": value})
    else:
        print(value)
    return EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil user",
        description="Passwords for the configuration. `vigil user hash` asks for a password (or reads one line of standard "
        "input) and prints the {scrypt} value to write after `password=`.",
        epilog="exit status: 0 done; 1 no password, or two that differ; 2 wrong usage",
    )
    parser.add_argument("action", choices=["hash"], help="print the value of a password")
    add_json_flag(parser, "one JSON object: password, the value to write")
    return parser


def _asked() -> str | None:
    password = getpass("Password: ")
    return password if getpass("Again: ") == password else None
