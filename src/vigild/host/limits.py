"""Steps that limit a child and set its priorities: `setrlimit`, nice, ionice, oom_score_adj, CPUs.

They run before the user is switched, with the daemon's rights. Limits of memory come last among them, because
the child still runs Python then.
"""

import errno
import os
import sys
from collections.abc import Callable

from vigild.engine.ports import ChildSetup
from vigild.host.steps import Step

UNLIMITED = -1
RLIMIT_LOCKS = 10  # Linux; Python has no name for it
IOPRIO_WHO_PROCESS = 1
IOPRIO_CLASS_SHIFT = 13
IO_CLASS_NAMES = ("none", "realtime", "best-effort", "idle")
OOM_SCORE_FILE = "/proc/self/oom_score_adj"
_MEMORY_LIMITS = ("data", "stack", "as")
_BYTE_LIMITS = ("as", "core", "data", "fsize", "memlock", "msgqueue", "rss", "stack")

# ioprio_set(2) has no wrapper in the C library: its number on (machine, bits).
_IOPRIO_SET = {
    ("x86_64", 64): 251,
    ("x86_64", 32): 289,
    ("i686", 32): 289,
    ("aarch64", 64): 30,
    ("aarch64", 32): 314,
    ("armv7l", 32): 314,
    ("riscv64", 64): 30,
    ("loongarch64", 64): 30,
    ("ppc64le", 64): 273,
    ("ppc64", 64): 273,
    ("s390x", 64): 282,
}


def limit_steps(setup: ChildSetup) -> list[Step]:
    """The steps that the setup asks for. The order counts: rights given by one are used by the next."""
    steps: list[Step] = []
    if setup.oom_score_adjustment is not None:  # before the limit of open files
        steps.append(_oom_step(setup.oom_score_adjustment))
    if setup.cpus:
        steps.append(_cpu_step(setup.cpus))
    # limit_nice allows nice, so it comes first.
    steps += [_limit_step(*limit) for limit in setup.limits if limit[0] not in _MEMORY_LIMITS]
    if setup.nice is not None:
        steps.append(_nice_step(setup.nice))
    if setup.io_priority is not None:
        steps.append(_io_step(*setup.io_priority))
    steps += [_limit_step(*limit) for limit in setup.limits if limit[0] in _MEMORY_LIMITS]
    return steps


# -- limits ----------------------------------------------------------------------------------------


def _limit_step(name: str, soft: int, hard: int) -> Step:
    import resource

    number = RLIMIT_LOCKS if name == "locks" else int(getattr(resource, f"RLIMIT_{name.upper()}"))
    setrlimit, none = resource.setrlimit, resource.RLIM_INFINITY  # not -1 everywhere
    limits = (none if soft == UNLIMITED else soft, none if hard == UNLIMITED else hard)

    def act() -> None:
        try:
            setrlimit(number, limits)
        except ValueError:  # Python's for EPERM, and for a soft limit above the hard one, which cannot be
            raise PermissionError(errno.EPERM, "setrlimit") from None

    def explain(code: int) -> str:
        own = resource.getrlimit(number)[1]
        return _why_no_limit(name, hard, UNLIMITED if own == none else own, code)

    def what() -> str:
        amount = words_of(name, hard)
        return f"set limit_{name} to " + (amount if soft == hard else f"{words_of(name, soft)}:{amount}")

    return Step("limit", what, act, explain)


def words_of(name: str, amount: int) -> str:
    """A limit as people write it: `unlimited`, `512MB`, `1024`."""
    if amount == UNLIMITED:
        return "unlimited"
    if name in _BYTE_LIMITS:
        for unit, size in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
            if amount and amount % size == 0:
                return f"{amount // size}{unit}"
    return str(amount)


def _why_no_limit(name: str, hard: int, daemons_hard: int, code: int) -> str:
    if code != errno.EPERM:
        return ""
    if name == "nofile":
        most = _number_in("/proc/sys/fs/nr_open")
        if most is not None and (hard == UNLIMITED or hard > most):
            return f"the kernel allows no process more than {most}; sysctl fs.nr_open raises that"
    return (
        f"above the daemon's hard limit {words_of(name, daemons_hard)}, which it has no right to raise; lower "
        f"limit_{name}, or raise the daemon's (Limit{name.upper()}= in its systemd unit)"
    )


def _number_in(path: str) -> int | None:
    try:
        with open(path, "rb") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


# -- priorities ------------------------------------------------------------------------------------


def _nice_step(nice: int) -> Step:
    setpriority, who = os.setpriority, os.PRIO_PROCESS

    def explain(code: int) -> str:
        if code not in (errno.EPERM, errno.EACCES):
            return ""
        own = os.getpriority(who, 0)
        return f"going below the daemon's own {own} needs CAP_SYS_NICE, as root has it; or LimitNICE= in its systemd unit"

    return Step("nice", lambda: f"set nice to {nice}", lambda: setpriority(who, 0, nice), explain)


def _io_step(io_class: int, level: int) -> Step:
    name = IO_CLASS_NAMES[io_class]
    text = f"set ionice to {name}" + (f":{level}" if name in ("realtime", "best-effort") else "")

    def explain(code: int) -> str:
        if code == errno.ENOSYS:
            return f"this system ({os.uname().machine}) cannot, or is not known here"
        return "realtime needs CAP_SYS_NICE, as root has it" if code == errno.EPERM else ""

    return Step("ionice", lambda: text, _io_call(io_class << IOPRIO_CLASS_SHIFT | level), explain)


def _io_call(priority: int) -> Callable[[], None]:
    bits = 64 if sys.maxsize > 2**32 else 32
    number = _IOPRIO_SET.get((os.uname().machine, bits)) if sys.platform == "linux" else None
    if number is None:

        def refuse() -> None:
            raise OSError(errno.ENOSYS, "ioprio_set")

        return refuse

    import ctypes

    syscall = ctypes.CDLL(None, use_errno=True).syscall
    arguments = [ctypes.c_long(value) for value in (number, IOPRIO_WHO_PROCESS, 0, priority)]

    def call() -> None:
        if syscall(*arguments) < 0:
            raise OSError(ctypes.get_errno(), "ioprio_set")

    return call


def _oom_step(adjustment: int) -> Step:
    def act() -> None:
        fd = os.open(OOM_SCORE_FILE, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, b"%d" % adjustment)
        finally:
            os.close(fd)

    def explain(code: int) -> str:
        if code in (errno.EPERM, errno.EACCES):
            own = _number_in(OOM_SCORE_FILE)
            if own is None or adjustment < own:
                return (
                    f"going below the daemon's own {own} needs CAP_SYS_RESOURCE, as root has it; "
                    "or OOMScoreAdjust= in its systemd unit"
                )
            # The kernel keeps the files in /proc of a process that gave up root for root.
            return (
                "a daemon that was started by root and became another user may not; start it as that user, or "
                "leave it root and give the programs a user"
            )
        return "this system has no such file" if code == errno.ENOENT else ""

    return Step("oom_score_adj", lambda: f"set oom_score_adj to {adjustment}", act, explain)


def _cpu_step(cpus: tuple[int, ...]) -> Step:
    def explain(code: int) -> str:
        there = ranges_of(sorted(os.sched_getaffinity(0)))
        return f"none of them can be used here; the daemon has {there}" if code == errno.EINVAL else ""

    def act() -> None:
        os.sched_setaffinity(0, cpus)

    return Step("cpu_affinity", lambda: f"set cpu_affinity to {ranges_of(cpus)}", act, explain)


def ranges_of(numbers: list[int] | tuple[int, ...]) -> str:
    """`0-3,7` for ascending numbers."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
