"""`vigil why NAME [--json]`: the story of the latest failure of a program, in plain words."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from vigild.cli.command_line import CommandLine
from vigild.cli.connection import EXIT_DONE, EXIT_NOTHING, EXIT_TEXT, add_connection_flags, ask
from vigild.cli.facts import clock_time, signal_name
from vigild.cli.history import PAGE, read
from vigild.core.story import KINDS_BEFORE, KINDS_OF_STORY, latest_failure, tell

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

_INDENT = "    "


def main(arguments: Sequence[str]) -> int:
    """Tell why a program failed last."""
    given = build_parser().parse_args(list(arguments))
    return ask("vigil why", given, lambda daemon: explain(daemon, given.name, sys.stdout, as_json=given.json))


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil why",
        description="The latest failure of a program: how it ended and what that usually means, how often before, what "
        "Vigil did, its last lines of output, and what to try next.",
        epilog=f"{EXIT_TEXT}; 4 the history knows of no failure",
    )
    parser.add_argument("name", metavar="NAME", help="NAME, GROUP:NAME or GROUP:*")
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object: the failure as in the history, and the story; null for no failure",
    )
    add_connection_flags(parser)
    return parser


def explain(daemon: "Supervisor", name: str, out: TextIO, *, as_json: bool = False) -> int:
    """Print the story. Raises ClientError."""
    last = read(daemon, name, 0.0, PAGE, kinds=",".join(KINDS_BEFORE))
    found = latest_failure(last)
    if found is None:
        if as_json:
            out.write("null\n")
        else:
            out.write(f"The history knows of no failure of {name}; see `vigil history {name}`.\n")
        return EXIT_NOTHING
    number, who = last[found]["id"], last[found]["name"]
    after = read(daemon, who, 0.0, PAGE, after=number - 1, kinds=",".join(KINDS_OF_STORY))
    (failure, *_) = read(daemon, who, 0.0, 1, after=number - 1, kinds=",".join(KINDS_BEFORE), output=True)
    before = [fact for fact in last[:found] if fact["name"] == who]
    story = tell(who, [*before, *after], len(before), failure, time.time(), clock_time, signal_name)
    if as_json:
        paragraphs = [{"heading": part.heading, "text": part.text} for part in story]
        document = {"name": who, "failure": failure, "story": paragraphs}
        out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return EXIT_DONE
    for part in story:
        out.write(_paragraph(part.heading, part.text, colours=out.isatty()))
    return EXIT_DONE


def _paragraph(heading: str, text: str, *, colours: bool) -> str:
    lines = ["".join(c if c.isprintable() or c == "\t" else "?" for c in line) for line in text.split("\n")]
    if not heading:
        return "\n".join(lines) + "\n"
    bold, plain = ("\x1b[1m", "\x1b[0m") if colours else ("", "")
    return f"\n{bold}{heading}{plain}\n" + "".join(f"{_INDENT}{line}\n" for line in lines)
