"""`python -m benchmarks.survival`: who loses what when a supervisor is killed or upgraded, as one table."""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import survival_cases as cases
from benchmarks.kit import peers, table
from benchmarks.kit.contender import Contender, UnsupportedError
from benchmarks.kit.contenders.circus import Circus
from benchmarks.kit.contenders.classic import Classic
from benchmarks.kit.payload import Payload, make_payload

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "survival.md"
BEGIN_MARK = "<!-- survival table: begin (written by `make survival`) -->"
END_MARK = "<!-- survival table: end -->"
NONE = "–"


@dataclass(slots=True)
class Found:
    """What all rounds of one contender brought; an empty list where it has no such thing."""

    killed: list[cases.Loss] = field(default_factory=list)
    upgraded: list[cases.Loss] = field(default_factory=list)
    deliveries: list[cases.Delivery] = field(default_factory=list)
    finished_jobs: list[int] = field(default_factory=list)
    running_jobs: list[int] = field(default_factory=list)
    taken_back_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def main() -> int:
    options = _parser().parse_args()
    load = os.getloadavg()[0]
    began = time.monotonic()
    peers_directory = options.peers.absolute()
    payload = make_payload(peers_directory)
    contenders = [_contender(name, options, peers_directory) for name in options.contenders]
    results = {contender.name: Found() for contender in contenders}
    for number in range(options.rounds):
        for contender in contenders:
            _round(contender, payload, results[contender.name])
            print(f"round {number + 1} of {options.rounds}: {contender.title}", file=sys.stderr, flush=True)
    titles = [f"{contender.title} {contender.version()}".strip() for contender in contenders]
    rows = [line for line in _lines(list(results.values())) if line[1:] != [NONE] * len(titles)]
    about = [
        f"- {table.machine(load)}",
        f"- {options.rounds} rounds of each case, contenders in turn; figures are sums over the rounds unless they say "
        f"otherwise; took {(time.monotonic() - began) / 60:.0f} minutes.",
    ]
    text = "\n".join([*about, "", *_markdown([["", *titles], *rows]), *_failures(results)])
    print(text)
    if options.markdown:
        _write_into(options.markdown, text)
    return 1 if any(found.failures for found in results.values()) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each case is played")
    parser.add_argument(
        "--contenders", type=lambda text: text.split(","), default=["vigil", "supervisor", "circus"]
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the table between the marks of FILE"
    )
    parser.add_argument("--vigil-bin", type=Path, default=PROJECT / ".venv" / "bin", help="Vigil's commands")
    parser.add_argument("--peers", type=Path, default=PROJECT / ".peers", help="where peers are installed")
    return parser


def _contender(name: str, options: argparse.Namespace, peers_directory: Path) -> Contender:
    match name:
        case "vigil":
            return Classic("vigil", "Vigil", options.vigil_bin.absolute())
        case "supervisor":
            return Classic("supervisor", "Supervisor", peers.install(peers.SUPERVISOR, peers_directory))
        case "circus":
            return Circus(peers.install(peers.CIRCUS, peers_directory))
        case _:
            sys.exit(f"unknown contender {name!r}: known are vigil, supervisor, circus")


def _round(contender: Contender, payload: Payload, found: Found) -> None:
    plays: tuple[tuple[str, Callable[[Contender, Payload], object], list[object]], ...] = (
        ("kill", cases.kill, found.killed),  # type: ignore[arg-type]
        ("upgrade", cases.upgrade, found.upgraded),
        ("events", cases.events, found.deliveries),
        ("finished job", cases.finished_job, found.finished_jobs),
        ("running job", cases.running_job, found.running_jobs),
        ("take back", cases.take_back, found.taken_back_ms),
    )
    for name, play, results in plays:
        try:
            results.append(play(contender, payload))
        except UnsupportedError:
            continue
        except Exception as error:  # one case's trouble must not cost the others their figures
            found.failures.append(f"{contender.title}, {name}: {type(error).__name__}: {error}")


def _lines(found: list[Found]) -> list[list[str]]:
    killed = [each.killed for each in found]
    upgraded = [each.upgraded for each in found]
    return [
        ["**`kill -9` of the daemon under load, then a new start**", *[""] * len(found)],
        ["programs that ran on, and are supervised", *map(_kept, killed)],
        ["programs that ran twice at the same time: an orphan and a new one", *map(_doubled, killed)],
        ["lines lost", *map(_lost_lines, killed)],
        ["lines written twice", *map(_doubled_lines, killed)],
        [
            "exec of the new daemon → it has all of 200 programs, median",
            *(_taken_back(each) for each in found),
        ],
        ["**upgrade under load**", *[""] * len(found)],
        ["programs that ran on", *map(_kept, upgraded)],
        ["lines lost", *map(_lost_lines, upgraded)],
        ["calls of a client that got no answer", *map(_failed_calls, upgraded)],
        ["longest wait for an answer", *map(_longest, upgraded)],
        ["**`kill -9` in between**", *[""] * len(found)],
        ["events lost, of which a listener had not answered the first", *(_events(each) for each in found)],
        [
            "a job was run a second time: it ended as expected after the new start",
            *(_jobs(each.running_jobs) for each in found),
        ],
        [
            "a job was run a second time: it ended as expected before the new start",
            *(_jobs(each.finished_jobs) for each in found),
        ],
    ]


def _kept(losses: list[cases.Loss]) -> str:
    kept, programs = sum(loss.kept for loss in losses), sum(loss.programs for loss in losses)
    return f"{kept:,} of {programs:,}" if losses else NONE


def _doubled(losses: list[cases.Loss]) -> str:
    return f"{sum(loss.doubled_programs for loss in losses):,}" if losses else NONE


def _lost_lines(losses: list[cases.Loss]) -> str:
    written = sum(loss.lines.written for loss in losses)
    return f"{sum(loss.lines.lost for loss in losses):,} of {written:,}" if losses else NONE


def _doubled_lines(losses: list[cases.Loss]) -> str:
    return f"{sum(loss.lines.doubled for loss in losses):,}" if losses else NONE


def _failed_calls(losses: list[cases.Loss]) -> str:
    failed = sum(loss.calls.failed for loss in losses)
    return f"{failed:,} of {failed + sum(loss.calls.answered for loss in losses):,}" if losses else NONE


def _longest(losses: list[cases.Loss]) -> str:
    return f"{max(loss.calls.longest_ms for loss in losses):,.0f} ms" if losses else NONE


def _taken_back(found: Found) -> str:
    return f"{statistics.median(found.taken_back_ms):,.0f} ms" if found.taken_back_ms else NONE


def _events(found: Found) -> str:
    lost, sent = sum(each.lost for each in found.deliveries), sum(each.sent for each in found.deliveries)
    return f"{lost} of {sent}" if found.deliveries else NONE


def _jobs(runs: list[int]) -> str:
    return f"{sum(number > 1 for number in runs)} of {len(runs)} times" if runs else NONE


def _markdown(grid: list[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(line)} |" for line in grid]
    lines.insert(1, "|" + " --- |" * len(grid[0]))
    return lines


def _failures(results: dict[str, Found]) -> list[str]:
    failures = [f"- failed: {failure}" for found in results.values() for failure in found.failures]
    return ["", *failures] if failures else []


def _write_into(path: Path, text: str) -> None:
    page = path.read_text()
    if BEGIN_MARK not in page or END_MARK not in page:
        raise ValueError(f"cannot write the table into {path}: it lacks {BEGIN_MARK!r} or {END_MARK!r}")
    head, tail = page.split(BEGIN_MARK)[0], page.split(END_MARK)[1]
    path.write_text(f"{head}{BEGIN_MARK}\n{text}\n{END_MARK}{tail}")


if __name__ == "__main__":
    sys.exit(main())
