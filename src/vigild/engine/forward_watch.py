"""When a forward is a trouble: it has failed for a while, or output was lost. Said in the log, and told to people.

The log says when it begins to fail and when it is delivered again. People are told of what lasts, or has cost lines, once;
and once when it is over.
"""

from collections.abc import Callable

from vigild.engine.ports import Clock, Log, Timer

FAILING_SECONDS = 60.0  # before people are told; most receivers are only restarted
QUIET_SECONDS = 60.0  # without a loss, before that is over

OnTrouble = Callable[[str, str], None]
"""(forward, why it is a trouble), or (forward, "") when it is none any more."""


class ForwardWatch:
    """Of one forward."""

    def __init__(self, name: str, clock: Clock, log: Log, on_trouble: OnTrouble) -> None:
        self.url = ""  # as it may be shown
        self._name = name
        self._clock = clock
        self._log = log
        self._on_trouble = on_trouble
        self._error = ""
        self._failing_at: float | None = None  # in monotonic seconds
        self._lost_at: float | None = None  # None: nothing was lost lately
        self._lost_words = ""
        self._is_trouble: bool | None = None  # None: the daemon before this one may have told of one
        self._timer: Timer | None = None

    @property
    def is_failing(self) -> bool:
        """Did the last delivery fail?"""
        return self._failing_at is not None

    def failing(self, error: str, *, says_so: bool = True, is_refused: bool = False) -> None:
        """It cannot be delivered now. `says_so`: in the log, unless something else has. `is_refused`: and never will be."""
        self._error = error
        if self._failing_at is not None:
            return
        self._failing_at = self._clock.monotonic()
        if says_so:
            fate = (
                "these lines are not sent again"
                if is_refused
                else "lines wait for it, as long as there is room"
            )
            self._log.warn(f"forward {self._where} fails: {error}; {fate}")
        self._review()

    def delivering(self, *, says_so: bool = True) -> None:
        """It is delivered (again)."""
        if self._failing_at is not None:
            seconds = round(self._clock.monotonic() - self._failing_at)
            if says_so:
                self._log.info(f"forward {self._where} delivers again, after {seconds} s")
        elif self._is_trouble is False or self._lost_at is not None:
            return
        self._failing_at, self._error = None, ""
        self._review()

    def lost(self, words: str) -> None:
        """Some of it will never be delivered; `words` say how much, and why."""
        self._lost_at, self._lost_words = self._clock.monotonic(), words
        self._review()

    def close(self) -> None:
        """It is not watched any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def _where(self) -> str:
        return f"{self._name} to {self.url}" if self.url else self._name

    def _review(self) -> None:
        now, is_failing = self._clock.monotonic(), self._failing_at is not None
        has_failed_long = self._failing_at is not None and now >= self._failing_at + FAILING_SECONDS
        if self._lost_at is not None and now >= self._lost_at + QUIET_SECONDS and not is_failing:
            self._lost_at = None
        if not self._is_trouble and (has_failed_long or self._lost_at is not None):
            self._is_trouble = True
            self._on_trouble(self._name, self._words())
        elif self._is_trouble is not False and not is_failing and self._lost_at is None:
            self._is_trouble = False
            self._on_trouble(self._name, "")
        self._look_again(has_failed_long=has_failed_long)

    def _words(self) -> str:
        if self._lost_at is None:
            return f"forward {self._where} has failed for {FAILING_SECONDS:g} s: {self._error}"
        text = f"forward {self._where} loses output: {self._lost_words}"
        return text if self._failing_at is None else f"{text}; it fails: {self._error}"

    def _look_again(self, *, has_failed_long: bool) -> None:
        self.close()
        when = None
        if self._failing_at is not None:
            when = None if has_failed_long else self._failing_at + FAILING_SECONDS
        elif self._lost_at is not None:
            when = self._lost_at + QUIET_SECONDS
        if when is not None:
            self._timer = self._clock.call_at(when, self._review)
