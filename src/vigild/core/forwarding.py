"""When the output that waits for a receiver is sent, and what is done about what became of it. Time is an argument.

One batch at a time. A receiver that fails is tried again, later each time, until it works: what waits is bounded, so
nothing is given up but the oldest lines when the buffer is full. Only what a receiver refuses for good is let go. A batch
that is too large for it comes again in smaller ones, at once; a line that is too large by itself is refused, and the next is
sent after a pause, because a receiver may find anything too large. At the end a receiver that fails is tried once more.
"""

from dataclasses import dataclass
from enum import Enum

from vigild.core.backlog import Backlog, Batch
from vigild.core.frozen import frozen
from vigild.core.output_lines import Block

FIRST_DELAY_SECONDS = 1.0
MAX_DELAY_SECONDS = 60.0
MAX_ASKED_SECONDS = 3600.0  # that a receiver may ask to be left alone for
SPREAD = 0.4  # of a delay is up to chance, so that a fleet does not come back all at once
LAST_TRIES = 2  # at the end, of a receiver that was well; one that fails already is tried once
GROWTH = 16  # after a batch that was too large: so many successes until they are as large as configured again


class Verdict(Enum):
    """What became of a batch."""

    DELIVERED = "delivered"
    LATER = "later"  # it may yet succeed
    TOO_LARGE = "too large"
    REFUSED = "refused"  # it never will


@frozen
class Outcome:
    """Of one try. `text` is for people: what went wrong, or what the receiver said, without a secret.

    `taken_lines`: with LATER, how many of the first lines have arrived all the same. `refused_lines`: with DELIVERED, how
    many of them the receiver did not take. `retry_after_seconds`: how long it asked to be left alone.
    """

    verdict: Verdict
    text: str = ""
    taken_lines: int = 0
    refused_lines: int = 0
    retry_after_seconds: float = 0.0


DELIVERED = Outcome(Verdict.DELIVERED)


@dataclass(slots=True)
class Tally:
    """What became of lines so far."""

    sent_lines: int = 0
    sent_bytes: int = 0
    sent_batches: int = 0
    refused_lines: int = 0


def delay_seconds(failures: int, chance: float, asked_seconds: float = 0.0) -> float:
    """How long to wait after so many failures in a row. `chance` is between 0 and 1."""
    delay = min(FIRST_DELAY_SECONDS * 2.0 ** min(failures - 1, 20), MAX_DELAY_SECONDS)
    spread = delay * (1 - SPREAD / 2 + SPREAD * chance)
    return max(spread, min(asked_seconds, MAX_ASKED_SECONDS))


class Course:
    """The way of output to one receiver. `now` is of a clock that is never set; `wall` of the one people read."""

    def __init__(self, backlog: Backlog, batch_seconds: float, batch_max_bytes: int) -> None:
        self.backlog = backlog
        self.tally = Tally()
        self.failing_since = 0.0
        self.error = ""
        self._batch_seconds = batch_seconds
        self._batch_max_bytes = batch_max_bytes
        self._limit = batch_max_bytes  # less, where the receiver found a batch too large
        self._is_ending = False
        self._last_tries = LAST_TRIES
        self._failures = 0
        self._not_before = 0.0
        self._on_its_way: Batch | None = None

    @property
    def is_failing(self) -> bool:
        """Did the last try come to nothing?"""
        return self._failures > 0

    @property
    def left(self) -> list[Block]:
        """All that has not arrived as far as is known, in order: what is on its way, and what waits."""
        return [*(self._on_its_way.blocks if self._on_its_way is not None else ()), *self.backlog.waiting]

    def configure(self, batch_seconds: float, batch_max_bytes: int) -> None:
        """The receiver is another now, or wants something else: begin anew with what waits."""
        self._batch_seconds = batch_seconds
        self._batch_max_bytes = self._limit = batch_max_bytes
        self._failures = 0
        self._not_before = 0.0

    def hurry(self) -> None:
        """Nothing comes any more: batches are not waited for, and what failed is tried again now, and not often."""
        self._is_ending = True
        self._last_tries = 1 if self.is_failing else LAST_TRIES
        self._not_before = 0.0

    def let_go(self) -> None:
        """Forget what is left: it is in other hands."""
        self._on_its_way = None
        self.backlog.clear()

    @property
    def is_full(self) -> bool:
        """Does a whole batch wait?"""
        return self.backlog.weight >= self._limit

    def wait_seconds(self, now: float) -> float | None:
        """How long until there is something to send; None: as long as nothing comes, or, at the end, never."""
        if not self.backlog or not self._last_tries:
            return None
        at = now if self._is_ending or self.is_full else self.backlog.oldest + self._batch_seconds
        return max(0.0, at - now, self._not_before - now)

    def next(self) -> Batch:
        """What to send now. It is over with `over`."""
        batch = self._on_its_way = self.backlog.take(self._limit)
        return batch

    def over(self, outcome: Outcome, now: float, wall: float, chance: float) -> None:
        """What became of the batch."""
        batch = self._on_its_way
        assert batch is not None
        self._on_its_way = None
        match outcome.verdict:
            case Verdict.DELIVERED:
                self._arrived(batch, outcome, wall)
                self._limit = min(self._limit + self._batch_max_bytes // GROWTH + 1, self._batch_max_bytes)
                self._failures, self._not_before = 0, 0.0
            case Verdict.LATER:
                rest = self.backlog.put_back(batch, outcome.taken_lines)
                self.tally.sent_lines += batch.lines - rest.lines
                self.tally.sent_bytes += batch.bytes - rest.bytes
                self._failures = 0 if outcome.taken_lines else self._failures
                self._failed(outcome, now, chance)
                self._complain(outcome.text, wall)
            case Verdict.TOO_LARGE if batch.lines > 1:
                self._limit = max(1, (batch.bytes + batch.lines * self.backlog.line_bytes) // 2)
                self.backlog.put_back(batch)
            case _:
                self.backlog.done(batch)
                self.tally.refused_lines += batch.lines
                if outcome.verdict is Verdict.TOO_LARGE:
                    self._failed(outcome, now, chance)
                else:
                    self._failures, self._not_before = 0, 0.0
                self._complain(outcome.text, wall)

    def _failed(self, outcome: Outcome, now: float, chance: float) -> None:
        """The next try is later; at the end, it is one of the last."""
        self._failures += 1
        if not self._is_ending:
            self._not_before = now + delay_seconds(self._failures, chance, outcome.retry_after_seconds)
        elif not outcome.taken_lines:
            self._last_tries -= 1

    def _arrived(self, batch: Batch, outcome: Outcome, wall: float) -> None:
        self.backlog.done(batch)
        self.tally.sent_lines += batch.lines - outcome.refused_lines
        self.tally.sent_bytes += batch.bytes
        self.tally.sent_batches += 1
        self.tally.refused_lines += outcome.refused_lines
        if outcome.refused_lines:
            self._complain(outcome.text, wall)
        else:
            self.failing_since, self.error = 0.0, ""

    def _complain(self, text: str, wall: float) -> None:
        self.failing_since = self.failing_since or wall
        self.error = text or "it failed"
