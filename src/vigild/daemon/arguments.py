"""The command line of supervisord: Supervisor's flags, each of them, with the same meaning."""

import getopt
from dataclasses import field

from vigild.core.frozen import plain

# short, long, the option of [supervisord] that it overrides, argument's name ('' for a flag), help
FLAGS: tuple[tuple[str, str, str, str, str], ...] = (
    ("c", "configuration", "", "FILE", "read this configuration file (else the usual places are searched)"),
    ("n", "nodaemon", "nodaemon", "", "stay in the foreground"),
    ("s", "silent", "silent", "", "in the foreground: no log lines on standard output"),
    ("u", "user", "user", "USER", "run as this user (name or number)"),
    ("m", "umask", "umask", "UMASK", "umask of the daemon, octal (default 022)"),
    ("d", "directory", "directory", "DIR", "directory to change to when going into the background"),
    ("l", "logfile", "logfile", "FILE", "main log file"),
    ("y", "logfile_maxbytes", "logfile_maxbytes", "BYTES", "size at which the main log is rotated"),
    ("z", "logfile_backups", "logfile_backups", "N", "how many rotated main logs are kept"),
    ("e", "loglevel", "loglevel", "LEVEL", "critical, error, warn, info, debug, trace or blather"),
    ("j", "pidfile", "pidfile", "FILE", "where to write the daemon's pid"),
    ("i", "identifier", "identifier", "NAME", "name of this daemon, told to listeners and clients"),
    ("q", "childlogdir", "childlogdir", "DIR", "directory of AUTO log files"),
    ("k", "nocleanup", "nocleanup", "", "keep old AUTO log files at start"),
    ("a", "minfds", "minfds", "N", "least number of file descriptors to start with"),
    ("t", "strip_ansi", "strip_ansi", "", "take colour codes out of the output of programs"),
    ("", "minprocs", "minprocs", "N", "least number of processes to start with"),
    ("", "profile_options", "profile_options", "LIST", "accepted for Supervisor's sake; has no effect"),
    ("", "check", "", "", "only look whether it would come up: say OK, or why not (status 2)"),
    ("h", "help", "", "", "show this help"),
    ("v", "version", "", "", "show the version"),
)


class UsageError(Exception):
    """The command line cannot be used; the text says why."""


@plain
class Arguments:
    """What the command line says. `overrides` holds raw values by option of [supervisord]."""

    configuration: str | None = None
    overrides: dict[str, str | bool] = field(default_factory=dict)
    help: bool = False
    version: bool = False
    check: bool = False


def parse_arguments(arguments: list[str]) -> Arguments:
    """Read the arguments (without the program's name). Raises UsageError."""
    shorts = "?" + "".join(short + (":" if name else "") for short, _, _, name, _ in FLAGS if short)
    longs = [long + ("=" if name else "") for _, long, _, name, _ in FLAGS]
    try:
        options, rest = getopt.getopt(arguments, shorts, longs)
    except getopt.GetoptError as error:
        raise UsageError(str(error)) from None
    if rest:
        raise UsageError(f"positional arguments are not supported: {rest}")
    by_flag = {f"-{short}": flag for flag in FLAGS if (short := flag[0])}
    by_flag |= {f"--{flag[1]}": flag for flag in FLAGS}
    parsed = Arguments()
    for flag, value in options:
        if flag == "-?":
            parsed.help = True
            continue
        _, long, option, name, _ = by_flag[flag]
        if long == "configuration":
            if parsed.configuration is not None:
                raise UsageError(f"conflicting command line option {flag!r}")
            parsed.configuration = value
        elif long in ("help", "version", "check"):
            setattr(parsed, long, True)
        else:
            if option in parsed.overrides:
                raise UsageError(f"conflicting command line option {flag!r}")
            parsed.overrides[option] = value if name else True
    return parsed


def help_text(program: str) -> str:
    """What `-h` prints."""
    lines = [
        "supervisord (Vigil): run programs and keep them running.",
        "",
        f"Usage: {program} [options]",
        "",
        "Options:",
    ]
    for short, long, _, name, text in FLAGS:
        flag = f"-{short}/--{long}" if short else f"--{long}"
        lines.append(f"  {flag + (' ' + name if name else ''):<34} {text}")
    lines += ["", "Before a first start, look for mistakes: vigil check FILE", ""]
    return "\n".join(lines)
