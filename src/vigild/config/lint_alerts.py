"""Checks of alerts: secrets that others can read, addresses that nobody can be reached by, alerts that never tell."""

import os
import re
import stat
from collections.abc import Iterator

from vigild.config.convert_alerts import check_url
from vigild.config.diagnostics import BadValueError, Diagnostic
from vigild.config.lint_subject import PROGRAM_KINDS, Check, Subject
from vigild.config.model import AlertConfig
from vigild.config.options import kind_of
from vigild.core.alert_filter import matches_name
from vigild.wire.url_lists import urls_of_file

MAX_FILE_BYTES = 64 << 10
_FOR_OTHERS = stat.S_IROTH
_FOR_ANYBODY_ELSE = stat.S_IRWXG | stat.S_IRWXO
_NOT_SECRET = re.compile(r"exec:|smtps?://[^/@]*(?:/|$)")


def check_secrets(subject: Subject) -> Iterator[Diagnostic]:
    """V501: whoever reads an address can write to where it leads."""
    for alert in subject.config.alerts:
        section = f"alert:{alert.name}"
        entry = subject.entry(section, "url")
        is_secret = not all(_NOT_SECRET.match(url) for url in alert.urls)
        if entry is not None and is_secret and "%(ENV_" not in entry.text and _others_read(entry.file):
            text = f"the address is secret, and every user of the machine can read {entry.file}"
            hint = "write url_file=PATH with the address in that file (mode 0600), or %(ENV_NAME)s for its secret"
            yield subject.finding("warning", "V501", section, "url", text, hint)
        if alert.url_file is not None and _mode(alert.url_file) & _FOR_ANYBODY_ELSE:
            text = f"others than its owner may use {alert.url_file}, which holds secrets"
            hint = f"chmod 0600 {alert.url_file}"
            yield subject.finding("warning", "V501", section, "url_file", text, hint)


def _others_read(path: str) -> bool:
    return bool(_mode(path) & _FOR_OTHERS)


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return 0


def check_url_files(subject: Subject) -> Iterator[Diagnostic]:
    """V502: what the deliverer will find in a file with addresses."""
    for alert in subject.config.alerts:
        if alert.url_file is None:
            continue
        for text, hint in _wrong_with(alert.url_file):
            yield subject.finding("warning", "V502", f"alert:{alert.name}", "url_file", text, hint)


def _wrong_with(path: str) -> Iterator[tuple[str, str]]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = urls_of_file(file.read(MAX_FILE_BYTES))
    except PermissionError:
        return  # the daemon's user may be allowed what we are not
    except OSError as error:
        yield f"{path}: {error.strerror}", "make the file, with one address a line and mode 0600"
        return
    if not found:
        yield f"{path} holds no address", "write one address a line"
    for line, url in found:
        try:
            check_url(url)
        except BadValueError as error:
            yield f"{path}:{line}: {error}", error.hint


def check_reach(subject: Subject) -> Iterator[Diagnostic]:
    """V503: patterns that no program has, and options that contradict each other."""
    names = [f"{group.name}:{process.name}" for group in subject.config.groups for process in group.processes]
    names += [group.name for group in subject.config.groups]
    has_programs = any(kind_of(name) in PROGRAM_KINDS for name in subject.document.sections)
    for alert in subject.config.alerts:
        yield from _unused(subject, alert)
        for pattern in alert.programs if has_programs else ():
            if not any(matches_name((pattern,), name) for name in names):
                text = f"no program is named {pattern}"
                hint = "write a program's or group's name as status shows it, or a pattern such as web:*"
                yield subject.finding("warning", "V503", f"alert:{alert.name}", "programs", text, hint)


def _unused(subject: Subject, alert: AlertConfig) -> Iterator[Diagnostic]:
    section = f"alert:{alert.name}"
    if set(alert.events) == {"recovered"}:
        text = "an end is told only of what was told to have begun, so nothing is"
        yield subject.finding(
            "warning", "V503", section, "events", text, "add what begins, such as critical, recovered"
        )
    if not alert.quiet_hours.ranges and subject.entry(section, "quiet_pass") is not None:
        text = "without quiet_hours, quiet_pass has no effect"
        yield subject.finding("warning", "V503", section, "quiet_pass", text, "set quiet_hours, or drop this")


def check_zones(subject: Subject) -> Iterator[Diagnostic]:
    """V504: quiet hours would be those of the machine's own time."""
    for alert in subject.config.alerts:
        zone = alert.quiet_hours.zone
        if zone and not _is_zone(zone):
            text = f"there is no time zone {zone!r} here; the machine's own is taken"
            hint = (
                "write a name such as Asia/Shanghai, or install the time zone database (the package tzdata)"
            )
            yield subject.finding("warning", "V504", f"alert:{alert.name}", "quiet_hours", text, hint)


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True


ALERT_CHECKS: tuple[Check, ...] = (check_secrets, check_url_files, check_reach, check_zones)
