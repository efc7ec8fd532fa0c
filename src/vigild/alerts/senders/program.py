"""A command that gets the message as JSON on stdin: whatever has no sender of its own.

Exit status 0: delivered. 64, 65 or 78 (sysexits: usage, data, configuration): refused for good. All else, and no end in
time: tried again. It runs in a session of its own, which is killed whole when the time is over.
"""

import json
import os
import shlex
import signal
import subprocess
import threading
from typing import IO

from vigild.alerts.senders.structure import message_struct
from vigild.alerts.sending import DELIVERED, Message, Outcome
from vigild.wire.alert_urls import Program

REFUSED = frozenset({64, 65, 78})
KEPT_BYTES = 4096
_SHELL_CHARACTERS = frozenset("|&;<>()$`*?[]{}~#!\n")


def needs_shell(command: str) -> bool:
    """Does it hold anything that only a shell would understand?"""
    return "=" in command.split(None, 1)[0] or not _SHELL_CHARACTERS.isdisjoint(command)


def send_program(target: Program, message: Message, timeout_seconds: float) -> Outcome:
    """Run it once."""
    try:
        words = (
            ["/bin/sh", "-c", target.command] if needs_shell(target.command) else shlex.split(target.command)
        )
        child = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except ValueError as error:
        return Outcome(False, True, f"the command cannot be split into words: {error}")
    except OSError as error:
        return Outcome(False, False, f"cannot run it: {error.strerror}")
    output = bytearray()
    assert child.stdin is not None
    assert child.stdout is not None
    data = json.dumps(message_struct(message), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    workers = (
        threading.Thread(target=_feed, args=(child.stdin, data), daemon=True),
        threading.Thread(target=_keep, args=(child.stdout, output), daemon=True),
    )
    for worker in workers:
        worker.start()
    try:
        status = child.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        status = None
        _end(child)
    for worker in workers:
        worker.join(1.0)  # what it left in the background may hold its output open
    return _judged(status, bytes(output), timeout_seconds)


def _judged(status: int | None, output: bytes, timeout_seconds: float) -> Outcome:
    if status == 0:
        return DELIVERED
    said = output.decode("utf-8", "replace").strip()
    said = f": {said}" if said else ""
    if status is None:
        return Outcome(False, False, f"it did not end within {timeout_seconds:.0f} s and was killed{said}")
    if status < 0:
        return Outcome(False, False, f"it was ended by signal {-status}{said}")
    return Outcome(False, status in REFUSED, f"it ended with status {status}{said}")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill its session, and reap it."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except OSError:
        pass
    child.wait()


def _feed(stdin: IO[bytes], data: bytes) -> None:
    try:
        with stdin:
            stdin.write(data)
    except OSError:
        pass  # it need not read


def _keep(stdout: IO[bytes], output: bytearray) -> None:
    """Read all that it says, and keep the end."""
    with stdout:
        while piece := os.read(stdout.fileno(), 65536):
            output += piece
            del output[:-KEPT_BYTES]
