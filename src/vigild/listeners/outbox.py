"""Mails that wait to be sent: bounded, tried again with growing delay, none given up without a word."""

from typing import NamedTuple

from vigild.listeners.effects import Mail

MAX_WAITING = 100
FIRST_DELAY_SECONDS = 30.0
LONGEST_DELAY_SECONDS = 30 * 60.0
GIVE_UP_SECONDS = 3 * 86400.0


class _Waiting(NamedTuple):
    mail: Mail
    since: float


class Outbox:
    """The queue. Times are monotonic seconds; nothing here sends or says anything.

    A failure is taken for a fault of the road and not of the letter: all wait until the next try, and the one that
    failed goes to the end, so that one letter that nobody takes does not hold up the others.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._delay_seconds = 0.0
        self._due = 0.0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, mail: Mail, now: float) -> Mail | None:
        """Take a mail; returns the one that had to make room for it."""
        self._waiting.append(_Waiting(mail, now))
        if len(self._waiting) <= MAX_WAITING:
            return None
        self.dropped += 1
        return self._waiting.pop(0).mail

    def due_in(self, now: float) -> float | None:
        """Seconds until the next try, 0 when one is due; None while nothing waits."""
        return max(0.0, self._due - now) if self._waiting else None

    def next(self) -> Mail:
        """The mail to try next."""
        return self._waiting[0].mail

    def sent(self) -> None:
        """The one that was tried has gone, or never will: the road is open."""
        self._waiting.pop(0)
        self._delay_seconds = self._due = 0.0

    def failed(self, now: float) -> tuple[float, bool]:
        """The one that was tried has not gone: seconds until the next try, and whether it was given up as too old."""
        self._delay_seconds = min(self._delay_seconds * 2 or FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
        self._due = now + self._delay_seconds
        tried = self._waiting.pop(0)
        too_old = now - tried.since >= GIVE_UP_SECONDS
        if too_old:
            self.dropped += 1
        else:
            self._waiting.append(tried)
        return self._delay_seconds, too_old

    def give_up(self) -> list[Mail]:
        """Empty it, at the end; returns what was never sent."""
        left = [one.mail for one in self._waiting]
        self._waiting.clear()
        return left
