"""`vigil alert list` and `vigil alert test NAME`: who is told of troubles, and does it arrive?"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO, cast

from vigild.cli.command_line import CommandLine, add_json_flag
from vigild.cli.connection import EXIT_DONE, EXIT_REFUSED, EXIT_TEXT, add_connection_flags, ask
from vigild.cli.facts import clock_time
from vigild.cli.terminal import in_columns, line_of, printable
from vigild.client.errors import FaultError
from vigild.core.errors import Fault

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

Facts = Mapping[str, Any]

_JSON_OF_LIST = "a JSON array: all that is known of each alert"
_JSON_OF_TEST = "one JSON object: name, ok (true or false), text"
TEST_SECONDS = 90.0  # receivers are slow; the daemon gives up sooner
_COLUMNS = ("NAME", "STATE", "WAITING", "DELIVERED", "")
_COLOURS = {"failing": "\x1b[31m", "refused": "\x1b[31m", "stopped": "\x1b[31m", "ok": "\x1b[32m"}


def main(arguments: Sequence[str]) -> int:
    """Show the alerts of a daemon, or try one."""
    given = build_parser().parse_args(list(arguments))

    def act(daemon: "Supervisor") -> int:
        if given.action == "list":
            return show(daemon, sys.stdout, as_json=given.json)
        return test(daemon, given.name, sys.stdout, sys.stderr, as_json=given.json)

    return ask("vigil alert", given, act, lacks="has no alerts", noun="alert", timeout_seconds=TEST_SECONDS)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil alert",
        description="The alerts of a daemon, [alert:NAME] in its configuration: how each stands, and a message to try one.",
        epilog=f"{EXIT_TEXT}. A test is refused (1) when a receiver did not take the message",
    )
    add_json_flag(parser, "JSON; see each action")
    add_connection_flags(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="how each alert stands: what waits, and why it does not arrive")
    testing = actions.add_parser("test", help="send a message through an alert now, and say what came of it")
    testing.add_argument("name", metavar="NAME", help="the alert, as in [alert:NAME]")
    for action in (listing, testing):
        text = _JSON_OF_LIST if action is listing else _JSON_OF_TEST
        add_json_flag(action, text, again=True)
        add_connection_flags(action, again=True)
    return parser


def show(daemon: "Supervisor", out: TextIO, *, as_json: bool) -> int:
    """Print how the alerts stand. Raises ClientError."""
    alerts = cast(list[Facts], daemon.rpc.call("vigil.getAlerts"))
    if as_json:
        out.write(json.dumps(alerts, ensure_ascii=False, indent=2) + "\n")
        return EXIT_DONE
    if not alerts:
        out.write("There is no [alert:NAME] in the configuration of this daemon.\n")
        return EXIT_DONE
    rows = [_COLUMNS] + [_row(alert) for alert in alerts]
    for row, cells in zip(rows, in_columns(rows), strict=True):
        line = line_of(cells)
        colour = _COLOURS.get(row[1], "") if out.isatty() else ""
        out.write(f"{colour}{line}\x1b[0m\n" if colour else f"{line}\n")
    return EXIT_DONE


def state_of(alert: Facts) -> str:
    """How it stands, in a word: `stopped` (the deliverer does not run), `failing`, `refused`, `wrong` or `ok`."""
    if alert.get("trouble"):
        return "stopped"
    if alert.get("failing_since"):
        return "failing"
    if alert.get("refused"):
        return "refused"
    return "wrong" if alert.get("error") else "ok"


def details_of(alert: Facts) -> str:
    """What is to be said of how it stands, on a line."""
    since = float(alert.get("failing_since") or 0.0)
    words = [
        str(alert.get("trouble") or ""),
        f"since {clock_time(since)}: {alert.get('error', '')}" if since else str(alert.get("error") or ""),
        f"refused: {alert['refused']}" if alert.get("refused") else "",
        held_words(alert),
        f"{alert['unkept']} not handed over yet" if alert.get("unkept") else "",
        f"{alert['lost']} lost" if alert.get("lost") else "",
    ]
    return printable("; ".join(filter(None, words)))


def held_words(alert: Facts) -> str:
    """What waits because of quiet hours or the limit of messages; empty where nothing does."""
    if not alert.get("held"):
        return ""
    return f"{alert['held']} held back until {clock_time(alert['held_until'])} by {alert['held_for']}"


def _row(alert: Facts) -> tuple[str, str, str, str, str]:
    return (
        str(alert.get("name", "")),
        state_of(alert),
        str(alert.get("waiting", 0)),
        str(alert.get("delivered", 0)),
        details_of(alert),
    )


def test(daemon: "Supervisor", name: str, out: TextIO, err: TextIO, *, as_json: bool) -> int:
    """Send a message through an alert and print what came of it. Raises ClientError."""
    is_ok, text = True, ""
    try:
        text = str(daemon.rpc.call("vigil.testAlert", name))
    except FaultError as fault:
        if fault.code != Fault.FAILED:
            raise
        is_ok, text = False, fault.text.removeprefix("FAILED: ")
    if as_json:
        out.write(json.dumps({"name": name, "ok": is_ok, "text": text}, ensure_ascii=False) + "\n")
    else:
        (out if is_ok else err).write("".join(f"{printable(line)}\n" for line in text.split("\n")))
    return EXIT_DONE if is_ok else EXIT_REFUSED
