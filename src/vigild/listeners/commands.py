"""Commands that people name on a command line (`-s`, `-g`, `--restart-command`): run without a shell unless they need one.

To be called in an offshoot: `subprocess` and `shlex` are imported here and not kept.
"""

import os
from collections.abc import Mapping, Sequence
from typing import IO

from vigild.listeners.offshoot import WorkError

_SHELL_CHARACTERS = frozenset("|&;<>()$`*?[]{}~#!\n")
MAX_OUTPUT_BYTES = 64 * 1024


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
    import tempfile

    try:
        words = [*shlex.split(command), *arguments]
    except ValueError as error:
        raise WorkError(f"cannot read the command {command!r}: {error}") from error
    shell = needs_shell(command)
    what: str | list[str] = " ".join((command, *map(shlex.quote, arguments))) if shell else words
    if not words:
        raise WorkError("no command was given")
    # Files and not pipes: a mailer that leaves something running in the background would keep a pipe open.
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as errors,
    ):
        given.write(stdin)
        given.seek(0)
        try:
            code = subprocess.call(
                what,
                shell=shell,
                stdin=given,
                stdout=out,
                stderr=errors,
                env={**os.environ, **(environment or {})},
            )
        except OSError as error:
            raise WorkError(f"cannot run {words[0]!r}: {error.strerror or error}") from error
        said, warned = _beginning(out), _beginning(errors)
    if code:
        raise WorkError(f"{words[0]!r} {_ending(code)}{_last_words(warned or said)}")
    if warned:
        os.write(2, warned)  # a warning is for the log of the listener
    return said.decode("utf-8", "replace")


def _beginning(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(MAX_OUTPUT_BYTES)


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"


def _last_words(output: bytes) -> str:
    text = " ".join(output.decode("utf-8", "replace").split())
    return f": {text[-500:]}" if text else ""
