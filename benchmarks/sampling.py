"""What it costs to measure 1,000 programs every five seconds: CPU of the daemon, with what it does anyhow taken off."""

from benchmarks.kit import procfs
from benchmarks.kit.contender import Contender
from benchmarks.kit.metric import Metric, Samples, at_most
from benchmarks.kit.notes import MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row, pause, waiting_setup
from benchmarks.kit.site import make_site
from vigild.client.supervisor import Supervisor

INTERVAL_SECONDS = 5.0
PASSES = 12  # the first ones also read the memory that is shared out, of a tenth of all each


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    passes = 2 if plan.quick else PASSES
    with make_site(payload) as site:
        notes = site.make_notes("n")
        number = plan.crowd or plan.many
        daemon = contender.launch(site, waiting_setup(payload, notes, number))
        notes.take(number, MAIN, 60)
        daemon.wait_until_up()
        pause(plan.idle_settle_seconds)
        pids = daemon.pids()
        with Supervisor.at(f"unix://{site.root}/s") as client:
            client.watch_samples(INTERVAL_SECONDS, 300)
            pause(1)
            worked = procfs.cpu_ns(pids)
            pause(passes * INTERVAL_SECONDS)
            worked = procfs.cpu_ns(pids) - worked
            sampled = sum("cpu_percent" in facts for facts in client.all_facts())
    if sampled != number:
        raise RuntimeError(f"{sampled} of {number} programs were measured")
    return {"cpu": [worked / 1e9 / (passes * INTERVAL_SECONDS) * 100]}


ROW = Row(
    "sampling",
    "measuring 1,000 programs",
    (Metric("cpu", "1,000 programs measured every 5 s: CPU, of one core", "%", at_most(1)),),
    measure,
    only=("vigil",),
    repeated=False,
)
