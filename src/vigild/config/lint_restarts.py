"""Checks of restarts: options that contradict each other, or that nothing ever asks for."""

from collections.abc import Iterator

from vigild.config.diagnostics import Diagnostic
from vigild.config.lint_subject import Check, Program, Subject
from vigild.config.model import ProcessConfig
from vigild.core.restarts import FOR_EVER, OnFlapping


def check_restart_delays(subject: Subject) -> Iterator[Diagnostic]:
    """V251: tries below none; delays that are cut short, that never come about, or that hide flapping."""
    for program in subject.programs:
        for process in program.processes[:1]:
            yield from _tries(program, process)
            yield from _delays(program, process)
            yield from _flapping(program, process)


def _tries(program: Program, process: ProcessConfig) -> Iterator[Diagnostic]:
    if process.start_retries < FOR_EVER:
        text = f"startretries={process.start_retries} is taken for 0: a failed start is not tried again"
        yield program.finding("warning", "V251", "startretries", text, "write 0, or -1 to try for ever")


def _delays(program: Program, process: ProcessConfig) -> Iterator[Diagnostic]:
    delay, limit = process.restart_delay_seconds, process.restart_limit_seconds
    if limit < delay:
        text = (
            f"restart_limit={limit:g} is below restart_delay={delay:g}: every restart waits {limit:g} seconds"
        )
        option = "restart_limit" if "restart_limit" in program.entries else "restart_delay"
        yield program.finding("warning", "V251", option, text, f"set restart_limit={delay:g} or more")
    if not delay and not process.flapping[0]:
        if "restart_factor" in program.entries:
            text = "without restart_delay, and with flapping=off, no delay ever grows by a factor"
            yield program.finding(
                "warning", "V251", "restart_factor", text, "set restart_delay, or drop this"
            )
        if "restart_limit" in program.entries and process.start_retries != FOR_EVER:
            text = "without restart_delay, and with flapping=off, there is no delay that could reach a limit"
            yield program.finding("warning", "V251", "restart_limit", text, "set restart_delay, or drop this")


def _flapping(program: Program, process: ProcessConfig) -> Iterator[Diagnostic]:
    restarts, window = process.flapping
    if not restarts:
        if "on_flapping" in program.entries:
            text = "with flapping=off nothing is flapping"
            hint = "drop on_flapping, or set flapping to a rate such as 10/60s"
            yield program.finding("warning", "V251", "on_flapping", text, hint)
    elif process.on_flapping is OnFlapping.FATAL and _seconds_for(restarts, process) >= window:
        text = (
            f"with restart_delay={process.restart_delay_seconds:g} there are never more than {restarts} restarts "
            f"within {window} seconds, so it is never given up"
        )
        hint = "let fewer restarts or a longer time be flapping, or let restart_delay be shorter"
        yield program.finding("warning", "V251", "on_flapping", text, hint)


def _seconds_for(restarts: int, process: ProcessConfig) -> float:
    """The time from one restart to that which comes after so many more: its delays alone, at the beginning of a row."""
    delay, limit, total = process.restart_delay_seconds, process.restart_limit_seconds, 0.0
    for _ in range(restarts):
        delay = min(delay * process.restart_factor, limit)
        total += delay
    return total


RESTART_CHECKS: tuple[Check, ...] = (check_restart_delays,)
