"""`LISTEN_FDS`: which descriptors a process was handed by whoever started it, and what they are called."""

from collections.abc import Mapping

FIRST_FD = 3  # fixed by the protocol
MAX_FDS = 65536
VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID")
NO_NAME = "unknown"  # systemd's word


def handed_over(environ: Mapping[str, str], pid: int) -> list[tuple[int, str]]:
    """`(descriptor, name)` of each, in order. Empty when the variables are meant for another pid, or nonsense."""
    if environ.get("LISTEN_PID") != str(pid):
        return []
    text = environ.get("LISTEN_FDS", "")
    count = int(text) if text.isascii() and text.isdecimal() else 0
    if count > MAX_FDS:
        return []
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    names += [NO_NAME] * (count - len(names))
    return [(FIRST_FD + index, names[index] or NO_NAME) for index in range(count)]
