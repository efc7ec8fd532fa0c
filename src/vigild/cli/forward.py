"""`vigil forward list` and `vigil forward test NAME`: where output is sent besides its logs, and does it arrive?"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO, cast

from vigild.cli.command_line import CommandLine, add_json_flag
from vigild.cli.connection import (
    EXIT_DONE,
    EXIT_REFUSED,
    EXIT_TEXT,
    add_connection_flags,
    ask,
)
from vigild.cli.facts import clock_time
from vigild.cli.terminal import in_columns, line_of, printable
from vigild.client.errors import FaultError
from vigild.core.errors import Fault

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

Facts = Mapping[str, Any]

_JSON_OF_LIST = "a JSON array: all that is known of each forward"
_JSON_OF_TEST = "one JSON object: name, ok (true or false), text"
TEST_SECONDS = 90.0  # receivers are slow; the daemon gives up sooner
_COLUMNS = ("NAME", "STATE", "STREAMS", "WAITING", "SENT", "LOST", "TO")
_COLOURS = {"failing": "\x1b[31m", "stopped": "\x1b[31m", "losing": "\x1b[33m", "ok": "\x1b[32m"}


def main(arguments: Sequence[str]) -> int:
    """Show the forwards of a daemon, or try one."""
    given = build_parser().parse_args(list(arguments))

    def act(daemon: "Supervisor") -> int:
        if given.action == "list":
            return show(daemon, sys.stdout, as_json=given.json)
        return test(daemon, given.name, sys.stdout, sys.stderr, as_json=given.json)

    return ask(
        "vigil forward", given, act, lacks="forwards nothing", noun="forward", timeout_seconds=TEST_SECONDS
    )


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil forward",
        description="Where a daemon sends output besides its log files, [forward:NAME] in its configuration: how each stands, "
        "and a line to try one.",
        epilog=f"{EXIT_TEXT}. A test is refused (1) when the receiver did not take the line",
    )
    add_json_flag(parser, "JSON; see each action")
    add_connection_flags(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="how each forward stands: lines sent, waiting and lost, and why they do not arrive"
    )
    testing = actions.add_parser("test", help="send a line through a forward now, and say what came of it")
    testing.add_argument("name", metavar="NAME", help="the forward, as in [forward:NAME]")
    for action in (listing, testing):
        text = _JSON_OF_LIST if action is listing else _JSON_OF_TEST
        add_json_flag(action, text, again=True)
        add_connection_flags(action, again=True)
    return parser


def show(daemon: "Supervisor", out: TextIO, *, as_json: bool) -> int:
    """Print how the forwards stand. Raises ClientError."""
    forwards = cast(list[Facts], daemon.rpc.call("vigil.getForwards"))
    if as_json:
        out.write(json.dumps(forwards, ensure_ascii=False, indent=2) + "\n")
        return EXIT_DONE
    if not forwards:
        out.write("There is no [forward:NAME] in the configuration of this daemon.\n")
        return EXIT_DONE
    rows = [_COLUMNS] + [_row(forward) for forward in forwards]
    for number, cells in enumerate(in_columns(rows)):
        line = line_of(cells)
        colour = _COLOURS.get(rows[number][1], "") if number and out.isatty() else ""
        out.write(f"{colour}{line}\x1b[0m\n" if colour else f"{line}\n")
        for words in _details(forwards[number - 1]) if number else ():
            out.write(f"  {printable(words)}\n")
    return EXIT_DONE


def state_of(forward: Facts) -> str:
    """How it stands, in a word: `stopped` (there is no forwarder), `failing`, `losing` (lines were lost) or `ok`."""
    if forward["trouble"]:
        return "stopped"
    if forward["failing_since"]:
        return "failing"
    return "losing" if _lost_words(forward) else "ok"


def _row(forward: Facts) -> tuple[str, ...]:
    lost = forward["dropped_lines"] + forward["refused_lines"]
    return (
        str(forward["name"]),
        state_of(forward),
        str(forward["streams"]),
        str(forward["waiting_lines"]),
        str(forward["sent_lines"]),
        f"{lost}+" if forward["unsent_bytes"] else str(lost),
        printable(str(forward["url"])),
    )


_LOST = {
    "dropped_lines": "lines dropped, because the buffer was full or the forwarder died",
    "refused_lines": "lines refused by the receiver for good",
    "unsent_bytes": "bytes dropped by the daemon, because the forwarder was behind",
}


def _lost_words(forward: Facts) -> list[str]:
    return [f"{forward[name]} {words}" for name, words in _LOST.items() if forward[name]]


def troubles_of(forward: Facts) -> str:
    """Why nothing arrives now; empty where it does."""
    since = float(forward["failing_since"])
    failing = f"since {clock_time(since)}: {forward['error']}" if since else ""
    return printable(str(forward["trouble"]) or failing)


def _details(forward: Facts) -> list[str]:
    """What is wrong with it, a line each."""
    now = troubles_of(forward)
    return [*([now] if now else []), *_lost_words(forward)]


def test(daemon: "Supervisor", name: str, out: TextIO, err: TextIO, *, as_json: bool) -> int:
    """Send a line through a forward and print what came of it. Raises ClientError."""
    has_arrived, text = True, ""
    try:
        text = str(daemon.rpc.call("vigil.testForward", name))
    except FaultError as fault:
        if fault.code != Fault.FAILED:
            raise
        has_arrived, text = False, fault.text.removeprefix("FAILED: ")
    if as_json:
        out.write(json.dumps({"name": name, "ok": has_arrived, "text": text}, ensure_ascii=False) + "\n")
    else:
        (out if has_arrived else err).write("".join(f"{printable(line)}\n" for line in text.split("\n")))
    return EXIT_DONE if has_arrived else EXIT_REFUSED
