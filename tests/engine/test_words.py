"""Supervisor's words for how a process ended."""

import pytest

from vigild.engine.words import duration_words, exit_words, signal_name


def test_exits_are_worded_as_supervisor_does() -> None:
    assert exit_words(0) == (0, "exit status 0")
    assert exit_words(256 * 3) == (3, "exit status 3")
    assert exit_words(15) == (-1, "terminated by SIGTERM")
    assert exit_words(6 | 0x80) == (-1, "terminated by SIGABRT (core dumped)")
    assert exit_words(0x137F)[1].startswith("unknown termination cause")
    assert signal_name(99) == "signal 99"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (0.04, "0 s"),
        (0.34, "0.3 s"),
        (9.0, "9 s"),
        (119.6, "120 s"),
        (120.0, "2 min"),
        (7199.0, "119 min"),
        (7200.0, "2 h"),
        (200_000.0, "2 days"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words
