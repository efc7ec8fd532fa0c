"""Checks of programs: can the command run, does it stay, can it be stopped."""

import os
import re
from collections import Counter
from collections.abc import Iterator

from vigild.config.commands import (
    daemonizer,
    effective_words,
    is_jvm,
    is_shell_script,
    script_of,
    shell_syntax,
    split,
)
from vigild.config.diagnostics import Diagnostic
from vigild.config.expand import bare_conversion
from vigild.config.lint_subject import Check, Program, Subject
from vigild.config.model import KillMode, ProcessConfig
from vigild.config.options import SECTIONS
from vigild.core.process import Autorestart
from vigild.core.restarts import OnFlapping

JVM_START_SECONDS = 10
SIGKILL = 9
_BUILTINS = frozenset(
    {"cd", "source", ".", "export", "exec", "ulimit", "umask", "eval", "while", "for", "if"}
)


def _first_words(subject: Subject) -> Iterator[tuple[Program, ProcessConfig, list[str]]]:
    for program in subject.programs:
        if program.processes:
            process = program.processes[0]
            words = split(process.command)
            if words:
                yield program, process, words


def check_quotes(subject: Subject) -> Iterator[Diagnostic]:
    """V202: a value that an inline comment sign cut in the middle of a quoted string."""
    for program in subject.programs:
        entry = program.entries.get("command")
        if entry is None or split(entry.text) is not None:
            continue
        text = "a quote is not closed, so the program cannot start"
        hint = "close the quote"
        if entry.cut:
            text = f"cut at {entry.cut.split()[0]!r}: a {entry.cut[0]} after a blank starts a comment, in quotes too"
            hint = f"drop the blank before the {entry.cut[0]}, or put the commands into a script"
        yield program.finding("warning", "V202", "command", text, hint)


def check_found(subject: Subject) -> Iterator[Diagnostic]:
    """V201: the program that a command names is not there, or cannot be executed."""
    for program, process, words in _first_words(subject):
        name = words[0]
        if "=" in name and "/" not in name.partition("=")[0]:
            continue  # VAR=value cmd: reported as shell syntax
        path = process.environment.get("PATH", subject.environ.get("PATH", os.defpath))
        found = _find(name, path, process.directory)
        if found is None:
            text = f"cannot find {name!r}" + ("" if "/" in name else " on PATH")
            hint = (
                f"{name} is a shell's own command: run sh -c '…'"
                if name in _BUILTINS
                else "install it, give its full path, or set PATH in environment="
            )
            yield program.finding("warning", "V201", "command", text, hint)
        elif not os.access(found, os.X_OK) or os.path.isdir(found):
            text = f"{found} cannot be executed"
            yield program.finding(
                "warning", "V201", "command", text, f"chmod +x {found}, or run it by its interpreter"
            )


def _find(name: str, path: str, directory: str | None) -> str | None:
    if "/" in name:
        places = [os.path.join(base, name) for base in (".", directory or ".")]
    else:
        places = [os.path.join(base, name) for base in path.split(os.pathsep) if base]
    return next((place for place in places if os.path.exists(place)), None)


def check_shell_syntax(subject: Subject) -> Iterator[Diagnostic]:
    """V203: pipes, redirections, variables and the like, which no shell reads here."""
    for program, process, words in _first_words(subject):
        syntax = shell_syntax(process.command, words)
        if syntax is None:
            continue
        hint = "run it through a shell: sh -c 'exec …'"
        if syntax.startswith("$"):
            hint = (
                f"write %(ENV_{syntax.strip('${}()') or 'NAME'})s, or run it through a shell: sh -c 'exec …'"
            )
        elif syntax.endswith("="):
            hint = "put variables into environment=, or run it through env"
        elif syntax.startswith("~"):
            hint = "write the full path; ~ is for shells"
        text = f"{syntax!r} is for a shell, and no shell reads a command; the program gets it as an argument"
        yield program.finding("warning", "V203", "command", text, hint)


def check_foreground(subject: Subject) -> Iterator[Diagnostic]:
    """V204: a program known to put itself in the background."""
    for program, process, words in _first_words(subject):
        known = daemonizer(words)
        if known is not None and not process.forking:
            name = os.path.basename(effective_words(words)[0])
            text = f"{name} leaves the foreground unless its own configuration says otherwise; it would seem to have exited"
            if "mysqld" in name or "mariadbd" in name:
                if process.kill_mode is not KillMode.PROCESS:
                    continue  # its server is ended with it
                text = f"{name} is a wrapper: a stop would end the wrapper and leave the server"
            yield program.finding("warning", "V204", "command", text, known.remedy)


def check_pidfile(subject: Subject) -> Iterator[Diagnostic]:
    """V241, V242: a pidfile of a program that stays in the foreground, or one of several processes."""
    for program in subject.programs:
        yield from _shared_pidfile(program)
        for process in program.processes[:1]:
            if process.pidfile is not None and not process.forking:
                text = (
                    "the pidfile is read only with forking=true; without it this process itself is supervised"
                )
                hint = "add forking=true if the program puts itself in the background, else drop pidfile="
                yield program.finding("warning", "V241", "pidfile", text, hint)


def _shared_pidfile(program: Program) -> Iterator[Diagnostic]:
    files = Counter(process.pidfile for process in program.processes if process.forking and process.pidfile)
    for path, count in files.items():
        if count > 1:
            text = (
                f"{count} processes write to {path}: each finds what another has written, and does not start"
            )
            hint = "put %(process_num)d into the name, here and in the configuration of the program"
            yield program.finding("warning", "V242", "pidfile", text, hint)


def check_jvm(subject: Subject) -> Iterator[Diagnostic]:
    """V205: a JVM that is called RUNNING long before it serves, or fails after that."""
    for program, process, words in _first_words(subject):
        if is_jvm(words) and 0 < process.start_seconds < JVM_START_SECONDS:
            text = f"startsecs={process.start_seconds} is short for a JVM: it is RUNNING before it serves or fails"
            hint = f"set startsecs={JVM_START_SECONDS} or more: the seconds until it has come up"
            yield program.finding("warning", "V205", "startsecs", text, hint)


def check_restarts(subject: Subject) -> Iterator[Diagnostic]:
    """V206: a program that is restarted for ever, however fast it fails."""
    for program in subject.programs:
        for process in program.processes[:1]:
            given_up = process.flapping[0] and process.on_flapping is OnFlapping.FATAL
            if process.start_seconds == 0 and process.autorestart is Autorestart.ALWAYS and not given_up:
                text = (
                    "with startsecs=0 every start succeeds, so with autorestart=true it never becomes FATAL"
                )
                hint = "set startsecs=1 or more, or on_flapping=fatal; a program that runs once wants autorestart=false"
                yield program.finding("warning", "V206", "startsecs", text, hint)


def check_stopping(subject: Subject) -> Iterator[Diagnostic]:
    """V207: stops that leave children behind or give no time."""
    for program, process, words in _first_words(subject):
        if process.stop_signal == SIGKILL or process.stop_wait_seconds <= 0:
            option = "stopsignal" if process.stop_signal == SIGKILL else "stopwaitsecs"
            text = "the program is killed at once and cannot finish what it is doing"
            yield program.finding("info", "V207", option, text, "use TERM and a stopwaitsecs that it needs")
        ends_more = (
            process.stop_as_group or process.kill_as_group or process.kill_mode is not KillMode.PROCESS
        )
        if not is_shell_script(words) or ends_more:
            continue
        script = script_of(words)
        last = re.split(r"&&|\|\||[;|&\n]", script.strip().rstrip(";"))[-1].strip()
        if not re.match(r"(exec|exit)\b", last) and re.search(r"&&|\|\||[;|&\n]", script):
            text = "a stop ends the shell and leaves what it runs"
            hint = "add stopasgroup=true, or let the last command be exec …"
            yield program.finding("info", "V208", "command", text, hint)


def check_instances(subject: Subject) -> Iterator[Diagnostic]:
    """V209: sections that make no process, and processes that share a name."""
    for program in subject.programs:
        entry = program.entries.get("numprocs")
        if not program.processes and entry is not None and entry.text.strip() in ("0", "00"):
            yield program.finding("warning", "V209", "numprocs", "numprocs=0: nothing runs", "set 1 or more")
    for group in subject.config.groups:
        for name, count in Counter(process.name for process in group.processes).items():
            if count > 1 and group.where is not None:
                text = f"{count} processes of the group are named {name!r}; the last one wins"
                hint = "let process_name hold what tells them apart, such as %(process_num)02d"
                yield Diagnostic("warning", group.where, group.name, "process_name", text, hint, "V209")


def check_groups(subject: Subject) -> Iterator[Diagnostic]:
    """V210: groups of one name, and FastCGI programs that lose their socket in a group."""
    seen: dict[str, str] = {}
    for group in subject.config.groups:
        if group.name in seen and group.where is not None:
            text = f"a second group is named {group.name!r} ({seen[group.name]}); only one of them runs"
            yield Diagnostic("warning", group.where, None, None, text, "rename one", "V210")
        seen[group.name] = str(group.where)
    for program in subject.programs:
        if (
            program.kind == "fcgi-program"
            and program.processes
            and program.processes[0].kind.value == "program"
        ):
            text = "in a [group:…] an fcgi-program gets no socket"
            yield program.finding(
                "warning", "V210", None, text, "take it out of the group: it is one by itself"
            )


def check_directories(subject: Subject) -> Iterator[Diagnostic]:
    """V211: a working directory that is not there."""
    for program in subject.programs:
        for process in program.processes[:1]:
            directory = process.directory
            if directory and not os.path.isdir(directory):
                text = f"{directory} is not a directory; the program cannot start"
                yield program.finding(
                    "warning", "V211", "directory", text, f"create it: mkdir -p {directory}"
                )


def check_percent(subject: Subject) -> Iterator[Diagnostic]:
    """V212: `%s` without a name, which is replaced by the table of all names, environment included."""
    for program in subject.programs:
        table = SECTIONS[program.kind]
        for option, entry in program.entries.items():
            if option in table and table[option].lone_percent:
                continue
            if "%" in entry.text and bare_conversion(entry.text):
                text = "a % without (name) is replaced by all names and the whole environment"
                yield program.finding("warning", "V212", option, text, "write %% for a percent sign")


def check_templates(subject: Subject) -> Iterator[Diagnostic]:
    """V213: markers of a template that nobody rendered."""
    for section in subject.document.sections.values():
        for option, entry in section.entries.items():
            if re.search(r"\{\{.*\}\}|\{%.*%\}|<%.*%>", entry.text):
                text = "this looks like a template that has not been rendered"
                yield Diagnostic(
                    "warning", entry.where, section.name, option, text, "render it first", "V213"
                )


PROGRAM_CHECKS: tuple[Check, ...] = (
    check_quotes,
    check_found,
    check_shell_syntax,
    check_foreground,
    check_pidfile,
    check_jvm,
    check_restarts,
    check_stopping,
    check_instances,
    check_groups,
    check_directories,
    check_percent,
    check_templates,
)
