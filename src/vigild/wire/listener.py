"""The event-listener protocol: bytes from a listener become facts, an event becomes bytes.

A listener says `READY\\n`, gets one event (a header line and `len` bytes of payload), and answers
`RESULT <n>\\n` and n bytes. Anything else is a violation, after which nothing it says can be trusted.
`len` counts bytes (Supervisor counts characters there, which cuts a payload that is not ASCII).
"""

from dataclasses import dataclass

READY_TOKEN = b"READY\n"
RESULT_TOKEN = b"RESULT "
MAX_RESULT_BYTES = 1 << 20  # a result is a word or two; more than this is a listener gone wrong
MAX_RESULT_LINE_BYTES = 64


@dataclass(frozen=True, slots=True)
class SaidReady:
    """It waits for an event."""


@dataclass(frozen=True, slots=True)
class SaidResult:
    """It has dealt with the event it had; `result` is `OK`, `FAIL`, or what its handler understands."""

    result: bytes


@dataclass(frozen=True, slots=True)
class Violated:
    """It broke the protocol; `data` is what it said, `line` the bad result line if it was one."""

    data: bytes
    line: bytes | None = None


Said = SaidReady | SaidResult | Violated


class ListenerParser:
    """Reads what one listener says. Give it bytes, take facts; it does no I/O and never blocks.

    It must know when an event was sent (`event_sent`), because the same bytes mean different things
    before and after.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._expects = "ready"  # ready -> idle -> result line -> result body -> ready; or broken
        self._needed_bytes = 0

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

    def _bad_result(self, line: bytes) -> Violated:
        return Violated(line + self._buffer, line)


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
