"""200 programs that write ten lines a second each: what one line costs when logs trickle instead of flood."""

import time

from benchmarks.kit import procfs
from benchmarks.kit.contender import Contender, Program, Setup
from benchmarks.kit.metric import Metric, Samples, at_most
from benchmarks.kit.notes import MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, pause
from benchmarks.kit.site import make_site

LINE_BYTES = 99
INTERVAL_MS = 100


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    with make_site(payload) as site:
        notes = site.make_notes("n")
        argv = tuple(payload.argv("lines", notes.path, INTERVAL_MS))
        logs = [site.root / f"p{index}.log" for index in range(plan.many)]
        programs = tuple(Program(f"p{index}", argv, log=log) for index, log in enumerate(logs))
        daemon = contender.launch(site, Setup(programs=programs))
        notes.take(plan.many, MAIN, 60)
        daemon.wait_until_up()
        pause(1.0)  # the start's own work is over
        pids = daemon.pids()
        began, worked = time.monotonic(), procfs.cpu_ns(pids)
        written = sum(log.stat().st_size for log in logs)
        pause(plan.lines_seconds)
        worked = procfs.cpu_ns(pids) - worked
        lines = (sum(log.stat().st_size for log in logs) - written) / LINE_BYTES
        seconds = time.monotonic() - began
    if lines < plan.many * seconds * 5:
        raise RuntimeError(f"only {lines:.0f} lines arrived in {seconds:.0f} s")
    return {"line": [worked / 1e3 / lines], "share": [worked / 1e7 / seconds]}


ROW = Row(
    "many_lines",
    "200 programs write 10 lines a second each",
    (
        Metric("line", "200 programs, 10 lines/s each: CPU a line", "µs", at_most(19)),
        Metric("share", "200 programs, 10 lines/s each: CPU of the daemon", "%"),
    ),
    measure,
)
