"""Checks of limits, identity and environment files: what this machine, or the daemon's rights, will not allow."""

import os
from collections.abc import Iterator

from vigild.config.convert_limits import IO_CLASSES, UNLIMITED, is_above
from vigild.config.diagnostics import Diagnostic, Severity
from vigild.config.lint_subject import Check, Program, Subject
from vigild.config.model import ProcessConfig
from vigild.config.place import Where
from vigild.wire.envfile import BadLineError, parse

NR_OPEN_FILE = "/proc/sys/fs/nr_open"
FILE_BYTES_MAX = 1024 * 1024
_LEAST = {"nofile": 10, "as": 1024**2, "data": 64 * 1024, "stack": 64 * 1024}
_IGNORED = {"rss": "2.4.30", "locks": "2.4.25"}


def _first(subject: Subject) -> Iterator[tuple[Program, ProcessConfig]]:
    return ((program, program.processes[0]) for program in subject.programs if program.processes)


def check_rights(subject: Subject) -> Iterator[Diagnostic]:
    """V231: what only root can do, and the daemon is not."""
    daemon = subject.config.daemon
    uid = os.geteuid() if daemon.uid is None else daemon.uid
    if uid == 0:
        return
    # Somebody else may check what root will run.
    severity: Severity = "info" if daemon.uid is None else "warning"
    who = f"runs as {daemon.user}" if daemon.user else "is started from this account"
    for program, process in _first(subject):
        asked = {
            "user": process.uid not in (None, uid),
            "group": process.gid not in (None, daemon.gid),
            "supplementary_groups": process.supplementary_gids is not None,
            "nice": (process.nice or 0) < 0,
            "ionice": process.io_priority is not None and process.io_priority[0] == IO_CLASSES["realtime"],
            "oom_score_adj": (process.oom_score_adjustment or 0) < 0,
        }
        for option in (option for option, asks in asked.items() if asks):
            text = f"needs root, which a daemon that {who} is not; the program will not start"
            yield program.finding(severity, "V231", option, text, "drop it, or run the daemon as root")
        for name, _soft, hard in process.limits:
            most = _hard_limit(name)
            if is_above(hard, most):
                text = f"above the hard limit {most} of this account, which only root can raise"
                hint = f"lower it, or raise the daemon's: Limit{name.upper()}= in its systemd unit"
                yield program.finding(severity, "V231", f"limit_{name}", text, hint)


def _hard_limit(name: str) -> int:
    import resource

    number = getattr(resource, f"RLIMIT_{name.upper()}", None)
    most = resource.RLIM_INFINITY if number is None else resource.getrlimit(number)[1]
    return UNLIMITED if most == resource.RLIM_INFINITY else most


def check_effect(subject: Subject) -> Iterator[Diagnostic]:
    """V232: limits that change nothing."""
    for program, process in _first(subject):
        for name, _soft, _hard in process.limits:
            if name in _IGNORED:
                text = f"no Linux since {_IGNORED[name]} looks at this limit"
                yield program.finding("info", "V232", f"limit_{name}", text, "drop it")
            elif name == "nproc" and process.uid == 0:
                text = "root is not held to this limit"
                yield program.finding(
                    "info", "V232", "limit_nproc", text, "give the program a user of its own"
                )


def check_amounts(subject: Subject) -> Iterator[Diagnostic]:
    """V233: limits under which nothing runs; V236: more open files than the kernel allows."""
    for program, process in _first(subject):
        for name, soft, hard in process.limits:
            if soft != UNLIMITED and soft < _LEAST.get(name, 0):
                text = f"hardly any program runs with {soft}"
                hint = "it is a number of bytes without KB, MB or GB" if name != "nofile" else "raise it"
                yield program.finding("warning", "V233", f"limit_{name}", text, hint)
            most = _nr_open() if name == "nofile" else UNLIMITED
            if is_above(hard, most):
                text = f"the kernel allows {most} at most; the program will not start"
                yield program.finding(
                    "warning", "V236", "limit_nofile", text, "lower it, or raise sysctl fs.nr_open"
                )


def _nr_open() -> int:
    try:
        with open(NR_OPEN_FILE, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return UNLIMITED


def check_environment_files(subject: Subject) -> Iterator[Diagnostic]:
    """V234: an environment file that is not there; V237: one with a bad line."""
    for program in subject.programs:
        files = dict(file for process in program.processes for file in process.environment_files)
        for path, optional in files.items():
            if os.path.isfile(path):
                bad = _bad_line(path)
                if bad is not None:
                    where, text = Where(path, bad.line), f"{bad}; the program will not start"
                    hint = "write NAME=value, with quotes around a value that holds blanks or #"
                    yield Diagnostic("warning", where, program.section.name, "envfile", text, hint, "V237")
            elif not optional:
                text = f"there is no file {path}; the program will not start"
                hint = f"create it, or write -{path} for a file that may be missing"
                yield program.finding("warning", "V234", "envfile", text, hint)


def _bad_line(path: str) -> BadLineError | None:
    try:
        with open(path, "rb") as file:
            for _ in parse(os.fsdecode(file.read(FILE_BYTES_MAX))):
                pass
    except OSError:  # who checks may not read what the daemon can
        return None
    except BadLineError as error:
        return error
    return None


def check_cpus(subject: Subject) -> Iterator[Diagnostic]:
    """V235: CPUs that this machine does not have."""
    count = os.cpu_count() or 1
    for program in subject.programs:
        beyond = sorted({cpu for process in program.processes for cpu in process.cpus if cpu >= count})
        if beyond:
            text = f"there is no CPU {beyond[0]}: this machine has {count}, counted from 0"
            yield program.finding("warning", "V235", "cpu_affinity", text, f"write numbers up to {count - 1}")


LIMIT_CHECKS: tuple[Check, ...] = (
    check_rights,
    check_effect,
    check_amounts,
    check_environment_files,
    check_cpus,
)
