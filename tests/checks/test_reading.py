import asyncio
import errno
import threading

import pytest

from vigild.checks.reading import (
    MAX_TEXT,
    BlockingCheck,
    HangingError,
    Reading,
    Work,
    pairs_of,
    shortened,
    text_of,
    truth_of,
    words_of,
)
from vigild.checks.schedule import look


class Gate(BlockingCheck):
    """Looks as long as the gate is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.looks = 0

    def look(self) -> Reading:
        self.looks += 1
        self.gate.wait()
        return Reading({"looks": self.looks})


def test_no_second_look_begins_while_the_first_hangs() -> None:
    async def play() -> None:
        check = Gate()
        first = asyncio.create_task(check.read())
        while not check.looks:
            await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(HangingError):
            await check.read()
        assert check.looks == 1
        check.gate.set()
        while (reading := await look(check, 20)).error:
            await asyncio.sleep(0)
        assert reading == Reading({"looks": 2})

    asyncio.run(play())


def test_an_error_in_a_thread_is_raised_where_it_is_waited_for() -> None:
    async def play() -> None:
        with pytest.raises(ZeroDivisionError):
            await Work(lambda: 1 // 0).outcome()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "x", "/a"), "no such file or directory: /a"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), "connection refused"),
        (OSError(-2, "Name or service not known"), "name or service not known"),
        (OSError(errno.EIO, "x"), "input/output error"),
        (OSError("bare"), "bare"),
        (ValueError("so"), "so"),
        (ValueError(), "ValueError"),
    ],
)
def test_errors_in_words(error: Exception, words: str) -> None:
    assert words == words_of(error)


def test_text_is_short_and_on_one_line() -> None:
    assert shortened(" a\n b\x1b[31m ") == "a b?[31m"
    assert shortened("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert shortened("x" * 1000) == "x" * (MAX_TEXT - 1) + "…"


def test_settings_of_another_kind_are_as_if_not_given() -> None:
    settings = {"a": "text", "b": 1, "c": False, "d": {"X": 1}}
    assert (text_of(settings, "a"), text_of(settings, "b")) == ("text", "")
    assert (truth_of(settings, "c", True), truth_of(settings, "b", True)) == (False, True)
    assert (pairs_of(settings, "d"), pairs_of(settings, "a")) == ({"X": "1"}, {})
