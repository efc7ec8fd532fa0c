"""What rules of a program can ask for, and where it comes from: the samples of its tree."""

from vigild.core.rules import Metric, Unit, Value, Verb, Vocabulary
from vigild.core.samples import Sample

PROGRAM = Vocabulary(
    "a program",
    (
        Metric("cpu", Unit.PERCENT, "CPU time in percent of one core: 200% are two of them"),
        Metric(
            "memory",
            Unit.BYTES,
            "resident memory (RSS); shared pages count once for each process that has them",
            percent="memory_percent",
        ),
        Metric("memory_percent", Unit.PERCENT, "the same in percent of the memory of the machine"),
        Metric(
            "pss", Unit.BYTES, "resident memory with shared pages shared out (PSS), where the kernel tells"
        ),
        Metric("swap", Unit.BYTES, "memory that is swapped out, where the kernel tells"),
        Metric("threads", Unit.NUMBER, "threads"),
        Metric("processes", Unit.NUMBER, "processes"),
        Metric("files", Unit.NUMBER, "open files"),
        Metric("read_rate", Unit.BYTES_PER_SECOND, "what it reads from storage"),
        Metric("write_rate", Unit.BYTES_PER_SECOND, "what it writes to storage"),
        Metric("restarts", Unit.NUMBER, "restarts within the last hour that nobody ordered"),
        Metric("uptime", Unit.SECONDS, "for how long it has been running"),
    ),
    (Verb.ALERT, Verb.RESTART, Verb.STOP, Verb.EXEC),
)


def values_of(sample: Sample, machine_bytes: int, uptime_seconds: float, restarts: int) -> dict[str, Value]:
    """The metrics of one sample; what is not known is left out. `machine_bytes`: its memory, 0 for unknown."""
    known: dict[str, Value | None] = {
        "cpu": sample.cpu_percent,
        "memory": sample.rss_bytes,
        "memory_percent": sample.rss_bytes / machine_bytes * 100 if machine_bytes else None,
        "pss": sample.pss_bytes,
        "swap": sample.swap_bytes,
        "threads": sample.threads,
        "processes": sample.processes,
        "files": sample.open_files,
        "read_rate": sample.read_bytes_per_second,
        "write_rate": sample.write_bytes_per_second,
        "restarts": restarts,
        "uptime": uptime_seconds,
    }
    return {name: value for name, value in known.items() if value is not None}
