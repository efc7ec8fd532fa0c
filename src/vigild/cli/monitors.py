"""`vigil monitors [NAME…]`: how what is monitored is; `--pause`, `--resume` and `--now`."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO, TypedDict, cast

from vigild.cli.command_line import CommandLine, add_json_flag
from vigild.cli.connection import EXIT_DONE, EXIT_TEXT, add_connection_flags, ask
from vigild.cli.facts import clock_time
from vigild.cli.terminal import in_columns, line_of, printable
from vigild.core.monitors import MONITOR_TYPES
from vigild.core.rules import show

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

EXIT_FAILED = 5
_COLOURS = {"failed": "\x1b[31m", "passed": "\x1b[32m", "unknown": "\x1b[33m"}
_HEAD = ("MONITOR", "TYPE", "STATE", "SINCE", "")
_RESULT_WIDTH = 100


class Monitor(TypedDict):
    """A monitor as `vigil.getMonitors` gives it."""

    name: str
    type: str
    state: str
    since: float
    read_at: float
    values: dict[str, object]
    error: str
    unknown_because: str
    cycles: int
    interval_seconds: float
    rules: list[str]
    raised: list[str]
    trouble: str


def main(arguments: Sequence[str]) -> int:
    """Show monitors, or pause and resume them."""
    parser = build_parser()
    given = parser.parse_args(list(arguments))
    if (given.pause or given.resume or given.now) and not given.names:
        parser.error("name what is meant")
    return ask(
        "vigil monitors",
        given,
        lambda daemon: run(daemon, given, sys.stdout),
        noun="monitor",
        lacks="monitors nothing",
    )


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil monitors",
        description="How what is monitored ([monitor:NAME]) is. With one NAME, all that was read of it.",
        epilog=f"{EXIT_TEXT}; 5 a monitor that is shown has failed",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; all by default")
    add_json_flag(parser, "one JSON object a line; of an order: name and done (paused, resumed, looked_at)")
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--pause", action="store_true", help="do not look at these, for maintenance say")
    order.add_argument("--resume", action="store_true", help="look at these again")
    order.add_argument("--now", action="store_true", help="look at these at once")
    add_connection_flags(parser)
    return parser


def run(daemon: "Supervisor", given: argparse.Namespace, out: TextIO) -> int:
    """Do what was asked for. Raises ClientError."""
    for name in given.names:
        if given.now:
            daemon.rpc.call("vigil.monitorNow", name)
        elif given.pause or given.resume:
            daemon.rpc.call("vigil.setMonitor", name, given.resume)
    if given.now or given.pause or given.resume:
        done = "looked_at" if given.now else "paused" if given.pause else "resumed"
        for name in given.names:
            words = f"{name}: {'is looked at now' if given.now else done}"
            out.write(f"{json.dumps({'name': name, 'done': done}) if given.json else words}\n")
        return EXIT_DONE
    found = [one for name in given.names or [""] for one in _monitors(daemon, name)]
    if given.json:
        for one in found:
            out.write(json.dumps(one, ensure_ascii=False) + "\n")
    elif len(given.names) == 1:
        out.write(story(found[0]))
    elif found:
        out.write(table(found, is_coloured=out.isatty()))
    else:
        out.write("nothing is monitored: there is no [monitor:NAME] in the configuration\n")
    return EXIT_FAILED if any(one["state"] == "failed" for one in found) else EXIT_DONE


def _monitors(daemon: "Supervisor", name: str) -> list[Monitor]:
    return cast(list[Monitor], daemon.rpc.call("vigil.getMonitors", name))


def table(found: Sequence[Monitor], *, is_coloured: bool = False) -> str:
    """One line a monitor."""
    rows = [_HEAD, *((*_facts(one), result_words(one)[:_RESULT_WIDTH]) for one in found)]
    lines = []
    for number, cells in enumerate(in_columns(rows)):
        line = line_of(cells)
        colour = _COLOURS.get(rows[number][2], "") if is_coloured and number else ""
        lines.append(f"{colour}{line}\x1b[0m\n" if colour else f"{line}\n")
    return "".join(lines)


def _facts(one: Monitor) -> tuple[str, str, str, str]:
    return one["name"], one["type"], one["state"], clock_time(one["since"])


def result_words(one: Monitor) -> str:
    """What matters of its last reading, on one line."""
    if one["unknown_because"]:
        return printable(one["unknown_because"])
    if one["state"] == "failed":
        return printable(one["trouble"])
    if one["error"]:
        return printable(one["error"])
    if not one["read_at"]:
        return "" if one["state"] == "disabled" else "not looked at yet"
    return printable(", ".join(f"{name} {_shown(one, name, value)}" for name, value in _first(one["values"])))


# Of the values of any type: those that say most, in this order.
_TELLING = (
    "space_percent",
    "inodes_percent",
    "load1",
    "cpu",
    "memory_percent",
    "exists",
    "size",
    "age",
    "matches",
    "status",
    "response_time",
    "certificate_days",
    "link",
    "receive_rate",
    "send_rate",
    "pid",
    "uptime",
    "memory",
    "entries",
    "output",
)


def _first(values: dict[str, object]) -> list[tuple[str, object]]:
    return [(name, values[name]) for name in _TELLING if name in values][:4]


def _shown(one: Monitor, name: str, value: object) -> str:
    metric = next((metric for metric in MONITOR_TYPES[one["type"]].metrics if metric.name == name), None)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if metric is None or not isinstance(value, int | float):
        return str(value)
    return show(value, metric.unit)


def story(one: Monitor) -> str:
    """All that is known of one."""
    lines = [
        f"{one['name']} ({one['type']}): {one['state']} since {clock_time(one['since'])}",
        f"looked at every {one['interval_seconds']:g} s, {one['cycles']} times since the daemon began"
        + (f", last at {clock_time(one['read_at'])}" if one["read_at"] else ""),
    ]
    for name in ("trouble", "unknown_because", "error"):
        if one[name]:
            lines.append(f"{name.replace('_', ' ')}: {printable(one[name])}")
    lines += ["", "rules:"]
    lines += [f"  {'! ' if rule in one['raised'] else '  '}{rule}" for rule in one["rules"]]
    if one["values"]:
        width = max(map(len, one["values"]))
        lines += ["", "values:"]
        lines += [
            f"  {name:<{width}}  {printable(_shown(one, name, value))}"
            for name, value in one["values"].items()
        ]
    return "\n".join(lines) + "\n"
