"""Resident memory of the daemon (all its processes) with 1, 200 and 1,000 idle programs, every door served once.

Measured eight seconds after the start: by then everything is there that comes after a start (Vigil opens
its history after two, and gives back what only the start needed after five).
"""

import time

from benchmarks.kit import procfs
from benchmarks.kit.contender import Contender
from benchmarks.kit.metric import Metric, Samples, at_most
from benchmarks.kit.notes import MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, waiting_setup
from benchmarks.kit.site import make_site

SETTLE_SECONDS = 8


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    found: Samples = {}
    for size in (1, *plan.sizes):
        with make_site(payload) as site:
            notes = site.make_notes("n")
            daemon = contender.launch(site, waiting_setup(payload, notes, size))
            notes.take(size, MAIN, 120)
            daemon.wait_until_up()
            time.sleep(SETTLE_SECONDS)
            pids = daemon.pids()
            found[f"rss_{size}"] = [procfs.rss_kib(pids) / 1024]
            found[f"pss_{size}"] = [procfs.pss_kib(pids) / 1024]
            found[f"files_{size}"] = [float(procfs.open_files(pids))]
    return found


ROW = Row(
    "memory",
    "memory",
    (
        Metric("rss_1", "RSS, one program, both sockets served", "MiB", at_most(24)),
        Metric("rss_200", "RSS, 200 programs", "MiB"),
        Metric("rss_1000", "RSS, 1,000 programs", "MiB", at_most(32)),
        Metric("pss_1", "PSS, one program", "MiB"),
        Metric("pss_200", "PSS, 200 programs", "MiB", at_most(22)),
        Metric("pss_1000", "PSS, 1,000 programs", "MiB"),
        Metric("files_200", "open files of the daemon, 200 programs", ""),
    ),
    measure,
    repeated=False,  # memory does not depend on what else the machine does
)
