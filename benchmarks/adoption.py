"""SIGKILL of the daemon, then exec of a new one until it has all programs that the old one ran."""

from benchmarks.kit.contender import Contender
from benchmarks.kit.metric import Metric, Samples, at_most
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row
from benchmarks.survival_cases import take_back


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    return {"adopted": [take_back(contender, payload, plan.many)]}


ROW = Row(
    "adoption",
    "adoption",
    (Metric("adopted", "kill -9, exec of a new daemon → it has all of 200 adopted", "ms", at_most(500)),),
    measure,
    only=("vigil",),
)
