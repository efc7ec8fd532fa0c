"""Checks of event listeners: do they count what they are sent as the daemon does."""

import os
import re
from collections.abc import Iterator

from vigild.config.commands import split
from vigild.config.diagnostics import Diagnostic
from vigild.config.lint_subject import Check, Subject

MAX_SCRIPT_BYTES = 256 << 10
# How the sample listener of Supervisor's manual reads a payload, and what was copied from it.
_READS_TEXT = re.compile(rb"\bstdin\.read\(\s*int\(")
_TRUE = frozenset({"true", "yes", "on", "1"})


def check_lengths(subject: Subject) -> Iterator[Diagnostic]:
    """V214: a listener that reads characters, where the length it is told counts bytes."""
    for program in subject.programs:
        if program.kind != "eventlistener" or not program.processes:
            continue
        asked = program.entries.get("length_in_characters")
        if asked is not None and asked.text.strip().lower() in _TRUE:
            continue
        process = program.processes[0]
        for word in split(process.command) or ():
            path = os.path.join(process.directory or "", word)
            if _reads_text(path):
                text = f"{word} reads its stdin as text; it waits for ever for the rest of a payload that is not ASCII"
                hint = "add length_in_characters=true here, or read bytes there: sys.stdin.buffer.read(…)"
                yield program.finding("warning", "V214", "command", text, hint)
                break


def _reads_text(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return _READS_TEXT.search(file.read(MAX_SCRIPT_BYTES)) is not None
    except (OSError, ValueError):
        return False


LISTENER_CHECKS: tuple[Check, ...] = (check_lengths,)
