"""Checks of monitors: those that nobody hears of, options without effect, and what is not there to be looked at."""

import os
from collections.abc import Iterator

from vigild.config.diagnostics import Diagnostic, Severity
from vigild.config.lint_subject import Check, Subject
from vigild.config.model import MonitorConfig

_SHELL_WORDS = frozenset({"|", "||", "&&", ">", ">>", "<", "2>&1", "&", ";"})
# option: which schemes of url= it is for
_SCHEMES = {
    "expect_status": ("http",),
    "expect_body": ("http",),
    "headers": ("http",),
    "method": ("http",),
    "send": ("tcp", "udp", "unix"),
    "expect": ("tcp", "udp", "unix"),
}


def check_monitors(subject: Subject) -> Iterator[Diagnostic]:
    """V511, V512, V513."""
    for monitor in subject.config.monitors:
        yield from _unheard(subject, monitor)
        yield from _without_effect(subject, monitor)
        yield from _not_there(subject, monitor)


def _unheard(subject: Subject, monitor: MonitorConfig) -> Iterator[Diagnostic]:
    if subject.config.alerts or any(_acts(rule) for rule in monitor.rules):
        return
    text = "nobody is told of it: there is no [alert:NAME]; only the log and the history know"
    hint = "add an alert, or an action such as exec to its rules"
    yield _finding(subject, monitor, "info", "V511", None, text, hint)


def _acts(rule: str) -> bool:
    done = rule.partition(" then ")[2]
    return any(word in done for word in ("exec ", "restart", "start", "stop"))


def _without_effect(subject: Subject, monitor: MonitorConfig) -> Iterator[Diagnostic]:
    scheme = monitor.settings.get("scheme")
    for option, schemes in _SCHEMES.items():
        if option in monitor.settings and scheme not in (None, *schemes):
            text = f"{option} has no effect with this url"
            yield _finding(subject, monitor, "warning", "V512", option, text, "drop it")
    if "tls" in monitor.settings and not monitor.settings["tls"]:
        for option in ("tls_verify", "tls_ca"):
            if option in monitor.settings:
                text = f"{option} has no effect without TLS"
                hint = "write https:// or tls://, or drop it"
                yield _finding(subject, monitor, "warning", "V512", option, text, hint)
    if "content_ignore" in monitor.settings and "content" not in monitor.settings:
        text = "content_ignore has no effect without content"
        yield _finding(subject, monitor, "warning", "V512", "content_ignore", text, "add content=")
    is_given = subject.entry(f"monitor:{monitor.name}", "timeout") is not None
    if is_given and monitor.timeout_seconds > monitor.interval_seconds:
        text = "timeout is longer than interval: looks come later than they are asked for"
        yield _finding(subject, monitor, "warning", "V512", "timeout", text, "let a look take less time")
    if monitor.program and not any("start" in rule or "stop" in rule for rule in monitor.rules):
        text = "no rule restarts, starts or stops it: program has no effect"
        hint = "write a rule such as: if failed for 3 cycles then restart"
        yield _finding(subject, monitor, "warning", "V512", "program", text, hint)


def _not_there(subject: Subject, monitor: MonitorConfig) -> Iterator[Diagnostic]:
    path = monitor.settings.get("path")
    if monitor.type in ("filesystem", "directory") and isinstance(path, str) and not os.path.exists(path):
        text = f"{path} does not exist on this machine"
        yield _finding(subject, monitor, "warning", "V513", "path", text, "check the name")
    commands = (
        ("start_command", monitor.start_command),
        ("stop_command", monitor.stop_command),
        ("restart_command", monitor.restart_command),
    )
    argv = monitor.settings.get("argv")
    words = {option: text.split() for option, text in commands}
    words["command"] = list(argv) if isinstance(argv, list) else []
    for option, given in words.items():
        if _SHELL_WORDS & set(given):
            text = "the command holds shell syntax, and no shell reads it"
            yield _finding(subject, monitor, "warning", "V513", option, text, "write /bin/sh -c '…'")


def _finding(
    subject: Subject,
    monitor: MonitorConfig,
    severity: Severity,
    code: str,
    option: str | None,
    text: str,
    hint: str,
) -> Diagnostic:
    return subject.finding(severity, code, f"monitor:{monitor.name}", option, text, hint)


MONITOR_CHECKS: tuple[Check, ...] = (check_monitors,)
