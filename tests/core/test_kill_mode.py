"""The words of `killmode`."""

from vigild.core.kill_mode import KillMode


def test_the_words_are_those_of_the_configuration() -> None:
    assert [mode.value for mode in KillMode] == ["process", "group", "tree"]
