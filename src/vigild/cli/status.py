"""`vigil status [NAME…] [--json]`: how every program is, on a line each, and whether all is as it is wanted.

Without a name also what else is in trouble: alerts and forwards that do not arrive, monitors that have failed.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO, cast

from vigild.cli.command_line import CommandLine, refuse
from vigild.cli.connection import EXIT_DONE, EXIT_REFUSED, add_connection_flags, ask
from vigild.cli.ctl.names import matches
from vigild.cli.standing import Standing, standing
from vigild.cli.terminal import in_columns, line_of, printable
from vigild.cli.top.rows import bytes_text, rows_of, uptime_text

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

Facts = dict[str, object]

EXIT_NOT_AS_WANTED = 3  # as systemctl's
EXIT_NO_ANSWER = 4
_HEADS = ("NAME", "STATE", "HEALTH", "CPU%", "MEMORY", "UPTIME", "RESTARTS", "NEXT RUN", "")
_AT_THE_RIGHT = frozenset((3, 4, 5, 6))
_RED, _GREEN, _YELLOW, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"


def main(arguments: Sequence[str]) -> int:
    """Show how programs are."""
    given = build_parser().parse_args(list(arguments))
    return ask(
        "vigil status",
        given,
        lambda daemon: show(daemon, given.names, sys.stdout, as_json=given.json),
        lacks="tells too little for this; see `supervisorctl status`",
        no_daemon_status=EXIT_NO_ANSWER,
    )


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil status",
        description="How programs are: state, health, what they use, how long they run, how often they were restarted, and "
        "when they run next. Without a NAME also alerts and forwards that do not arrive and monitors that have failed. Coloured on a terminal, unless NO_COLOR is set.",
        epilog="exit status: 0 all that is shown is as it is wanted; 1 there is no such program; 2 wrong usage; "
        "3 something is not as it is wanted: not up, not ready, unhealthy, flapping, failed, and without a "
        "NAME an alert or a forward that does not arrive or a monitor that has failed; "
        "4 no daemon of Vigil's answers",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="only these: NAME, GROUP:NAME, GROUP:*, or a pattern; all by default",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="a JSON object: `programs`, and without a NAME `alerts`, `monitors` and `forwards`, each an array with all that is known",
    )
    add_connection_flags(parser)
    return parser


def show(daemon: "Supervisor", names: Sequence[str], out: TextIO, *, as_json: bool) -> int:
    """Print the table. Raises ClientError."""
    facts = daemon.all_process_facts()
    chosen = [
        one
        for one in facts
        if not names or any(matches(name, str(one["group"]), str(one["name"])) for name in names)
    ]
    unknown = [
        name for name in names if not any(matches(name, str(one["group"]), str(one["name"])) for one in facts)
    ]
    beside = Standing() if names else standing(daemon.rpc)
    if as_json:
        rows = rows_of(chosen)
        found = [
            {"namespec": row.name, "trouble": trouble_of(one), **one}
            for row, one in zip(rows, chosen, strict=True)
        ]
        document: Facts = {"programs": found}
        if not names:
            document.update(alerts=beside.alerts, monitors=beside.monitors, forwards=beside.forwards)
        out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        is_coloured = out.isatty() and not os.environ.get("NO_COLOR")
        if chosen:
            out.write(table(chosen, is_coloured=is_coloured))
        elif not unknown:
            out.write("There is no program in the configuration of this daemon.\n")
        for line in beside.troubles:
            out.write(f"{_RED}{line}{_PLAIN}\n" if is_coloured else f"{line}\n")
    for name in unknown:
        refuse("vigil status", f"no such process: {name}", EXIT_REFUSED, "no_such_name", as_json=as_json)
    if unknown:
        return EXIT_REFUSED
    return EXIT_NOT_AS_WANTED if beside.troubles or any(map(trouble_of, chosen)) else EXIT_DONE


def trouble_of(facts: Facts) -> str:
    """In a word why it is not as it is wanted; empty where it is."""
    state = facts["statename"]
    if state in ("FATAL", "BACKOFF", "UNKNOWN"):
        return str(state).lower()
    if facts.get("flapping"):
        return "flapping"
    if facts.get("health") == "unhealthy" and state == "RUNNING":
        return "unhealthy"
    if facts.get("schedule"):
        return "failed" if facts.get("schedule_outcome") == "failed" else ""
    if state == "EXITED":
        return "failed" if facts.get("spawnerr") else ""
    if facts.get("wanted") != "up":
        return ""
    if state == "RUNNING":
        return "" if facts.get("ready", True) else "not ready"
    return str(state).lower()


def table(chosen: Iterable[Facts], *, is_coloured: bool) -> str:
    """A line each, below the headings."""
    facts = list(chosen)
    rows = [_HEADS, *map(_cells, facts)]
    colours = ["", *(_colour(one) if is_coloured else "" for one in facts)]
    lines = []
    for cells, colour in zip(in_columns(rows, _AT_THE_RIGHT), colours, strict=True):
        if colour:
            cells[1] = f"{colour}{cells[1]}{_PLAIN}"
        lines.append(line_of(cells) + "\n")
    return "".join(lines)


def _colour(facts: Facts) -> str:
    if trouble_of(facts):
        return _YELLOW if facts["statename"] in ("STARTING", "STOPPED", "STOPPING") else _RED
    return _GREEN if facts["statename"] == "RUNNING" else ""


def _cells(facts: Facts) -> tuple[str, ...]:
    (row,) = rows_of([facts])
    at = cast(float, facts.get("schedule_next") or 0)
    return (
        printable(row.name),
        row.state,
        row.health or "-",
        "-" if row.cpu_percent is None else f"{row.cpu_percent:.1f}",
        bytes_text(row.memory_bytes),
        uptime_text(row.uptime_seconds),
        str(row.restarts),
        "paused" if facts.get("schedule_paused") else _when(at),
        printable(_remarks(facts)),
    )


def _when(at: float) -> str:
    return time.strftime("%m-%d %H:%M", time.localtime(at)) if at else "-"


def _remarks(facts: Facts) -> str:
    """What `supervisorctl status` says past pid and uptime, and what keeps it from being as it is wanted."""
    description = str(facts.get("description", ""))
    parts = description.split(", ") if facts.get("pid") else [description]
    words = [part for part in parts if not part.startswith(("pid ", "uptime "))]
    trouble = trouble_of(facts)
    known = f"{facts['statename']} {facts.get('health')} {' '.join(words)}".lower()
    if trouble and trouble not in known:
        words.insert(0, trouble)
    return ", ".join(filter(None, words))
