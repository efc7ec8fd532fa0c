"""`python -m benchmarks`: measure Vigil, its peers and the floor in one run, and print one table."""

import argparse
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    adoption,
    control,
    crowd,
    event_rate,
    idle,
    import_budget,
    log_capture,
    log_decorated,
    many_lines,
    memory,
    respawn,
    sampling,
    start_stop,
)
from benchmarks.kit import peers, site, table
from benchmarks.kit.contender import Contender
from benchmarks.kit.contenders.circus import Circus
from benchmarks.kit.contenders.classic import Classic
from benchmarks.kit.contenders.floor import Floor
from benchmarks.kit.contenders.service_dirs import DAEMONTOOLS, RUNIT, S6, ServiceDirs
from benchmarks.kit.payload import make_payload
from benchmarks.kit.plan import full_plan, quick_plan
from benchmarks.kit.run import RowResult, run_row

PROJECT = Path(__file__).parent.parent
ROWS = tuple(
    module.ROW
    for module in (
        respawn,
        start_stop,
        adoption,
        memory,
        idle,
        sampling,
        log_capture,
        log_decorated,
        many_lines,
        control,
        crowd,
        event_rate,
        import_budget,
    )
)
OPEN_FILES = 65536


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up, and show what there is
    if options.directory:
        os.environ[site.DIRECTORY_VARIABLE] = str(options.directory.absolute())
    _raise_open_files()
    began, load = time.monotonic(), os.getloadavg()[0]
    plan = quick_plan() if options.quick else full_plan(options.repeats)
    payload = make_payload(options.peers)
    contenders, absent = _contenders(options)
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    results: list[RowResult] = []
    try:
        for number, row in enumerate(rows, 1):
            print(f"[{number}/{len(rows)}] {row.title}", file=sys.stderr, flush=True)
            results.append(RowResult(row))
            run_row(results[-1], contenders, plan, payload)
    except KeyboardInterrupt:
        print("interrupted: what was measured so far follows", file=sys.stderr)
    titles = {contender.name: f"{contender.title} {contender.version()}".strip() for contender in contenders}
    about = (
        table.machine(load),
        f"{'Quick run, for a first look only' if plan.quick else f'Full run, medians of {plan.repeats} alternating turns'}; "
        f"took {(time.monotonic() - began) / 60:.0f} minutes; payload: {payload.description}; "
        f"daemons' files on {_file_system()}, captured logs on disk.",
    )
    report = table.Report(titles, results, absent, about)
    print(table.as_text(report))
    if options.markdown and len(results) == len(ROWS):
        table.write_into(options.markdown, report)
    elif options.markdown:
        print(
            f"{options.markdown} is left as it is: only {len(results)} of {len(ROWS)} rows", file=sys.stderr
        )
    if options.json:
        options.json.write_text(json.dumps({r.row.name: r.samples for r in results}, indent=1))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of about two minutes")
    parser.add_argument("--only", action="append", metavar="ROW", choices=[row.name for row in ROWS])
    parser.add_argument("--contenders", type=lambda text: text.split(","), metavar="NAME,…")
    parser.add_argument("--repeats", type=int, default=3, help="alternating turns of the full run")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the table between the marks of FILE"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples")
    parser.add_argument("--vigil-bin", type=Path, default=PROJECT / ".venv" / "bin", help="Vigil's commands")
    parser.add_argument(
        "--directory", type=Path, help="where daemons keep their files; in memory if it is not given"
    )
    parser.add_argument("--peers", type=Path, default=PROJECT / ".peers", help="where peers are installed")
    return parser


def _contenders(options: argparse.Namespace) -> tuple[list[Contender], dict[str, str]]:
    """Those that are here, in the order of the columns, and why the others are not."""
    makers: dict[str, Callable[[], Contender]] = {
        "vigil": lambda: _vigil(options.vigil_bin.absolute()),
        "supervisor": lambda: Classic(
            "supervisor", "Supervisor", peers.install(peers.SUPERVISOR, options.peers)
        ),
        "circus": lambda: Circus(peers.install(peers.CIRCUS, options.peers)),
        "daemontools": lambda: ServiceDirs(DAEMONTOOLS, options.peers),
        "runit": lambda: ServiceDirs(RUNIT, options.peers),
        "s6": lambda: ServiceDirs(S6, options.peers),
        "floor": Floor,
    }
    found: list[Contender] = []
    absent: dict[str, str] = {}
    for name in options.contenders or makers:
        try:
            found.append(makers[name]())
        except KeyError:
            sys.exit(f"unknown contender {name!r}: known are {', '.join(makers)}")
        except peers.NotInstalledError as error:
            absent[name] = str(error)
    return found, absent


def _vigil(binaries: Path) -> Classic:
    if not (binaries / "supervisord").exists():
        raise peers.NotInstalledError(
            f"{binaries}/supervisord does not exist: run `make` first, or give --vigil-bin"
        )
    return Classic("vigil", "Vigil", binaries)


def _raise_open_files() -> None:
    """A thousand programs with three streams each: children inherit this limit, the same for all contenders."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _file_system() -> str:
    """The type of the file system that holds what daemons make (captured logs go to the disk)."""
    directory, kind, length = site.directory(), "an unknown file system", -1
    try:
        for line in Path("/proc/mounts").read_text().splitlines():
            _, point, name, *_ = line.split()
            if (directory == point or directory.startswith(point.rstrip("/") + "/")) and len(point) > length:
                kind, length = name, len(point)
    except OSError:
        pass
    return kind


if __name__ == "__main__":
    sys.exit(main())
