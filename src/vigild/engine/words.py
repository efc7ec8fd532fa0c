"""What the log calls the end of a process, in Supervisor's words."""

import os
import signal as signals


def exit_words(wait_status: int) -> tuple[int, str]:
    """`(exit status, words)` of a raw wait status, as Supervisor counts and words them: a signal is -1."""
    if os.WIFEXITED(wait_status):
        code = os.WEXITSTATUS(wait_status)
        return code, f"exit status {code}"
    if os.WIFSIGNALED(wait_status):
        core = " (core dumped)" if os.WCOREDUMP(wait_status) else ""
        return -1, f"terminated by {signal_name(os.WTERMSIG(wait_status))}{core}"
    return -1, f"unknown termination cause {wait_status:#06x}"


def duration_words(seconds: float) -> str:
    """For people: `0.3 s`, `45 s`, `12 min`, `5 h`, `3 days`."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    for length, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def signal_name(signum: int) -> str:
    """`SIGTERM` for 15; `signal 99` for a number without a name."""
    try:
        return signals.Signals(signum).name
    except ValueError:
        return f"signal {signum}"
