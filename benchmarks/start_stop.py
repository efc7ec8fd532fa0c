"""exec of the daemon until programs run; order to stop until all have gone."""

import random
import time

from benchmarks.kit.contender import Contender, Program, Setup, UnsupportedError
from benchmarks.kit.metric import Metric, Samples, at_most
from benchmarks.kit.notes import MAIN, Notes
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, milliseconds, pause, waiting_setup
from benchmarks.kit.site import make_site

FIRST_STARTS = 3  # cheap, so taken several times a turn
LIMIT_SECONDS = 120.0


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    found: Samples = {"first": [_first(contender, payload) for _ in range(FIRST_STARTS)]}
    for size in plan.sizes:
        started, gone, ended = _start_and_stop(contender, payload, size, by_control=False, as_copies=False)
        found[f"start_{size}"] = [started]
        found[f"stop_{size}"] = [gone]
        found[f"end_{size}"] = [ended]
        try:
            _, gone, _ = _start_and_stop(contender, payload, size, by_control=True, as_copies=False)
            found[f"order_{size}"] = [gone]
        except UnsupportedError:
            pass
    if plan.crowd:
        started, gone, _ = _start_and_stop(contender, payload, plan.crowd, by_control=False, as_copies=True)
        found["copies_start"] = [started]
        found["copies_stop"] = [gone]
    return found


def _first(contender: Contender, payload: Payload) -> float:
    with make_site(payload) as site:
        notes = site.make_notes("n")
        daemon = contender.launch(site, waiting_setup(payload, notes, 1))
        started = notes.take(1, MAIN, LIMIT_SECONDS)[0].at_ns
        return milliseconds(started - daemon.exec_at_ns)


def _start_and_stop(
    contender: Contender, payload: Payload, size: int, by_control: bool, as_copies: bool
) -> tuple[float, float, float]:
    """Milliseconds until the last had started; after the order, until the last had gone, and until the daemon had."""
    with make_site(payload) as site:
        notes = site.make_notes("n")
        setup = _one_section(payload, notes, size) if as_copies else waiting_setup(payload, notes, size)
        daemon = contender.launch(site, setup)
        last = max(note.at_ns for note in notes.take(size, MAIN, LIMIT_SECONDS))
        daemon.wait_until_up()
        pause(random.uniform(0.3, 1.3))  # out of step with whatever turn the daemon has
        before = time.monotonic_ns()
        if by_control:
            daemon.stop_everything_by_control()
            ended = gone = notes.wait_until_all_gone(LIMIT_SECONDS)
        else:
            daemon.terminate()
            gone = notes.wait_until_all_gone(LIMIT_SECONDS)
            ended = daemon.wait_until_ended(LIMIT_SECONDS)
        return (
            milliseconds(last - daemon.exec_at_ns),
            milliseconds(gone - before),
            milliseconds(ended - before),
        )


def _one_section(payload: Payload, notes: Notes, size: int) -> Setup:
    return Setup(programs=(Program("p", tuple(payload.argv("note", notes.path)), copies=size),))


ROW = Row(
    "start_stop",
    "start and stop",
    (
        Metric("first", "exec of the daemon → first program's main", "ms", at_most(100)),
        Metric("start_200", "→ all of 200", "ms", at_most(250)),
        Metric("start_1000", "→ all of 1,000", "ms", at_most(800)),
        Metric("copies_start", "→ all of 1,000, one section of numprocs=1000", "ms", at_most(800)),
        Metric("stop_200", "stop all of 200 (SIGTERM)", "ms", at_most(150)),
        Metric("stop_1000", "stop all of 1,000 (SIGTERM)", "ms", at_most(400)),
        Metric("copies_stop", "stop all of 1,000, one section (SIGTERM)", "ms", at_most(400)),
        Metric("order_200", "stop all of 200 (stopAllProcesses)", "ms", at_most(150)),
        Metric("order_1000", "stop all of 1,000 (stopAllProcesses)", "ms", at_most(400)),
        Metric("end_200", "SIGTERM → end of the daemon, 200 programs", "ms"),
        Metric("end_1000", "SIGTERM → end of the daemon, 1,000 programs", "ms"),
    ),
    measure,
)
