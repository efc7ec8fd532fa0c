"""Modules the daemon has imported when it spawns its first program, and how long they took."""

import json
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.kit.contender import Contender, UnsupportedError
from benchmarks.kit.contenders.classic import Classic, configuration
from benchmarks.kit.metric import Metric, Samples, at_most
from benchmarks.kit.notes import MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, waiting_setup
from benchmarks.kit.site import free_port, make_site, start

HOOK = Path(__file__).parent / "kit" / "import_hook"
# Not logging: asyncio imports it.
FORBIDDEN = [
    "ssl",
    "hashlib",
    "hmac",
    "email",
    "tempfile",
    "sqlite3",
    "psutil",
    "cronsim",
    "h11",
    "http",
    "urllib.request",
    "xmlrpc",
    "pydantic",
]


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    if not isinstance(contender, Classic):
        raise UnsupportedError("only for supervisord")
    modules, spent_us = imported_before_spawn(contender, payload)
    return {
        "modules": [float(len(modules))],
        "spent": [spent_us / 1000],
        "forbidden": [float(len(forbidden(modules)))],
    }


def imported_before_spawn(contender: Classic, payload: Payload) -> tuple[list[str], float]:
    """The modules, and the microseconds their imports took (those known to -X importtime)."""
    with make_site(payload) as site:
        notes = site.make_notes("n")
        path, report = site.root / "d.conf", site.root / "modules.json"
        path.write_text(configuration(site, waiting_setup(payload, notes, 1), free_port()))
        python = str(contender.binaries / "python")
        environment = {"PYTHONPATH": str(HOOK), "BENCH_IMPORT_REPORT": str(report)}
        start(site, [python, "-X", "importtime", *contender.argv(path)], environment)
        notes.take(1, MAIN, 60)
        if not report.exists():
            raise RuntimeError(
                "the hook saw no spawn: it knows fork, posix_spawn and _posixsubprocess.fork_exec"
            )
        modules = json.loads(report.read_text())
        times = dict(_importtime((site.root / "daemon.out").read_text(errors="replace")))
    return modules, sum(times.get(name, 0.0) for name in modules)


def forbidden(modules: list[str]) -> list[str]:
    return sorted(
        name for name in modules if any(name == bad or name.startswith(f"{bad}.") for bad in FORBIDDEN)
    )


def _importtime(text: str) -> list[tuple[str, float]]:
    found = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", text)
    return [(name, float(own_us)) for own_us, name in found]


ROW = Row(
    "import_budget",
    "imports before the first spawn",
    (
        Metric("modules", "modules imported before the first spawn", ""),
        Metric("spent", "time spent in those imports (with -X importtime)", "ms"),
        Metric("forbidden", "of these, on the forbidden list", "", at_most(0, "0")),
    ),
    measure,
    only=("vigil", "supervisor"),
    repeated=False,
    note="Forbidden before the first spawn: " + ", ".join(FORBIDDEN) + ".",
)


def _list(binaries: Path) -> None:
    """`python -m benchmarks.import_budget DIR`: print the modules, one a line, forbidden ones marked."""
    from benchmarks.kit.payload import make_payload

    payload = make_payload(Path(__file__).parent.parent / ".peers")
    modules, spent_us = imported_before_spawn(Classic("given", "given", binaries), payload)
    bad = set(forbidden(modules))
    for name in sorted(modules):
        print(f"{name}{'   <- forbidden' if name in bad else ''}")
    print(f"{len(modules)} modules, {spent_us / 1000:.1f} ms")


if __name__ == "__main__":
    try:
        _list(Path(sys.argv[1]).absolute())
    except subprocess.SubprocessError as error:
        sys.exit(str(error))
