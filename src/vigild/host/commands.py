"""Finding the program of a command: split as a shell would, then look on PATH."""

import os
import re
import stat
from collections.abc import Mapping

from vigild.engine.ports import Command, CommandProblem

DEFAULT_PATH = "/bin:/usr/bin:/usr/local/bin"

# Quotes and backslashes need shlex; without them splitting at white space is the same and far cheaper.
_PLAIN = re.compile(r"[!#-&(-\[\]-~ \t\r\n]*")


def find_command(command: str, environment: Mapping[str, str]) -> Command | CommandProblem:
    """Where to find what `command` names; texts are Supervisor's, clients see them."""
    if _PLAIN.fullmatch(command):
        argv = command.split()
    else:
        import shlex

        try:
            argv = shlex.split(command)
        except ValueError as error:
            return CommandProblem("bad_command", f"can't parse command {command!r}: {error}")
    if not argv:
        return CommandProblem("bad_command", "command is empty")
    program = argv[0]
    filename, facts = _look_up(program, environment)
    if facts is None:
        return CommandProblem("not_found", f"can't find command {filename!r}")
    if stat.S_ISDIR(facts.st_mode):
        return CommandProblem("not_executable", f"command at {filename!r} is a directory")
    if not stat.S_IMODE(facts.st_mode) & 0o111:
        return CommandProblem("not_executable", f"command at {filename!r} is not executable")
    if not os.access(filename, os.X_OK):
        return CommandProblem("no_permission", f"no permission to run command {filename!r}")
    return Command(filename, argv)


def _look_up(program: str, environment: Mapping[str, str]) -> tuple[str, os.stat_result | None]:
    """The first file of that name on PATH, executable or not (so that the message can say what is wrong)."""
    if "/" in program:
        return program, _stat(program)
    path = environment.get("PATH")
    if path is None:
        path = os.environ.get("PATH") or DEFAULT_PATH
    for directory in path.split(os.pathsep):
        filename = os.path.join(directory, program)
        facts = _stat(filename)
        if facts is not None:
            return filename, facts
    return program, None


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None
