"""What goes past Supervisor in orders: patterns, groups of logs, and Ctrl-C in the middle."""

import pytest

from cli.ctl.conftest import Desk


def test_pattern_orders_a_whole_group_at_once(desk: Desk) -> None:
    assert desk.say("stop web*") == "web:web_00: stopped\nweb:web_01: ERROR (not running)\n"
    assert desk.daemon.named("supervisor.stopProcessGroup") == [("web", True)]
    assert desk.say("start pair:o*") == "pair:one: started\n"
    assert desk.ctl.exit_status == 0


def test_pattern_that_matches_nothing_is_a_name_that_does_not_exist(desk: Desk) -> None:
    find = desk.daemon.methods["supervisor.getProcessInfo"]
    desk.daemon.methods["supervisor.startProcess"] = lambda name, *_: find(name)
    assert desk.say("start nope*") == "nope*: ERROR (no such process)\n"
    assert desk.ctl.exit_status == 1


def test_restart_starts_what_it_stopped(desk: Desk) -> None:
    assert desk.say("restart ca*") == "cat: stopped\ncat: started\n"
    assert len(desk.daemon.named("supervisor.getAllProcessInfo")) == 1


def test_clear_takes_groups(desk: Desk) -> None:
    assert desk.say("clear pair:*") == "pair:one: cleared\npair:two: cleared\n"
    assert desk.say("clear none:*") == "none:*: cleared\n"  # the daemon decides about unknown ones


def interrupt(*_: object) -> object:
    raise KeyboardInterrupt


def test_interrupt_tells_what_was_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = desk.ctl.supervisor
    start = supervisor.start
    monkeypatch.setattr(supervisor, "start", lambda name: interrupt() if name == "two" else start(name))
    with pytest.raises(KeyboardInterrupt):
        desk.say("start one two three four")
    assert desk.out.getvalue() == "one: started\n"
    said = desk.err.getvalue()
    assert "interrupted at start two" in said
    assert "finished before: one\n" in said
    assert "not asked for: three four\n" in said


def test_interrupt_of_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.ctl.supervisor, "stop_all", interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.say("stop all")
    assert "asked to stop all; the daemon goes on" in desk.err.getvalue()


def test_interrupt_of_update(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.ctl.supervisor, "add_group", interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.say("update")
    assert desk.out.getvalue().startswith("gone: ")
    assert "`update` again" in desk.err.getvalue()
