"""tail -f and tail -F."""

import pytest

from cli.ctl.conftest import Desk
from vigild.cli.ctl import logs

PATH = "/logtail/cat/stdout"


class Script:
    """Stands for the moments between two attempts: each runs one step; the end is Ctrl-C."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)

    def __call__(self, _seconds: float) -> None:
        if not self.steps:
            raise KeyboardInterrupt
        step = self.steps.pop(0)
        assert callable(step)
        step()


def test_follows_until_the_daemon_goes(desk: Desk) -> None:
    desk.daemon.streams[PATH] = [b"one\n", b"two\n"]
    said = desk.say("tail -f cat")
    assert said.endswith("==> Press Ctrl-C to exit <==\none\ntwo\n")
    assert desk.err.getvalue() == ""
    assert desk.ctl.exit_status == 0


def test_says_when_there_is_nothing_to_follow(desk: Desk) -> None:
    desk.say("tail -f nosuch stderr")
    url = desk.daemon.url
    assert desk.err.getvalue() == f"{url}/logtail/nosuch/stderr Cannot read, status code 404\n"


def test_follows_again_after_the_daemon_came_back_and_repeats_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_stream(*pieces: bytes) -> object:
        return lambda: desk.daemon.streams.__setitem__(PATH, list(pieces))

    script = Script(
        lambda: None,
        set_stream(b"first\nsecond\n"),
        set_stream(b"second\nthird\n", b"fourth\n"),
        set_stream(b"entirely new\n"),
    )
    monkeypatch.setattr("time.sleep", script)
    said = desk.say("tail -F cat")
    text = said.partition("<==\n")[2]
    assert text == "first\nsecond\nthird\nfourth\nentirely new\n\n"
    notes = desk.err.getvalue()
    assert notes.count("404 Not Found; trying again") == 1  # once, not for every attempt
    assert notes.count("again <==") >= 3


def test_a_new_file_is_shown_from_its_beginning_even_if_it_says_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = desk.daemon.methods["supervisor.getProcessInfo"]
    runs = iter(("/log/run1", "/log/run2"))
    desk.daemon.methods["supervisor.getProcessInfo"] = lambda name: {
        **ask(name),
        "stdout_logfile": next(runs),
    }  # type: ignore[dict-item]
    desk.daemon.streams[PATH] = [b"started\n"]
    monkeypatch.setattr("time.sleep", Script(lambda: None))
    assert desk.say("tail -F cat").endswith("<==\nstarted\nstarted\n\n")


def test_main_log_is_followed_too(desk: Desk) -> None:
    desk.daemon.streams["/mainlogtail"] = ["straße\n".encode()]
    assert "straße\n" in desk.say("maintail -f")


def test_pictures_of_control_characters_become_what_they_picture(desk: Desk) -> None:
    desk.daemon.methods["supervisor.readProcessStdoutLog"] = lambda *_: "\u241b[31mred\u241b[0m\ttab \u2409"
    assert desk.say("tail cat").endswith("\x1b[31mred\x1b[0m\ttab \u2409\n")


def test_unseen_part_of_a_new_stream() -> None:
    unseen = logs.unseen
    assert unseen(b"", b"abc") == b"abc"
    assert unseen(b"abc", b"abc") == b""
    assert unseen(b"xabc", b"bcd") == b"d"
    assert unseen(b"abc", b"xyz") == b"xyz"


def test_old_encodings_are_warned_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.say("tail one").startswith("Warning: sys.stdout.encoding is set to None, ")
