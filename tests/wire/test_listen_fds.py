"""Descriptors that were handed over at the start."""

from vigild.wire.listen_fds import MAX_FDS, handed_over


def test_they_are_counted_from_three_and_have_names() -> None:
    environ = {"LISTEN_PID": "7", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "door::fifo.a"}
    assert handed_over(environ, 7) == [(3, "door"), (4, "unknown"), (5, "fifo.a")]


def test_names_may_be_missing_or_too_many() -> None:
    assert handed_over({"LISTEN_PID": "7", "LISTEN_FDS": "2"}, 7) == [(3, "unknown"), (4, "unknown")]
    environ = {"LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "a:b"}
    assert handed_over(environ, 7) == [(3, "a")]


def test_what_is_meant_for_another_process_is_not_ours() -> None:
    assert handed_over({"LISTEN_PID": "8", "LISTEN_FDS": "1"}, 7) == []
    assert handed_over({"LISTEN_FDS": "1"}, 7) == []
    assert handed_over({}, 7) == []


def test_nonsense_is_nothing() -> None:
    for text in ("", "-1", "many", "²", str(MAX_FDS + 1)):
        assert handed_over({"LISTEN_PID": "7", "LISTEN_FDS": text}, 7) == []
