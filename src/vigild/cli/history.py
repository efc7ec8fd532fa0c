"""`vigil history [NAME]`: what happened, one line a fact; `--json` for programs, `-f` to follow."""

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TextIO, cast

from vigild.cli.command_line import CommandLine
from vigild.cli.connection import EXIT_DONE, EXIT_TEXT, add_connection_flags, ask
from vigild.cli.facts import BAD, GOOD, Fact, clock_time, mood_of, words_of
from vigild.cli.terminal import padded, printable, width_of

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

FOLLOW_SECONDS = 1.0
PAGE = 1000  # what the daemon gives at once
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_COLOURS = {BAD: "\x1b[31m", GOOD: "\x1b[32m"}


def main(arguments: Sequence[str]) -> int:
    """Show the history of a daemon."""
    given = build_parser().parse_args(list(arguments))
    try:
        return ask("vigil history", given, lambda daemon: show(daemon, given, sys.stdout))
    except KeyboardInterrupt:
        return EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil history",
        description="What happened to the programs and to the daemon: every move and its cause, every exit, and who "
        "ordered what. The newest is last.",
        epilog=EXIT_TEXT,
    )
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="NAME, GROUP:NAME or GROUP:*")
    parser.add_argument(
        "--since", type=moment, default=0.0, metavar="WHEN", help="2h, 3d, or 2026-03-01T09:30"
    )
    parser.add_argument("--until", type=moment, default=0.0, metavar="WHEN", help="likewise")
    parser.add_argument(
        "--limit", type=count, default=100, metavar="N", help=f"the last N (100; at most {PAGE})"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object a line: id, at, kind, name and details, with the last lines of output",
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what happens from now on")
    add_connection_flags(parser)
    return parser


def moment(text: str) -> float:
    """Seconds since the epoch of `2h` (ago) or of an ISO date, in local time unless it says otherwise."""
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return max(0.0, time.time() - float(ago[1]) * _UNITS[ago[2]])
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"not a time: {text!r}; write 30m, 2h or 3d (ago), or 2026-03-01T09:30"
        ) from None


def count(text: str) -> int:
    """How many facts, from 1 to `PAGE`."""
    if not text.isdecimal() or not 1 <= int(text) <= PAGE:
        raise argparse.ArgumentTypeError(f"not a number from 1 to {PAGE}: {text!r}")
    return int(text)


def show(daemon: "Supervisor", given: argparse.Namespace, out: TextIO) -> int:
    """Print what was asked for. Raises ClientError, and KeyboardInterrupt while it follows."""
    facts = read(daemon, given.name, given.since, given.limit, given.until, output=given.json)
    _print(facts, out, as_json=given.json)
    last = facts[-1]["id"] if facts else 0
    while given.follow:
        time.sleep(FOLLOW_SECONDS)
        facts = read(daemon, given.name, given.since, PAGE, 0.0, after=last, output=given.json)
        _print(facts, out, as_json=given.json)
        last = facts[-1]["id"] if facts else last
    return EXIT_DONE


def read(
    daemon: "Supervisor",
    name: str,
    since: float,
    limit: int,
    until: float = 0.0,
    *,
    after: int = -1,
    kinds: str = "",
    output: bool = False,
) -> list[Fact]:
    """Facts of a daemon, oldest first. Raises ClientError."""
    return cast(
        list[Fact], daemon.rpc.call("vigil.getHistory", name, since, limit, until, after, kinds, output)
    )


def _print(facts: Sequence[Fact], out: TextIO, *, as_json: bool) -> None:
    if as_json:
        for fact in facts:
            out.write(json.dumps(fact, ensure_ascii=False) + "\n")
    else:
        width = max((width_of(fact["name"]) for fact in facts), default=0)
        for fact in facts:
            line = "  ".join(
                (clock_time(fact["at"]), padded(fact["name"] or "-", width), printable(words_of(fact)))
            )
            colour = _COLOURS.get(mood_of(fact), "") if out.isatty() else ""
            out.write(f"{colour}{line}\x1b[0m\n" if colour else f"{line}\n")
    out.flush()
