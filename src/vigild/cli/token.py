"""`vigil token create|list|revoke`: API tokens of a daemon."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigild.cli.command_line import CommandLine, add_json_flag
from vigild.cli.connection import EXIT_DONE, EXIT_TEXT, add_connection_flags, ask
from vigild.cli.facts import clock_time

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor, TokenInfo

_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def main(arguments: Sequence[str]) -> int:
    """Make, show or revoke."""
    given = build_parser().parse_args(list(arguments))
    return ask(
        "vigil token", given, lambda daemon: _carry_out(daemon, given), lacks="has no tokens", noun="token"
    )


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil token",
        description="API tokens: for scripts and machines, in place of a name and a password. Sent as `Authorization: Bearer "
        "TOKEN`; vigil and supervisorctl take one from VIGIL_TOKEN, or from a file.",
        epilog=EXIT_TEXT,
    )
    add_json_flag(parser, "JSON; see each action")
    add_connection_flags(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="create|list|revoke")
    create = actions.add_parser("create", help="make one; it is shown once, now")
    create.add_argument("name", metavar="NAME", help="what it is for, in a word or two")
    create.add_argument("--role", choices=["viewer", "operator", "admin"], default="viewer", help="(viewer)")
    create.add_argument(
        "--program", action="append", default=[], metavar="PATTERN",
        help="only for programs of this name (NAME, GROUP:NAME, GROUP:*); may be given several times",
    )  # fmt: skip
    create.add_argument(
        "--expires", type=duration, default=0, metavar="TIME", help="12h, 90d; for ever without it"
    )
    listing = actions.add_parser("list", help="show them, without what is secret")
    revoke = actions.add_parser("revoke", help="let one count no more")
    revoke.add_argument("id", metavar="ID", help="as `vigil token list` shows it")
    add_json_flag(
        create, "one JSON object: all that is known of it, and token, which is shown once", again=True
    )
    add_json_flag(listing, "a JSON array: all that is known of each token", again=True)
    add_json_flag(revoke, "one JSON object: id, and revoked, which is true", again=True)
    for action in (create, listing, revoke):
        add_connection_flags(action, again=True)
    return parser


def duration(text: str) -> int:
    """Seconds of `30m`, `12h`, `90d` or `8w`."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal() or not 0 < int(number) < 100_000:
        raise argparse.ArgumentTypeError(f"not a time: {text!r}; write 30m, 12h, 90d or 8w")
    return int(number) * _UNITS[unit]


def _carry_out(daemon: "Supervisor", given: argparse.Namespace) -> int:
    match given.action:
        case "create":
            token = daemon.create_token(given.name, given.role, given.program, given.expires)
            if given.json:
                print(json.dumps(token, indent=2))
                return EXIT_DONE
            print(
                f"{token['id']}: {_limits(token)}. This is the only time that the token is shown:",
                file=sys.stderr,
            )
            print(token["token"])
        case "revoke":
            daemon.revoke_token(given.id)
            print(json.dumps({"id": given.id, "revoked": True}) if given.json else f"{given.id}: revoked")
        case _ if given.json:
            print(json.dumps(daemon.tokens(), indent=2))
        case _:
            for token in daemon.tokens():
                used = clock_time(token["last_used"]) if token["last_used"] else "never"
                print(f"{token['id']}  {token['name']}  {_limits(token)}, last used: {used}")
    return EXIT_DONE


def _limits(token: "TokenInfo") -> str:
    words = [token["role"]]
    if token["programs"]:
        words.append("for " + " ".join(token["programs"]))
    if token["expires"]:
        words.append(("expired " if token["expired"] else "until ") + clock_time(token["expires"]))
    return ", ".join(words)
