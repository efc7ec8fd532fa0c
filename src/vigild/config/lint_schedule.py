"""Checks of schedules: options that contradict one, or that only one has a use for."""

from collections.abc import Iterator

from vigild.config.cron import next_due
from vigild.config.diagnostics import Diagnostic
from vigild.config.lint_subject import Check, Program, Subject
from vigild.config.model import Autorestart, ProcessConfig
from vigild.config.options import SCHEDULE_OPTIONS
from vigild.config.zones import zone_of


def check_schedules(subject: Subject) -> Iterator[Diagnostic]:
    """V281: jobs that are not left to end, or that may not end soon; options without a schedule."""
    for program in subject.programs:
        for process in program.processes[:1]:
            if process.schedule:
                yield from _of_job(program, process)
            else:
                yield from _unused(program)


def _of_job(program: Program, process: ProcessConfig) -> Iterator[Diagnostic]:
    if next_due(process.schedule, zone_of("UTC"), 0.0) is None:
        text = f"no such date ever comes: {process.schedule}"
        yield program.finding("warning", "V281", "schedule", text, "check day, month and day of the week")
    if process.autorestart is Autorestart.ALWAYS:
        text = "autorestart=true starts it again whenever it ends, so its schedule finds it running"
        hint = "drop autorestart; unexpected runs it again only when it fails"
        yield program.finding("warning", "V281", "autorestart", text, hint)
    if process.start_seconds > 0 and process.readiness is None:
        seconds = process.start_seconds
        text = f"a run fails where it ends within {seconds} seconds (startsecs), even with status 0"
        yield program.finding("warning", "V281", "startsecs", text, "drop startsecs: with a schedule it is 0")


def _unused(program: Program) -> Iterator[Diagnostic]:
    if "schedule" in program.entries:  # it is wrong, and that has been said
        return
    for option in SCHEDULE_OPTIONS[1:]:
        if option.name in program.entries:
            text = f"without schedule, {option.name} has no effect"
            yield program.finding("warning", "V281", option.name, text, "set schedule, or drop this")


SCHEDULE_CHECKS: tuple[Check, ...] = (check_schedules,)
