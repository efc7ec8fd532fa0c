"""How often the kernel killed for want of memory in the daemon's control group."""

CGROUP = "/proc/self/cgroup"
ROOT = "/sys/fs/cgroup"


def oom_kills(cgroup: str = CGROUP, root: str = ROOT) -> int | None:
    """The counter of the group that the daemon, and what it runs, is in; None where there is none (cgroup v1)."""
    try:
        with open(cgroup, encoding="utf-8", errors="replace") as file:
            own = next((line[3:].strip() for line in file if line.startswith("0::")), None)
        if own is None:
            return None
        with open(f"{root}{own.rstrip('/')}/memory.events", encoding="ascii", errors="replace") as file:
            counts = dict(line.split() for line in file)
        return int(counts["oom_kill"])
    except (OSError, KeyError, ValueError):
        return None
