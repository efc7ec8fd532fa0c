"""One program floods its stdout; the daemon captures it into a rotated file of two times 50 MB."""

import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kit import procfs
from benchmarks.kit.contender import Contender, Program, Setup, wait_for
from benchmarks.kit.metric import Metric, Samples, at_least_times_supervisor, at_most_times_supervisor
from benchmarks.kit.notes import BEGIN, END, MAIN
from benchmarks.kit.payload import Payload
from benchmarks.kit.plan import Plan
from benchmarks.kit.row import Row
from benchmarks.kit.site import make_site

WRITES = {"64k": 65536, "4k": 4096, "100": 100}
DECORATED = (("log_timestamps", "true"), ("log_prefix", "%(program_name)s "))


@dataclass(frozen=True, slots=True)
class Captured:
    megabytes_a_second: float
    cpu_seconds_a_gib: float


def measure(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    found: Samples = {}
    for name, size in WRITES.items():
        captured = _flood(contender, plan, payload, size, ())
        found[f"rate_{name}"] = [captured.megabytes_a_second]
        found[f"cpu_{name}"] = [captured.cpu_seconds_a_gib]
    return found


def measure_decorated(contender: Contender, plan: Plan, payload: Payload) -> Samples:
    captured = _flood(contender, plan, payload, WRITES["100"], DECORATED)
    large = _flood(contender, plan, payload, WRITES["4k"], DECORATED)
    return {
        "rate": [captured.megabytes_a_second],
        "cpu": [captured.cpu_seconds_a_gib],
        "rate_4k": [large.megabytes_a_second],
    }


def _flood(
    contender: Contender, plan: Plan, payload: Payload, size: int, options: tuple[tuple[str, str], ...]
) -> Captured:
    # The logs go to a disk, where logs are: pages of a tmpfs that nobody has used yet cost this virtual machine
    # ten microseconds each, now to one contender and now to the other.
    with make_site(payload) as site, tempfile.TemporaryDirectory(prefix="vb-log-") as disk:
        notes = site.make_notes("n")
        log = Path(disk) / "flood.log"
        argv = payload.argv("flood", notes.path, size, plan.flood_bytes, plan.flood_limit_seconds)
        daemon = contender.launch(
            site, Setup(programs=(Program("flood", tuple(argv), log=log, options=options),))
        )
        pid = notes.take(1, MAIN, 60)[0].pid
        daemon.wait_until_up()
        pids = daemon.pids()
        worked = procfs.cpu_ns(pids)
        os.kill(pid, signal.SIGUSR1)
        begin = notes.take(1, BEGIN, 10)[0]
        end = notes.take(1, END, plan.flood_limit_seconds + 60)[0]
        wait_for(lambda: _has_last_line(log), 60, "the last line of the flood in the log")
        worked = procfs.cpu_ns(pids) - worked
    seconds = (end.at_ns - begin.at_ns) / 1e9
    return Captured(end.count / 1e6 / seconds, worked / 1e9 / (end.count / 2**30))


def _has_last_line(log: Path) -> bool:
    """The marker may have been the last bytes before a rotation, so look into the backup, too."""
    return any(path.exists() and b"flood: END" in _tail(path) for path in (log, Path(f"{log}.1")))


def _tail(path: Path) -> bytes:
    with open(path, "rb") as source:
        source.seek(max(0, os.fstat(source.fileno()).st_size - 400))
        return source.read()


ROW = Row(
    "log_capture",
    "log capture into a rotated file",
    (
        Metric("rate_64k", "log capture, 64-KiB writes", "MB/s", at_least_times_supervisor(1)),
        Metric("rate_4k", "log capture, 4-KiB writes", "MB/s", at_least_times_supervisor(1)),
        Metric("rate_100", "log capture, 100-byte writes", "MB/s", at_least_times_supervisor(1)),
        Metric("cpu_64k", "CPU a GiB, 64-KiB writes", "s", at_most_times_supervisor(0.75)),
        Metric("cpu_4k", "CPU a GiB, 4-KiB writes", "s", at_most_times_supervisor(0.75)),
        Metric("cpu_100", "CPU a GiB, 100-byte writes", "s", at_most_times_supervisor(0.75)),
    ),
    measure,
)
