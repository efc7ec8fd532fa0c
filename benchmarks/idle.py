"""What a daemon does when nothing happens: 200 idle programs, nobody asks."""

import time

from benchmarks.kit import procfs
from benchmarks.kit.contender import Contender
from benchmarks.kit.metric import Metric, Samples, at_most
from benchmarks.kit.notes import MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, pause, waiting_setup
from benchmarks.kit.site import make_site


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    with make_site(payload) as site:
        notes = site.make_notes("n")
        daemon = contender.launch(site, waiting_setup(payload, notes, plan.many))
        notes.take(plan.many, MAIN, 60)
        daemon.wait_until_up()
        pause(plan.idle_settle_seconds)
        pids = daemon.pids()
        began, slept, worked = time.monotonic(), procfs.wakeups(pids), procfs.cpu_ns(pids)
        pause(plan.idle_seconds)
        slept, worked = procfs.wakeups(pids) - slept, procfs.cpu_ns(pids) - worked
        seconds = time.monotonic() - began
    return {"wakeups": [slept / seconds], "cpu": [worked / 1e6 * 60 / seconds]}


ROW = Row(
    "idle",
    "idle with 200 programs",
    (
        Metric("wakeups", "200 programs idle: own wake-ups a second", "1/s", at_most(0.05, "0")),
        Metric("cpu", "200 programs idle: CPU a minute", "ms", at_most(5)),
    ),
    measure,
)
