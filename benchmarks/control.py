"""Asking: getAllProcessInfo raw over the unix socket, and the status command as a person waits for it."""

import subprocess
import time

from benchmarks.kit.contender import Contender, Daemon, UnsupportedError
from benchmarks.kit.metric import Metric, Samples, at_most
from benchmarks.kit.notes import MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, milliseconds, waiting_setup
from benchmarks.kit.site import clean_environment, make_site


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    found: Samples = {}
    for size in (1, plan.crowd or plan.many):
        with make_site(payload) as site:
            notes = site.make_notes("n")
            daemon = contender.launch(site, waiting_setup(payload, notes, size))
            notes.take(size, MAIN, 120)
            daemon.wait_until_up()
            try:
                found[f"ask_{size}"] = [milliseconds(daemon.ask_all_processes()) for _ in range(plan.asks)]
            except UnsupportedError:
                pass
            found[f"status_{size}"] = [_status(daemon) for _ in range(plan.asks)]
    return found


def _status(daemon: Daemon) -> float:
    environment = clean_environment(daemon.site) | (daemon.environment() or {})
    before = time.monotonic_ns()
    done = subprocess.run(
        daemon.status_argv(), capture_output=True, timeout=60, env=environment, stdin=subprocess.DEVNULL
    )
    taken = time.monotonic_ns() - before
    if done.returncode != 0:
        raise RuntimeError(
            f"the status command ended with {done.returncode}: {(done.stdout + done.stderr)[-300:]!r}"
        )
    return milliseconds(taken)


ROW = Row(
    "control",
    "control",
    (
        Metric("ask_1", "getAllProcessInfo, 1 program, raw", "ms"),
        Metric("ask_200", "getAllProcessInfo, 200 programs, raw", "ms"),
        Metric("ask_1000", "getAllProcessInfo, 1,000 programs, raw", "ms", at_most(25)),
        Metric("status_1", "supervisorctl status, wall, 1 program", "ms", at_most(70)),
        Metric("status_200", "supervisorctl status, wall, 200 programs", "ms"),
        Metric("status_1000", "supervisorctl status, wall, 1,000 programs", "ms", at_most(160)),
    ),
    measure,
    repeated=False,
    note="The floor of the status command is the start of a bare Python interpreter.",
)
