"""Checks of forwards: secrets that others can read, receivers that cannot be reached, lines that are sent twice or never."""

import os
import re
import stat
from collections.abc import Iterator

from vigild.config.convert_forwards import check_url
from vigild.config.diagnostics import BadValueError, Diagnostic
from vigild.config.lint_subject import PROGRAM_KINDS, Check, Subject
from vigild.config.model import Config, ForwardConfig, ProcessConfig
from vigild.config.options import kind_of
from vigild.core.alert_filter import matches_name
from vigild.core.names import make_namespec
from vigild.wire.forward_urls import Journald, Kind, Syslog, SyslogFormat, Target, Web, parse_target
from vigild.wire.url_lists import urls_of_file
from vigild.wire.url_parts import ReceiverUrlError

MAX_FILE_BYTES = 64 << 10
_FOR_OTHERS = stat.S_IROTH
_FOR_ANYBODY_ELSE = stat.S_IRWXG | stat.S_IRWXO
_LOOPBACK = re.compile(r"http://(?:localhost|127\.[0-9.]+|\[::1\])[:/]")
_LOKI_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JOURNAL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_SYSLOG_NAME = re.compile(r"(?:[!#-<>-\\^-~]){1,32}")
_SYSTEM_SOCKETS = frozenset({"/dev/log", "/run/systemd/journal/dev-log", "/var/run/log"})
_OWN_LABELS = frozenset({"program", "group", "stream", "level"})


def check_secrets(subject: Subject) -> Iterator[Diagnostic]:
    """V521: who reads the file, or listens on the network, can send in our name."""
    for forward in subject.config.forwards:
        section = f"forward:{forward.name}"
        entry = subject.entry(section, "url")
        target = _target(forward)
        if isinstance(target, Web) and (target.token or target.password or target.headers):
            if entry is not None and "%(ENV_" not in entry.text and _mode(entry.file) & _FOR_OTHERS:
                text = f"the address holds a secret, and every user of the machine can read {entry.file}"
                hint = "write url_file=PATH with the address in that file (mode 0600), or %(ENV_NAME)s for its secret"
                yield subject.finding("warning", "V521", section, "url", text, hint)
            if target.url.startswith("http:") and not _LOOPBACK.match(target.url):
                text = "a secret goes over the network in clear text"
                option = "url" if forward.url else "url_file"
                yield subject.finding(
                    "warning", "V521", section, option, text, f"write {target.kind}+https://"
                )
        if forward.url_file is not None and _mode(forward.url_file) & _FOR_ANYBODY_ELSE:
            text = f"others than its owner may use {forward.url_file}, which may hold a secret"
            yield subject.finding(
                "warning", "V521", section, "url_file", text, f"chmod 0600 {forward.url_file}"
            )


def check_places(subject: Subject) -> Iterator[Diagnostic]:
    """V522: what is to be on this machine, and is not: the file with the address, a socket, certificates."""
    for forward in subject.config.forwards:
        section = f"forward:{forward.name}"
        if forward.url_file is not None:
            for text, hint in _wrong_with(forward.url_file):
                yield subject.finding("warning", "V522", section, "url_file", text, hint)
        target = _target(forward)
        option = "url" if forward.url else "url_file"
        if isinstance(target, Syslog | Journald) and target.path and not _is_socket(target.path):
            what = "is no socket" if os.path.exists(target.path) else "is not here"
            text = f"{target.path} {what}; until there is a socket, lines wait and then are lost"
            hint = "in a container it has to be mounted; a server elsewhere is syslog+tcp:// or syslog+tls://"
            yield subject.finding("warning", "V522", section, option, text, hint)
        if isinstance(target, Syslog | Web):
            for path in (target.tls.ca_file, target.tls.cert_file, target.tls.key_file):
                if path and not os.path.exists(path):
                    text = f"there is no file {path}"
                    yield subject.finding("warning", "V522", section, option, text, "check the name")


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def _wrong_with(path: str) -> Iterator[tuple[str, str]]:
    try:
        found = _urls_in(path)
    except PermissionError:
        return  # the daemon's user may be allowed what we are not
    except OSError as error:
        yield f"{path}: {error.strerror}", "make the file, with the address in it and mode 0600"
        return
    if len(found) != 1:
        yield f"{path} holds {len(found) or 'no'} address{'es' if found else ''}", "write one into it"
    for line, url in found:
        try:
            check_url(url)
        except BadValueError as error:
            yield f"{path}:{line}: {error}", error.hint


def check_reach(subject: Subject) -> Iterator[Diagnostic]:
    """V523: patterns that no program has, what writes nothing there, and lines that are sent twice."""
    has_programs = any(kind_of(name) in PROGRAM_KINDS for name in subject.document.sections)
    seen: list[tuple[ForwardConfig, str, set[tuple[str, str]]]] = []
    for forward in subject.config.forwards if has_programs else ():
        section = f"forward:{forward.name}"
        for pattern in forward.programs:
            if not _reached(subject.config, (pattern,)):
                text = f"no program is named {pattern}"
                hint = "write a program's or group's name as status shows it, or a pattern such as web:*"
                yield subject.finding("warning", "V523", section, "programs", text, hint)
        reached = _reached(subject.config, forward.programs)
        if forward.channels == ("stderr",) and reached and all(p.redirect_stderr for p in reached.values()):
            text = "these programs write no stderr: redirect_stderr sends it where stdout goes"
            yield subject.finding("warning", "V523", section, "channels", text, "add stdout")
        streams = {(name, channel) for name in reached for channel in forward.channels}
        address = _address(forward)
        for other, other_address, others in seen:
            if address and address == other_address and (both := streams & others):
                text = f"[forward:{other.name}] sends the output of {min(both)[0]} to the same place: it arrives twice"
                yield subject.finding(
                    "warning", "V523", section, "programs", text, "let each name other programs"
                )
        seen.append((forward, address, streams))


def check_labels(subject: Subject) -> Iterator[Diagnostic]:
    """V524: what the receiver would refuse, or gets under another name."""
    for forward in subject.config.forwards:
        target = _target(forward)
        for name, _value in forward.labels if target is not None else ():
            for text, hint in _wrong_with_label(name, target):
                yield subject.finding("warning", "V524", f"forward:{forward.name}", "labels", text, hint)


def _wrong_with_label(name: str, target: Target | None) -> Iterator[tuple[str, str]]:
    loki = isinstance(target, Web) and target.kind is Kind.LOKI
    if loki and name in _OWN_LABELS:
        yield f"the label {name} takes the place of Vigil's own", "give it another name"
    if loki and name.startswith("__"):
        yield f"the label {name}: Loki keeps names that begin with __ for itself", "give it another name"
    elif loki and not _LOKI_NAME.fullmatch(name):
        yield _renamed(name), "in Loki's names are letters, digits and _, and no digit first"
    elif isinstance(target, Journald) and not _JOURNAL_NAME.fullmatch(name):
        yield _renamed(name), "in names of the journal's fields are letters, digits and _, a letter first"
    elif isinstance(target, Syslog) and not _SYSLOG_NAME.fullmatch(name):
        yield (
            _renamed(name),
            "in names of structured data are 32 signs of ASCII at most, but for = ] and quotes",
        )


def _renamed(name: str) -> str:
    return f"the receiver gets the label {name} under another name"


def check_sizes(subject: Subject) -> Iterator[Diagnostic]:
    """V525: a batch that can never be full."""
    for forward in subject.config.forwards:
        if forward.batch_max_bytes > forward.buffer_max_bytes:
            text = "a batch may be larger than all that is kept"
            hint = "let buffer_maxbytes be a few times batch_maxbytes"
            section = f"forward:{forward.name}"
            yield subject.finding("warning", "V525", section, "batch_maxbytes", text, hint)


def check_format(subject: Subject) -> Iterator[Diagnostic]:
    """V526: what listens at /dev/log expects what glibc's syslog(3) writes."""
    for forward in subject.config.forwards:
        target = _target(forward)
        if (
            isinstance(target, Syslog)
            and target.path in _SYSTEM_SOCKETS
            and target.format is SyslogFormat.RFC5424
        ):
            text = f"what listens at {target.path} mostly reads the older form: name, level and pid would be part of the text"
            hint = 'add ?format=rfc3164, or let it read RFC 5424 there (rsyslog: UseSpecialParser="off" of imuxsock)'
            option = "url" if forward.url else "url_file"
            yield subject.finding("info", "V526", f"forward:{forward.name}", option, text, hint)


def _reached(config: Config, patterns: tuple[str, ...]) -> dict[str, ProcessConfig]:
    return {
        name: process
        for group in config.groups
        for process in group.processes
        if matches_name(patterns, name := make_namespec(group.name, process.name))
    }


def _address(forward: ForwardConfig) -> str:
    """The URL, also one in a file; '' where it cannot be read."""
    if forward.url_file is None:
        return forward.url
    try:
        found = _urls_in(forward.url_file)
    except OSError:
        return ""
    return found[0][1] if found else ""


def _target(forward: ForwardConfig) -> Target | None:
    try:
        return parse_target(_address(forward))
    except ReceiverUrlError:
        return None  # told elsewhere


def _urls_in(path: str) -> list[tuple[int, str]]:
    with open(path, encoding="utf-8", errors="replace") as file:
        return list(urls_of_file(file.read(MAX_FILE_BYTES)))


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return 0


FORWARD_CHECKS: tuple[Check, ...] = (
    check_secrets,
    check_places,
    check_reach,
    check_labels,
    check_sizes,
    check_format,
)
