"""Commands that people name on a command line (`-s`, `-g`, `--restart-command`): run without a shell unless they need one.

To be called in an offshoot: `subprocess` and `shlex` are imported here and not kept.
"""

import os
from collections.abc import Mapping, Sequence

from vigild.listeners.offshoot import WorkError

_SHELL_CHARACTERS = frozenset("|&;<>()$`*?[]{}~#!\n")
MAX_OUTPUT_CHARACTERS = 64 * 1024


def needs_shell(command: str) -> bool:
    """Does it hold anything that only a shell would understand?"""
    first = command.split(None, 1)[0] if command.strip() else ""
    return "=" in first or not _SHELL_CHARACTERS.isdisjoint(command)


def run(
    command: str,
    arguments: Sequence[str] = (),
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run it to its end with more arguments; returns what it wrote on stdout. Raises WorkError if it failed."""
    import shlex
    import subprocess

    try:
        words = [*shlex.split(command), *arguments]
    except ValueError as error:
        raise WorkError(f"cannot read the command {command!r}: {error}") from error
    shell = needs_shell(command)
    what: str | list[str] = " ".join((command, *map(shlex.quote, arguments))) if shell else words
    if not words:
        raise WorkError("no command was given")
    try:
        done = subprocess.run(
            what,
            shell=shell,
            input=stdin,
            capture_output=True,
            env={**os.environ, **(environment or {})},
        )
    except OSError as error:
        raise WorkError(f"cannot run {words[0]!r}: {error.strerror or error}") from error
    if done.returncode:
        raise WorkError(f"{words[0]!r} {_ending(done.returncode)}{_last_words(done.stderr or done.stdout)}")
    if done.stderr:
        os.write(2, done.stderr)  # a warning is for the log of the listener
    return done.stdout.decode("utf-8", "replace")[:MAX_OUTPUT_CHARACTERS]


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"


def _last_words(output: bytes) -> str:
    text = " ".join(output.decode("utf-8", "replace").split())
    return f": {text[-500:]}" if text else ""
