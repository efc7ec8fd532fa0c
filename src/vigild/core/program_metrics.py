"""What rules of a program can ask for, and where it comes from: the samples of its tree."""

from vigild.core.rules import Metric, Unit, Verb, Vocabulary

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
