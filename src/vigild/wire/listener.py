"""The event-listener protocol: bytes from a listener become facts, an event becomes bytes.

A listener says `READY\\n`, gets one event (a header line and `len` bytes of payload), and answers
`RESULT <n>\\n` and n bytes. Anything else is a violation, after which nothing it says can be trusted.
`len` counts bytes (Supervisor counts characters there, which cuts a payload that is not ASCII).

A listener that was adopted may have spoken to the dead daemon meanwhile, and nobody knows how much of it was
read. Its parser begins out of step: it looks for the first whole token and passes over pieces of others.
"""

import re
from enum import Enum

from vigild.core.frozen import frozen

READY_TOKEN = b"READY\n"
RESULT_TOKEN = b"RESULT "
MAX_RESULT_BYTES = 1 << 20  # a result is a word or two; more than this is a listener gone wrong
MAX_RESULT_LINE_BYTES = 64
_RESULT_LINE = re.compile(rb"RESULT [0-9]{1,6}\n")


@frozen
class SaidReady:
    """It waits for an event."""


@frozen
class SaidResult:
    """It has dealt with the event it had; `result` is `OK`, `FAIL`, or what its handler understands."""

    result: bytes


@frozen
class Violated:
    """It broke the protocol; `data` is what it said, `line` the bad result line if it was one."""

    data: bytes
    line: bytes | None = None


Said = SaidReady | SaidResult | Violated


class Step(Enum):
    """How a parser stands with what its listener says."""

    IN_STEP = "in step"
    PRESUMED_READY = "presumed ready"  # adopted without an event; a READY, if it comes, is an old one
    PRESUMED_BUSY = (
        "presumed busy"  # adopted with an event; a READY instead of a RESULT says that this was lost
    )
    DISTRUSTED = "distrusted"  # adopted after it had broken the protocol: nothing it says counts


class ListenerParser:
    """Reads what one listener says. Give it bytes, take facts; it does no I/O and never blocks.

    It must know when an event was sent (`event_sent`), because the same bytes mean different things
    before and after.
    """

    def __init__(self, step: Step = Step.IN_STEP) -> None:
        self._buffer = b""
        self._expects = _FIRST[step]  # ready -> nothing -> result (line) -> body -> ready; or broken
        self._needed_bytes = 0
        self._step = step

    def snapshot(self) -> bytes:
        """All that it knows, for `from_snapshot`."""
        return b"%b;%b;%d;%b" % (
            self._step.value.encode(),
            self._expects.encode(),
            self._needed_bytes,
            self._buffer,
        )

    @classmethod
    def from_snapshot(cls, snapshot: bytes) -> "ListenerParser":
        """The parser that goes on where another stopped. Raises ValueError."""
        step, expects, needed_bytes, buffer = snapshot.split(b";", 3)
        parser = cls(Step(step.decode()))
        parser._expects = expects.decode()
        parser._needed_bytes = int(needed_bytes)
        parser._buffer = buffer
        return parser

    def event_sent(self) -> None:
        """The listener was given an event: a result must come next."""
        self._expects = "result"

    def event_not_sent(self) -> None:
        """The event could not be given to it after all: it is still waiting."""
        self._expects = "nothing"

    def receive(self, data: bytes) -> list[Said]:
        """All that `data` completes, in order. After a `Violated` everything is ignored."""
        self._buffer += data
        said: list[Said] = []
        while self._buffer and self._expects != "broken":
            fact = self._next()
            if fact is None:
                break
            said.append(fact)
            if isinstance(fact, SaidReady):
                self._expects = "nothing"
            elif isinstance(fact, SaidResult):
                self._expects = "ready"
            else:
                self._expects = "broken"
                self._buffer = b""
        if self._expects == "broken":
            self._buffer = b""
        return said

    def _next(self) -> Said | None:
        if self._step is not Step.IN_STEP:
            return self._first_whole_token()
        if self._expects == "result":
            newline = self._buffer.find(b"\n", 0, MAX_RESULT_LINE_BYTES)
            if newline < 0:
                return None if len(self._buffer) < MAX_RESULT_LINE_BYTES else self._bad_result(self._buffer)
            line, self._buffer = self._buffer[:newline], self._buffer[newline + 1 :]
            number = line[len(RESULT_TOKEN) :].strip()
            if not line.startswith(RESULT_TOKEN) or not number.isdigit() or int(number) > MAX_RESULT_BYTES:
                return self._bad_result(line)
            self._needed_bytes = int(number)
            self._expects = "body"
        if self._expects == "body":
            if len(self._buffer) < self._needed_bytes:
                return None
            result = self._buffer[: self._needed_bytes]
            self._buffer = self._buffer[self._needed_bytes :]
            return SaidResult(result)
        if self._expects == "ready":
            if self._buffer.startswith(READY_TOKEN):
                self._buffer = self._buffer[len(READY_TOKEN) :]
                return SaidReady()
            if READY_TOKEN.startswith(self._buffer):
                return None
        return Violated(self._buffer)

    def _first_whole_token(self) -> Said | None:
        """Pass over what is left of tokens that the dead daemon read the beginning of, and be in step again."""
        found = _RESULT_LINE.search(self._buffer) if self._expects == "result" else None
        ready = self._buffer.find(READY_TOKEN)
        if found is not None and (ready < 0 or found.start() < ready):
            self._buffer = self._buffer[found.start() :]
            self._step = Step.IN_STEP
            return self._next()
        if ready < 0:
            self._buffer = self._buffer[-MAX_RESULT_LINE_BYTES:]
            return None
        self._buffer = self._buffer[ready + len(READY_TOKEN) :]
        is_old = self._step is Step.PRESUMED_READY and self._expects == "result"
        self._step = Step.IN_STEP
        if is_old:
            return self._next() if self._buffer else None
        return SaidReady()

    def _bad_result(self, line: bytes) -> Violated:
        return Violated(line + self._buffer, line)


_FIRST = {
    Step.IN_STEP: "ready",
    Step.PRESUMED_READY: "nothing",
    Step.PRESUMED_BUSY: "result",
    Step.DISTRUSTED: "broken",
}


def encode_event(
    *,
    server: str,
    serial: int,
    pool: str,
    pool_serial: int,
    event_type: str,
    payload: bytes,
    length_in_characters: bool = False,
) -> bytes:
    """Header line and payload as a listener reads them. Serials count from 0.

    `len` counts bytes, or for a listener that reads text and was written for Supervisor, characters.
    """
    length = len(payload.decode("utf-8", "replace")) if length_in_characters else len(payload)
    header = (
        f"ver:3.0 server:{server} serial:{serial} pool:{pool} poolserial:{pool_serial} "
        f"eventname:{event_type} len:{length}\n"
    )
    return header.encode() + payload
