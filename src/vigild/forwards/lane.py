"""One forward at work: what waits for its receiver, and a thread that brings it there.

Each forward has its own, so that a receiver that is dead, slow or hangs holds up nobody else. A lane that has nothing to
do sleeps until there is something.
"""

import random
import threading
import time
from collections.abc import Callable

from vigild.core.backlog import Backlog
from vigild.core.forwarding import Course, Outcome, Verdict
from vigild.core.output_lines import Block
from vigild.forwards.sending import Sender
from vigild.forwards.settings import ForwardSettings
from vigild.wire.forward_spool import Kept

SLOW_SECONDS = 2.0  # a try that lasts so long may well come to nothing
LAST_TRY_SECONDS = 0.5  # at the end, for a receiver that fails, or is slow to answer

MakeSender = Callable[[ForwardSettings], Sender]
Refresh = Callable[[], ForwardSettings]


class Lane:
    """`refresh` reads the settings anew: an address in a file may come later. `on_change(is_urgent)` is called after
    every try, and when what waits changes; it must not block.
    """

    def __init__(
        self,
        settings: ForwardSettings,
        refresh: Refresh,
        make_sender: MakeSender,
        on_change: Callable[[bool], None],
    ) -> None:
        self._condition = threading.Condition()
        self._settings = settings
        self._refresh = refresh
        self._make_sender = make_sender
        self._on_change = on_change
        self._sender = make_sender(settings)
        self._course = Course(
            Backlog(settings.buffer_max_bytes, self._sender.line_bytes),
            settings.batch_seconds,
            settings.batch_max_bytes,
        )
        self._is_ending = False
        self._is_over = False
        self._trying_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"forward {settings.name}", daemon=True)
        self._thread.start()

    @property
    def settings(self) -> ForwardSettings:
        """As they are now."""
        return self._settings

    def fresh_settings(self) -> ForwardSettings:
        """As they are now; an address that was of no use is looked for again."""
        return self._settings if self._settings.target is not None else self._refresh()

    def put(self, block: Block) -> None:
        """Lines to deliver. Never waits for the receiver."""
        with self._condition:
            course = self._course
            was_empty, was_full = not course.backlog, course.is_full
            course.backlog.put(block)
            if was_empty or (course.is_full and not was_full):
                self._condition.notify()
        self._on_change(False)

    def configure(self, settings: ForwardSettings, refresh: Refresh) -> None:
        """Other settings: what waits is delivered by them."""
        with self._condition:
            self._refresh = refresh
            self._apply(settings, self._make_sender(settings))
            self._condition.notify()
        self._on_change(True)

    def put_first(self, kept: Kept) -> None:
        """Lines that are older than all others: a forwarder before this one left them."""
        with self._condition:
            self._course.backlog.put_first(kept.blocks, kept.lost_lines, kept.lost_bytes)
            self._condition.notify()
        self._on_change(False)

    def end(self, seconds: float) -> float:
        """Nothing comes any more: deliver what waits at once. How long to wait for that, of so many seconds at most."""
        with self._condition:
            since = self._trying_since
            is_slow = since is not None and time.monotonic() - since > SLOW_SECONDS
            self._is_ending = True
            is_doubtful = is_slow or self._course.is_failing
            self._course.hurry()
            self._condition.notify()
            return min(seconds, LAST_TRY_SECONDS) if is_doubtful else seconds

    def join(self, seconds: float) -> list[Block]:
        """Wait so long for its end, and no longer. What is left then: what was not delivered, as far as is known."""
        self._thread.join(max(0.0, seconds))
        with self._condition:
            self._is_over = True
            self._condition.notify()
            return self._course.left

    def let_go(self) -> None:
        """What is left is kept elsewhere. After `join`."""
        with self._condition:
            self._course.let_go()

    def status(self) -> dict[str, object]:
        """How it stands, as a report has it."""
        with self._condition:
            course, backlog = self._course, self._course.backlog
            return {
                "url": self._settings.shown,
                "waiting_lines": backlog.lines,
                "waiting_bytes": backlog.bytes,
                "sent_lines": course.tally.sent_lines,
                "sent_bytes": course.tally.sent_bytes,
                "sent_batches": course.tally.sent_batches,
                "dropped_lines": backlog.dropped_lines,
                "dropped_bytes": backlog.dropped_bytes,
                "refused_lines": course.tally.refused_lines,
                "failing_since": course.failing_since,
                "error": course.error,
            }

    def _apply(self, settings: ForwardSettings, sender: Sender) -> None:
        self._settings, self._sender = settings, sender
        self._course.configure(settings.batch_seconds, settings.batch_max_bytes)
        self._course.backlog.resize(settings.buffer_max_bytes, sender.line_bytes)

    def _run(self) -> None:
        sender = self._sender
        while self._wait():
            with self._condition:
                if self._settings.target is None:
                    self._look_again()
                if sender is not self._sender:
                    sender.close()
                    sender = self._sender
                batch = self._course.next()
                self._trying_since = time.monotonic()
            try:
                outcome = sender.send(batch)
            except Exception as error:
                # Its words may hold anything that was given to a library.
                outcome = Outcome(Verdict.LATER, f"it failed ({type(error).__name__})")
            with self._condition:
                self._trying_since = None
                if self._is_over:  # what became of it comes too late
                    break
                was_failing = bool(self._course.failing_since)
                self._course.over(outcome, time.monotonic(), time.time(), random.random())
                is_failing = bool(self._course.failing_since)
            self._on_change(is_failing is not was_failing)
        sender.close()

    def _wait(self) -> bool:
        """Sleep until there is something to send. False: there never will be."""
        with self._condition:
            while (wait := self._course.wait_seconds(time.monotonic())) is None or wait > 0:
                if self._is_over or (wait is None and self._is_ending):
                    return False
                self._condition.wait(wait)
            return not self._is_over

    def _look_again(self) -> None:
        settings = self._refresh()
        if settings.target is not None:
            self._apply(settings, self._make_sender(settings))
