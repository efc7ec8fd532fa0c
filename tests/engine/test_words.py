"""Supervisor's words for how a process ended."""

from vigild.engine.words import exit_words, signal_name


def test_exits_are_worded_as_supervisor_does() -> None:
    assert exit_words(0) == (0, "exit status 0")
    assert exit_words(256 * 3) == (3, "exit status 3")
    assert exit_words(15) == (-1, "terminated by SIGTERM")
    assert exit_words(6 | 0x80) == (-1, "terminated by SIGABRT (core dumped)")
    assert exit_words(0x137F)[1].startswith("unknown termination cause")
    assert signal_name(99) == "signal 99"
