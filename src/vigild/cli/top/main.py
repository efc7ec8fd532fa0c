"""`vigil top`: what programs use, live; with `--once`, `--json` or without a terminal, one table.

The live view needs textual, which comes with the extra `tui`. The table needs nothing.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigild.cli.command_line import CommandLine, refuse
from vigild.cli.connection import EXIT_DONE, EXIT_NO_DAEMON, EXIT_TEXT, add_connection_flags, ask
from vigild.cli.top.feed import Feed
from vigild.cli.top.rows import TITLES, arranged, machine_text, rows_of, summary, table_text
from vigild.client.errors import FaultError
from vigild.core.errors import Fault

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

EXIT_NO_SCREEN = 4
PIPE_COLUMNS = 120  # where there is no terminal to say
NO_TEXTUAL = (
    "vigil top: the live view needs textual, which is not installed. Install it beside Vigil:\n"
    "    pip install 'vigild[tui]'\n"
    "or see one table without it: vigil top --once"
)


def main(arguments: Sequence[str]) -> int:
    """Show what the programs of a daemon use."""
    given = build_parser().parse_args(list(arguments))
    # The screen is drawn on stderr, and keys are read from stdin.
    has_terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    is_live = has_terminal and not given.once and not given.json
    if is_live:
        try:
            import textual  # noqa: F401
        except ImportError:
            print(NO_TEXTUAL, file=sys.stderr)
            return EXIT_NO_SCREEN

    def show(daemon: "Supervisor") -> int:
        feed = Feed(daemon, given.interval)
        try:
            return _live(feed, given) if is_live else _once(feed, given)
        except FaultError as fault:
            if fault.code != Fault.UNKNOWN_METHOD:
                raise
            text = "this daemon measures nothing: it is Supervisor's, or an older Vigil"
            return refuse("vigil top", text, EXIT_NO_DAEMON, "not_supported", as_json=given.json)

    try:
        return ask("vigil top", given, show)
    except KeyboardInterrupt:
        return EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil top",
        description="What programs use: CPU in percent of one core, memory, threads and open files of each with all that "
        "descends from it. Live on a terminal (keys: ? in it); one table with --once, or where there is no terminal.",
        epilog=f"{EXIT_TEXT}; 4 the live view needs textual, which is not installed (pip install 'vigild[tui]')",
    )
    parser.add_argument(
        "pattern", nargs="?", default="", metavar="PATTERN", help="only those with this in name or state"
    )
    parser.add_argument("--once", action="store_true", help="one table, then end")
    parser.add_argument("--json", action="store_true", help="the same as JSON, with everything that is known")
    parser.add_argument(
        "--interval", type=_interval, default=5.0, metavar="SECONDS", help="how often to measure (5)"
    )
    parser.add_argument(
        "--sort",
        type=_title,
        default="CPU%",
        metavar="COLUMN",
        help=f"{', '.join(TITLES)} (CPU%)".replace("%", "%%"),
    )
    add_connection_flags(parser)
    return parser


def _interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 60:
        raise argparse.ArgumentTypeError(f"not a time from 1 to 60 seconds: {text!r}")
    return seconds


def _title(text: str) -> str:
    found = [title for title in TITLES if title.rstrip("%") == text.upper().rstrip("%")]
    if not found:
        raise argparse.ArgumentTypeError(f"no such column: {text!r}; there are {', '.join(TITLES)}")
    return found[0]


def _once(feed: Feed, given: argparse.Namespace) -> int:
    facts = feed.fresh_facts()
    rows = arranged(rows_of(facts), given.sort, given.sort not in ("NAME", "STATE"), given.pattern)
    if given.json:
        by_name = {row.name: each for row, each in zip(rows_of(facts), facts, strict=True)}
        print(json.dumps([{"namespec": row.name, **by_name[row.name]} for row in rows], indent=1))
        return EXIT_DONE
    columns = shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns
    print(*filter(None, (machine_text(feed.machine), summary(rows))), sep="\n")
    print(table_text(rows, columns))
    return EXIT_DONE


def _live(feed: Feed, given: argparse.Namespace) -> int:
    from vigild.cli.top.screen import Top

    app = Top(feed, pattern=given.pattern, sort=given.sort)
    app.run()
    if app.error is not None:
        raise app.error
    return EXIT_DONE
