"""open, and the questions that are asked before the daemon is ended."""

from pathlib import Path

import pytest

from cli.ctl import scenes
from cli.ctl.conftest import Desk
from support.fake_daemon import FakeDaemon
from vigild.cli.ctl import daemon as room


def test_open_talks_to_another_daemon_from_then_on(desk: Desk, short_tmp: Path) -> None:
    methods = scenes.ordinary() | {"supervisor.getPID": scenes.constant(99)}
    with FakeDaemon(short_tmp / "other", methods) as other:
        assert desk.say("pid") == "4711\n"
        assert desk.say(f"open {other.url}").startswith("cat ")
        assert desk.ctl.exit_status == 0  # though some processes are stopped
        assert desk.say("pid") == "99\n"
        desk.ctl.disconnect()


def test_open_of_what_is_not_there_is_no_failure(desk: Desk) -> None:
    assert desk.say("open unix:///nowhere/s") == "unix:///nowhere/s no such file\n"
    assert desk.ctl.exit_status == 0
    assert desk.say("version") == "unix:///nowhere/s no such file\n"
    assert desk.ctl.exit_status == 7


@pytest.mark.parametrize(("answer", "asked"), [("y", 1), ("Yes", 1), ("n", 0), ("", 0)])
def test_a_shell_asks_before_it_ends_the_daemon(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str, asked: int
) -> None:
    questions: list[str] = []

    def reply(question: str = "") -> str:
        questions.append(question)
        return answer

    monkeypatch.setattr("builtins.input", reply)
    desk.ctl.options.interactive = True
    desk.say("shutdown")
    desk.say("reload")
    assert len(desk.daemon.named("supervisor.shutdown")) == asked
    assert len(desk.daemon.named("supervisor.restart")) == asked
    assert questions == [
        "Really shut the remote supervisord process down y/N? ",
        "Really restart the remote supervisord process y/N? ",
    ]


def test_without_a_shell_nothing_is_asked(desk: Desk) -> None:
    room.do_shutdown(desk.ctl, "")
    assert len(desk.daemon.named("supervisor.shutdown")) == 1
