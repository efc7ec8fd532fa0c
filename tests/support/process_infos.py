"""What a daemon tells of one process, for decisions that look at it."""

from vigild.client.supervisor import ProcessInfo


def info(
    name: str, group: str = "", *, pid: int = 1, state: int = 20, start: int = 900, now: int = 1000
) -> ProcessInfo:
    """A process that has run for 100 seconds."""
    return ProcessInfo(
        name=name,
        group=group or name,
        description="",
        start=start,
        stop=0,
        now=now,
        state=state,
        statename="",
        spawnerr="",
        exitstatus=0,
        logfile="",
        stdout_logfile="",
        stderr_logfile="",
        pid=pid,
    )
