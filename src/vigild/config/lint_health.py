"""Checks of readiness and health: options that nothing asks for, and programs that cannot answer."""

from collections.abc import Iterator

from vigild.config.diagnostics import Diagnostic
from vigild.config.lint_subject import Check, Program, Subject
from vigild.config.model import ProcessConfig, Scheme

_OF_HEALTH = (
    "healthcheck_interval",
    "healthcheck_timeout",
    "healthcheck_retries",
    "healthcheck_start_period",
    "healthcheck_expect_status",
    "healthcheck_expect_body",
    "on_unhealthy",
)


def check_health(subject: Subject) -> Iterator[Diagnostic]:
    """V271, V272: what is set and never used, and what can never be answered."""
    for program in subject.programs:
        for process in program.processes[:1]:
            yield from _unused(program, process)
            yield from _unanswered(program, process)


def _unused(program: Program, process: ProcessConfig) -> Iterator[Diagnostic]:
    check = process.healthcheck
    if check is None:
        for option in _OF_HEALTH:
            if option in program.entries:
                text = f"without healthcheck, {option} has no effect"
                yield program.finding("warning", "V271", option, text, "set healthcheck, or drop this")
    elif check.scheme is not Scheme.HTTP:
        for option in ("healthcheck_expect_status", "healthcheck_expect_body"):
            if option in program.entries:
                text = f"{option} is for http:// and https://, and has no effect with {check.text}"
                yield program.finding("warning", "V271", option, text, "drop it")
    if process.readiness is None and "readiness_timeout" in program.entries:
        text = "without readiness, readiness_timeout has no effect"
        yield program.finding("warning", "V271", "readiness_timeout", text, "set readiness, or drop this")
    if process.readiness is not None and "startsecs" in program.entries:
        text = "with readiness, startsecs has no effect: the program is RUNNING when it is ready"
        yield program.finding("warning", "V271", "startsecs", text, "drop it; see readiness_timeout")
    if process.healthcheck is not None and (
        process.healthcheck_timeout_seconds > process.healthcheck_interval_seconds
    ):
        text = "healthcheck_timeout is longer than healthcheck_interval: checks come later than they are asked for"
        yield program.finding("warning", "V271", "healthcheck_timeout", text, "let a check take less time")


def _unanswered(program: Program, process: ProcessConfig) -> Iterator[Diagnostic]:
    words = process.command.split()
    name = words[0].rpartition("/")[2] if words else ""
    if process.is_notified and name in ("sudo", "su", "runuser", "docker", "podman", "ssh"):
        option = "readiness" if process.readiness is not None else "watchdog_secs"
        text = f"{name} does not hand the notification socket on to the program that it runs"
        hint = "run the program itself (user= changes the user), or ask it with http://, tcp:// or exec:"
        yield program.finding("warning", "V272", option, text, hint)
    for option, probe in (("readiness", process.readiness), ("healthcheck", process.healthcheck)):
        is_redirected = name in ("sh", "bash", "dash") and ">" in process.command and "tee" not in words
        if probe is not None and probe.scheme is Scheme.LOG and is_redirected:
            text = "the shell sends the output elsewhere, and log: sees only what comes to Vigil"
            hint = "drop the redirection; stdout_logfile writes the file"
            yield program.finding("warning", "V272", option, text, hint)


HEALTH_CHECKS: tuple[Check, ...] = (check_health,)
