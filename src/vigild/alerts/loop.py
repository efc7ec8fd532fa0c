"""The loop of the deliverer: JSON lines of the daemon on stdin, tries that are over, and the clock."""

import json
import os
import select
import sqlite3
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from vigild.alerts.deliverer import Deliverer, Ticket
from vigild.alerts.machine import Process
from vigild.alerts.memory_outbox import MemoryOutbox, open_file
from vigild.alerts.outbox import Outbox
from vigild.alerts.sending import Outcome, Sender

READ_BYTES = 64 << 10
MAX_LINE_BYTES = 4 << 20
MAX_WAIT_SECONDS = 3600.0  # a clock that is set must not let it sleep for ever
SEND_ON_SECONDS = 1.0  # at the end, in which what waits for a message on its way goes out after it
LAST_SECONDS = 2.0  # at the end, for messages that are on their way, while the daemon waits for us
ALONE_SECONDS = 10.0  # the same when it is gone: only the next deliverer waits, which would send them again


def run(sender: Sender, stdin: int = 0, stdout: int = 1) -> int:
    """Until the daemon closes stdin. Returns the exit status."""
    woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    arrivals: deque[tuple[Ticket, Outcome]] = deque()

    def ring() -> None:
        try:
            os.write(wake, b"!")
        except BlockingIOError:
            pass  # it is full: whoever reads it will look

    deliverer = Deliverer(Process(stdout, ring, sender, arrivals), lambda path: open_outbox(path, _warn))
    try:
        _serve(deliverer, arrivals, stdin, woken)
        _settle(deliverer, arrivals, woken, stdout)
        deliverer.close()
    except (OSError, sqlite3.Error) as error:
        _warn(f"the outbox cannot be used: {error}")
        return 1
    return 0


def open_outbox(path: str, warn: Callable[[str], None]) -> Outbox:
    """The outbox, in memory where its file cannot be written; what was wrong with it is said."""
    try:
        outbox = open_file(path)
    except (OSError, sqlite3.OperationalError) as error:
        why = f"the outbox cannot be written: {_why(error)}"
        warn(f"{why}; until it can, messages that wait are in memory")
        return MemoryOutbox(path, why)
    if outbox.set_aside:
        warn(f"the outbox was damaged, or made by a newer Vigil; it is now {outbox.set_aside}")
    return outbox


def _serve(deliverer: Deliverer, arrivals: deque[tuple[Ticket, Outcome]], stdin: int, woken: int) -> None:
    poll = select.poll()
    poll.register(stdin, select.POLLIN)
    poll.register(woken, select.POLLIN)
    buffer = b""
    while True:
        wait = deliverer.tick()
        seconds = MAX_WAIT_SECONDS if wait is None else min(wait + 0.001, MAX_WAIT_SECONDS)
        ready = {fd for fd, _ in poll.poll(int(seconds * 1000) + 1)}
        if woken in ready:
            _take_arrivals(deliverer, arrivals, woken)
        if stdin in ready:
            data = os.read(stdin, READ_BYTES)
            if not data:
                return
            *lines, buffer = (buffer + data).split(b"\n")
            if len(buffer) > MAX_LINE_BYTES:
                raise OSError(f"a message of more than {MAX_LINE_BYTES} bytes")
            deliverer.take([message for line in lines if (message := _message(line)) is not None])


def _take_arrivals(deliverer: Deliverer, arrivals: deque[tuple[Ticket, Outcome]], woken: int) -> None:
    try:
        os.read(woken, READ_BYTES)
    except BlockingIOError:
        pass
    while arrivals:
        deliverer.arrived(*arrivals.popleft())


def _is_heard(stdout: int) -> bool:
    """Does the daemon still hold the other end? It does not when it was killed, or executed itself anew."""
    poll = select.poll()
    poll.register(stdout, 0)
    return not any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))


def _settle(deliverer: Deliverer, arrivals: deque[tuple[Ticket, Outcome]], woken: int, stdout: int) -> None:
    """Send what is due, and hear of messages that are on their way, so that they are not sent again."""
    begin = time.monotonic()
    deliverer.tick()
    while deliverer.is_sending:
        seconds = LAST_SECONDS if _is_heard(stdout) else ALONE_SECONDS
        left = begin + seconds - time.monotonic()
        if left <= 0:
            break
        select.select([woken], [], [], left)
        _take_arrivals(deliverer, arrivals, woken)
        if time.monotonic() < begin + SEND_ON_SECONDS:
            deliverer.tick()


def _message(line: bytes) -> Mapping[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if isinstance(message, dict):
        return message
    _warn("the daemon said what is no message")
    return None


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _warn(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
