"""SIGKILL of a program until its successor's main, alone and beside many idle programs."""

import os
import random
import signal
import time

from benchmarks.kit.contender import Contender, Program, Setup
from benchmarks.kit.metric import Metric, Samples, at_most, p95
from benchmarks.kit.notes import MAIN, TimedOutError
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, milliseconds, pause, waiting_programs
from benchmarks.kit.site import make_site


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    return {
        "alone": _latencies(contender, plan, payload, 0),
        "beside": _latencies(contender, plan, payload, plan.many),
    }


def _latencies(contender: Contender, plan: Plan, payload: Payload, others: int) -> list[float]:
    found: list[float] = []
    with make_site(payload) as site:
        victims = site.make_notes("v", keep_open=True)
        idle = site.make_notes("i", keep_open=True)
        # Who is killed fifty times in a row is flapping, and Vigil would slow it down.
        victim = Program(
            "victim", tuple(payload.argv("note", victims.path)), options=(("flapping", "1000/1s"),)
        )
        programs = (victim, *waiting_programs(payload, idle, others))
        daemon = contender.launch(site, Setup(programs=programs))
        pid = victims.take(1, MAIN, 60)[0].pid
        idle.take(others, MAIN, 60)
        daemon.wait_until_up()
        deadline = time.monotonic() + plan.respawn_limit_seconds
        while len(found) < plan.respawn_rounds and time.monotonic() < deadline:
            pause(
                contender.least_life_seconds + random.uniform(0.01, 0.05)
            )  # out of step with whatever turn the daemon has
            before = time.monotonic_ns()
            os.kill(pid, signal.SIGKILL)
            try:
                successor = victims.take(1, MAIN, 20)[0]
            except TimedOutError as error:
                raise TimedOutError(f"no successor after round {len(found)}: {error}") from error
            pid = successor.pid
            found.append(milliseconds(successor.at_ns - before))
    return found


ROW = Row(
    "respawn",
    "crash → respawn",
    (
        Metric("respawn_p50", "crash → respawn, median", "ms", at_most(2.5), "alone"),
        Metric("respawn_p95", "crash → respawn, p95", "ms", at_most(5), "alone", p95),
        Metric("respawn_beside_p50", "… beside 200 others, median", "ms", at_most(2.5), "beside"),
        Metric("respawn_beside_p95", "… beside 200 others, p95", "ms", at_most(5), "beside", p95),
    ),
    measure,
    repeated=False,
)
