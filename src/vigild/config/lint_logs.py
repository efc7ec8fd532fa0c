"""Checks of log files: rotation where none can be, and files that several programs rotate."""

import os
import re
from collections.abc import Iterator

from vigild.config.diagnostics import Diagnostic
from vigild.config.lint_subject import Check, Program, Subject
from vigild.config.model import AUTO, ProcessConfig, StreamConfig

_NOT_A_FILE = re.compile(r"/dev/(?:stdout|stderr|console|tty|fd/|pts/)|/proc/(?:self|\d+)/fd/")


def _streams(subject: Subject) -> Iterator[tuple[Program, ProcessConfig, str, StreamConfig, str]]:
    """Every stream that goes to a named file."""
    for program in subject.programs:
        for process in program.processes:
            for channel, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
                if isinstance(stream.logfile, str):
                    yield program, process, channel, stream, stream.logfile


def check_rotation(subject: Subject) -> Iterator[Diagnostic]:
    """V301: rotation is on for something that is not a file."""
    told: set[tuple[str, str]] = set()
    for program, _process, channel, stream, path in _streams(subject):
        if (
            stream.logfile_max_bytes
            and _NOT_A_FILE.match(path)
            and (program.section.name, channel) not in told
        ):
            told.add((program.section.name, channel))
            option = f"{channel}_logfile"
            yield program.finding("warning", "V301", option, *_rotation_words(path, f"{option}_maxbytes=0"))
    daemon = subject.config.daemon
    if daemon.logfile_max_bytes and _NOT_A_FILE.match(daemon.logfile):
        words = _rotation_words(daemon.logfile, "logfile_maxbytes=0")
        yield subject.finding("warning", "V301", "supervisord", "logfile", *words)


def _rotation_words(path: str, remedy: str) -> tuple[str, str]:
    text = f"{path} cannot be rotated, and rotation is on; Supervisor fails on it with 'Illegal seek'"
    return text, f"add {remedy} to say so (Vigil never rotates it)"


def check_shared(subject: Subject) -> Iterator[Diagnostic]:
    """V302: one log file, rotated by several."""
    users: dict[str, tuple[Program, ProcessConfig, str]] = {}
    told: set[tuple[str, str]] = set()
    daemon = subject.config.daemon
    for program, process, channel, stream, path in _streams(subject):
        if not stream.logfile_max_bytes or path.startswith(("/dev/", "/proc/")):
            continue
        full = os.path.abspath(path)
        option = f"{channel}_logfile"
        if full == daemon.logfile:
            text = f"{path} is the daemon's own log"
            yield program.finding("warning", "V302", option, text, "give the program a file of its own")
        first = users.setdefault(full, (program, process, channel))
        if (first[1] is process and first[2] == channel) or (full, program.section.name) in told:
            continue
        told.add((full, program.section.name))
        yield program.finding("warning", "V302", option, *_shared_words(path, first, process))


def _shared_words(
    path: str, first: tuple[Program, ProcessConfig, str], process: ProcessConfig
) -> tuple[str, str]:
    program, other, channel = first
    if other is process:
        text = f"{path} is stdout's file too: two writers rotate one file, and lines get lost"
        return text, "set redirect_stderr=true and drop stderr_logfile"
    text = (
        f"{path} is the {channel} log of {other.name} ({program.section.where}) too: "
        "two writers rotate one file, and lines get lost"
    )
    return text, "give each its own file, such as /var/log/%(program_name)s-%(process_num)d.log"


def check_kept(subject: Subject) -> Iterator[Diagnostic]:
    """V303 to V305: what Supervisor itself warns of at start."""
    for program in subject.programs:
        for process in program.processes[:1]:
            for channel, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
                option = f"{channel}_logfile"
                entry = program.entries.get(option)
                if entry is not None and entry.text.lower() == "syslog":
                    text = f"{option}=syslog is an old spelling"
                    yield program.finding("warning", "V303", option, text, f"write {channel}_syslog=true")
                if stream.logfile is AUTO and not stream.logfile_max_bytes:
                    text = "a log file that grows without end in the temporary directory"
                    hint = f"drop {option}_maxbytes=0, or name a file"
                    yield program.finding("warning", "V304", f"{option}_maxbytes", text, hint)
            stderr = program.entries.get("stderr_logfile")
            if (
                process.redirect_stderr
                and stderr
                and stderr.text.lower() not in ("auto", "none", "off", "syslog")
            ):
                text = "redirect_stderr=true: this file is never written"
                yield program.finding("warning", "V305", "stderr_logfile", text, "drop one of the two")


def check_daemon_log(subject: Subject) -> Iterator[Diagnostic]:
    """V306: NONE and AUTO are names for programs' logs, not for the daemon's."""
    entry = subject.entry("supervisord", "logfile")
    if entry is not None and entry.text.lower() in ("none", "auto", "off", ""):
        text = f"the daemon's log cannot be {entry.text!r}; a file of that name is written"
        yield subject.finding(
            "warning", "V306", "supervisord", "logfile", text, "use logfile=/dev/null for none"
        )


def check_lines(subject: Subject) -> Iterator[Diagnostic]:
    """V307: what JSON has no place for, and a format of a log that is not kept."""
    for program in subject.programs:
        for process in program.processes[:1]:
            if process.log_format != "json":
                continue
            for option in ("log_prefix", "log_timestamps"):
                if option in program.entries:
                    text = f"with log_format=json, {option} has no effect: the objects name the program and the time"
                    yield program.finding("warning", "V307", option, text, "drop it")
            if process.stdout.logfile is None and (process.redirect_stderr or process.stderr.logfile is None):
                text = "log_format=json has no effect: no log is kept (syslog gets the text)"
                yield program.finding("warning", "V307", "log_format", text, "name a log, or drop it")


LOG_CHECKS: tuple[Check, ...] = (check_rotation, check_shared, check_kept, check_daemon_log, check_lines)
