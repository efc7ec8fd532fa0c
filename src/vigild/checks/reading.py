"""What a check says, and how a check is asked.

A `Check` looks at one thing each time it is asked, and holds what it needs between two looks (counters, how far a
file was read). What may block, as files on a dead server or a process table do, is a `BlockingCheck`: each look has
a thread of its own, so that one that hangs holds up no other.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Protocol

from vigild.core.frozen import frozen

Value = str | int | float | bool
Values = dict[str, Value]
Memory = Mapping[str, Value]
Settings = Mapping[str, object]

MAX_TEXT = 500  # characters of a value that is text, and of an error


@frozen
class Reading:
    """One look: the values by metric (`core.monitors` has the table).

    `error`: why the check failed, "" where it did not. `cannot`: why nobody can know (no permission, say); then
    neither values nor error mean anything. `memory`: plain values that the check wants to have again when it is made
    anew.
    """

    values: Values = field(default_factory=dict)
    error: str = ""
    cannot: str = ""
    memory: Memory = field(default_factory=dict)


class Check(Protocol):
    """One monitored thing. Whatever it raises is an error of the reading; OSError is said in the system's words.

    `grace_seconds`: how much longer than its time it is left alone, because it ends by itself then.
    """

    grace_seconds: float

    async def read(self) -> Reading:
        """Look. Cancelled when it takes too long."""


class HangingError(Exception):
    """The look before this one has not come back."""


class CannotLookError(Exception):
    """This process may not look: that says nothing of what is to be looked at."""


class Work:
    """What is done in a thread. `is_over` as soon as its outcome is there, even if nobody waits for it any more."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._outcome: asyncio.Future[object] = self._loop.create_future()
        self.is_over = False
        threading.Thread(
            target=self._carry_out, daemon=True
        ).start()  # not waited for at the end of this process

    async def outcome(self) -> object:
        """What came of it. Raises what it raised."""
        return await self._outcome

    def _carry_out(self) -> None:
        try:
            result, error = self._work(), None
        except Exception as caught:
            result, error = None, caught
        self.is_over = True
        try:
            self._loop.call_soon_threadsafe(self._tell, result, error)
        except RuntimeError:
            pass  # the loop is closed: nobody is interested any more

    def _tell(self, result: object, error: Exception | None) -> None:
        if self._outcome.done():
            return
        if error is not None:
            self._outcome.set_exception(error)
        else:
            self._outcome.set_result(result)


class BlockingCheck:
    """Looks in a thread. While one look hangs no other is begun, so that threads never pile up."""

    grace_seconds = 0.0

    def __init__(self) -> None:
        self._under_way: Work | None = None

    def look(self) -> Reading:
        """The look itself, in a thread."""
        raise NotImplementedError

    async def read(self) -> Reading:
        """Look. Raises HangingError."""
        if self._under_way is not None and not self._under_way.is_over:
            raise HangingError("the look before this one still hangs")
        self._under_way = Work(self.look)
        reading = await self._under_way.outcome()
        assert isinstance(reading, Reading)
        return reading


def words_of(error: BaseException) -> str:
    """An exception as a person reads it."""
    if not isinstance(error, OSError) or not error.errno:
        return str(error) or type(error).__name__
    # Errors of asyncio bring words of their own, with addresses that the question names already.
    text = os.strerror(error.errno) if error.errno > 0 else str(error.strerror or error)
    text = text[:1].lower() + text[1:] if text[1:2].islower() else text
    return f"{text}: {error.filename}" if error.filename else text


def shortened(text: str) -> str:
    """At most `MAX_TEXT` characters, on one line that a terminal can show."""
    line = " ".join(text.split())
    shown = "".join(character if character.isprintable() else "?" for character in line[: MAX_TEXT + 1])
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1] + "…"


def text_of(settings: Settings, name: str) -> str:
    """A setting that is text, "" where it is not given."""
    value = settings.get(name)
    return value if isinstance(value, str) else ""


def truth_of(settings: Settings, name: str, default: bool) -> bool:
    """A setting that is yes or no."""
    value = settings.get(name)
    return value if isinstance(value, bool) else default


def pairs_of(settings: Settings, name: str) -> dict[str, str]:
    """A setting that gives text to names, such as an environment."""
    value = settings.get(name)
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, Mapping) else {}
