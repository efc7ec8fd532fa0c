"""Events a second to one trivial listener. It holds the first event until all others wait in its pool's buffer."""

import os
import signal

from benchmarks.kit.contender import Contender, Setup
from benchmarks.kit.metric import Metric, Samples, at_least_times_supervisor
from benchmarks.kit.notes import BEGIN, END, MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, waiting_programs
from benchmarks.kit.site import make_site


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    found = {"alone": [_rate(contender, plan, payload, 0)]}
    if contender.name != "floor":
        found["beside"] = [_rate(contender, plan, payload, plan.many)]
    return found


def _rate(contender: Contender, plan: Plan, payload: Payload, others: int) -> float:
    with make_site(payload) as site:
        notes, idle = site.make_notes("n"), site.make_notes("i", keep_open=True)
        argv = tuple(payload.argv("listen", notes.path, plan.events))
        programs = waiting_programs(payload, idle, others)
        daemon = contender.launch(site, Setup(programs, argv, listener_buffer=plan.events))
        pid = notes.take(1, MAIN, 60)[0].pid
        idle.take(others, MAIN, 60)
        daemon.wait_until_up()
        daemon.send_events(1)
        notes.take(1, BEGIN, 30)
        daemon.send_events(plan.events - 1)
        os.kill(pid, signal.SIGUSR1)
        begin = notes.take(1, BEGIN, 30)[0]
        end = notes.take(1, END, 120)[0]
    return (plan.events - 1) / ((end.at_ns - begin.at_ns) / 1e9)


ROW = Row(
    "event_rate",
    "events to one listener",
    (
        Metric("alone", "events to one trivial listener", "1/s", at_least_times_supervisor(5)),
        Metric(
            "beside", "events to one trivial listener, beside 200 others", "1/s", at_least_times_supervisor(5)
        ),
    ),
    measure,
    note=(
        "Events are REMOTE_COMMUNICATION, sent by sendRemoteCommEvent in multicalls of 250 and held in the pool's "
        "buffer; only their delivery is timed."
    ),
)
