"""`vigil schedule [NAME…] [--json]`: programs that run by schedule: when next, when last, and how that ended.

`vigil schedule --pause NAME…` lets none of these start any more, until `--resume`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from vigild.cli.command_line import CommandLine, add_json_flag
from vigild.cli.connection import EXIT_DONE, EXIT_NOTHING, EXIT_TEXT, add_connection_flags, ask
from vigild.cli.facts import clock_time, duration
from vigild.cli.terminal import in_columns, line_of
from vigild.core.names import make_namespec

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

_HEADS = ("NAME", "SCHEDULE", "NEXT", "LAST", "OUTCOME")


def main(arguments: Sequence[str]) -> int:
    """List what is scheduled."""
    words = list(arguments)
    if words and words[0] in ("pause", "resume") and len(words) > 1:  # as one would say it
        words[0] = f"--{words[0]}"
    parser = build_parser()
    given = parser.parse_args(words)
    is_order = given.pause or given.resume
    if is_order and not given.names:
        parser.error("which? name at least one")

    def act(daemon: "Supervisor") -> int:
        if is_order:
            return set_enabled(daemon, given.names, sys.stdout, is_enabled=given.resume, as_json=given.json)
        return show(daemon, given.names, sys.stdout, as_json=given.json)

    return ask("vigil schedule", given, act)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil schedule",
        description="Programs that run by schedule: when the next run begins, when the last one did, and how it ended.",
        epilog=f"{EXIT_TEXT}; 4 no such program has a schedule",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these: NAME or GROUP:NAME")
    add_json_flag(parser, "one JSON object, `schedules`: an array; of an order: name and paused of each")
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--pause", action="store_true", help="start these no more; a run that goes on may end")
    order.add_argument("--resume", action="store_true", help="start these again when they are due next")
    add_connection_flags(parser)
    return parser


def set_enabled(
    daemon: "Supervisor", names: Sequence[str], out: TextIO, *, is_enabled: bool, as_json: bool = False
) -> int:
    """Pause these, or let them run again. Raises ClientError."""
    for name in names:
        daemon.rpc.call("vigil.setSchedule", name, is_enabled)
        if not as_json:
            out.write(f"{name}: schedule {'resumed' if is_enabled else 'paused'}\n")
    if as_json:
        done = [{"name": name, "paused": not is_enabled} for name in names]
        out.write(json.dumps({"schedules": done}, ensure_ascii=False, indent=2) + "\n")
    return EXIT_DONE


def show(daemon: "Supervisor", names: Sequence[str], out: TextIO, *, as_json: bool) -> int:
    """Print the list. Raises ClientError."""
    jobs = [_job(facts) for facts in daemon.all_process_facts() if facts.get("schedule")]
    if names:
        jobs = [job for job in jobs if job["name"] in names]
    if as_json:
        out.write(json.dumps({"schedules": jobs}, indent=2) + "\n")
    elif jobs:
        rows = sorted(jobs, key=lambda job: (not job["next_at"], job["next_at"], job["name"]))
        out.writelines(f"{line_of(cells)}\n" for cells in in_columns([_HEADS, *map(_row, rows)]))
    else:
        out.write("no program has a schedule\n" if not names else "none of these has a schedule\n")
    return EXIT_DONE if jobs else EXIT_NOTHING


def _job(facts: dict[str, object]) -> dict[str, object]:
    return {
        "name": make_namespec(str(facts["group"]), str(facts["name"])),
        "expression": facts["schedule"],
        "timezone": facts["schedule_timezone"],
        "state": facts["statename"],
        "paused": bool(facts.get("schedule_paused")),
        "next_at": facts["schedule_next"],
        "last_start_at": facts["schedule_last_start"],
        "last_end_at": facts["schedule_last_end"],
        "outcome": facts["schedule_outcome"],
        "outcome_text": facts["schedule_outcome_text"],
    }


def _row(job: dict[str, object]) -> tuple[str, ...]:
    zone = f" ({job['timezone']})" if job["timezone"] else ""
    return (
        str(job["name"]),
        f"{job['expression']}{zone}",
        "paused" if job["paused"] else _time(job["next_at"]) or "never",
        _time(job["last_start_at"]) or "-",
        _outcome(job),
    )


def _outcome(job: dict[str, object]) -> str:
    begin, end = job["last_start_at"], job["last_end_at"]
    if not isinstance(begin, int) or not begin:
        return "-"
    if not job["outcome"] or not isinstance(end, int):
        return str(job["state"]).lower()
    text = f": {job['outcome_text']}" if job["outcome"] == "failed" and job["outcome_text"] else ""
    return f"{job['outcome']}{text} (ran {duration(max(0, end - begin))})"


def _time(at: object) -> str:
    return clock_time(at) if isinstance(at, int) and at else ""
