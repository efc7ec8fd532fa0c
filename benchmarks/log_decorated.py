"""The same flood with a timestamp and a prefix on every line (Vigil only)."""

from benchmarks.kit.metric import Metric, at_least
from benchmarks.kit.row import Row
from benchmarks.log_capture import measure_decorated

ROW = Row(
    "log_decorated",
    "log capture with timestamps and a prefix",
    (
        Metric("rate", "timestamps and prefix, 100-byte lines, 100-byte writes", "MB/s", at_least(200)),
        Metric("rate_4k", "timestamps and prefix, 100-byte lines, 4-KiB writes", "MB/s"),
        Metric("cpu", "timestamps and prefix: CPU a GiB, 100-byte writes", "s"),
    ),
    measure_decorated,
    only=("vigil",),
    note="Rates count what the program wrote, not what the decoration adds.",
)
