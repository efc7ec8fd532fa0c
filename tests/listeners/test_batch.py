"""Lines are gathered, and sent by ticks."""

import pytest

from vigild.listeners import batch, crashmailbatch, crashsms, fatalmailbatch
from vigild.listeners.batch import Batch, Settings, decide, tick_minutes
from vigild.listeners.effects import Say, Send
from vigild.listeners.protocol import Event

FACTS = {"processname": "web", "groupname": "site", "from_state": "RUNNING", "expected": "0", "pid": "77"}
CRASH = Event("PROCESS_STATE_EXITED", {}, FACTS, "")
FATAL = Event("PROCESS_STATE_FATAL", {}, FACTS, "")
TICK = Event("TICK_60", {}, {"when": "1"}, "")
SETTINGS = Settings(("a@example.invalid", "b@example.invalid"), "me@example.invalid", "Subject", 2.0)


def test_the_lines_of_the_three_tools() -> None:
    line = crashmailbatch.line_of(CRASH, 0.0)
    assert line is not None
    assert line.endswith(",000 -- Process site:web (pid 77) died unexpectedly")
    line = fatalmailbatch.line_of(FATAL, 0.0)
    assert line is not None
    assert line.endswith(",000 -- Process site:web failed to start too many times")
    line = crashsms.line_of(CRASH, 0.0)
    assert line is not None
    assert line.startswith("[site:web](77) exited unexpectedly 19")
    assert [None, None, None] == [
        crashmailbatch.line_of(FATAL, 0.0),
        fatalmailbatch.line_of(CRASH, 0.0),
        crashsms.line_of(TICK, 0.0),
    ]


def test_lines_are_said_at_once_and_sent_when_the_time_has_come() -> None:
    held = Batch()
    for _ in range(2):
        held, effects = decide(CRASH, held, SETTINGS, lambda *_: "it died", "", 0.0)
        assert [Say("it died\n")] == effects
    held, effects = decide(TICK, held, SETTINGS, lambda *_: None, "", 0.0)
    assert [] == effects
    held, (sent, said) = decide(TICK, held, SETTINGS, lambda *_: None, "", 0.0)
    assert Batch() == held
    assert isinstance(sent, Send)
    assert ("Subject", "it died\nit died") == (sent.mail.subject, sent.mail.body)
    assert (
        Say(
            "Sending notification email:\nTo: a@example.invalid, b@example.invalid\nFrom: me@example.invalid\n"
            "Subject: Subject\nBody:\nit died\nit died\n"
        )
        == said
    )


def test_a_tail_goes_into_the_mail_and_not_to_stderr() -> None:
    held, effects = decide(CRASH, Batch(), SETTINGS, lambda *_: "it died", "\n\ntail", 0.0)
    assert (("it died\n\ntail",), [Say("it died\n")]) == (held.lines, effects)


def test_other_ticks_and_empty_batches_send_nothing() -> None:
    other = decide(TICK._replace(name="TICK_5"), Batch(("x",), 99.0), SETTINGS, lambda *_: None, "", 0.0)
    assert (Batch(("x",), 99.0), []) == other
    assert (Batch(), []) == decide(TICK, Batch((), 9.0), SETTINGS, lambda *_: None, "", 0.0)


def test_lines_are_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAX_LINES", 2)
    held = Batch()
    for _ in range(5):
        held, _effects = decide(CRASH, held, SETTINGS, lambda *_: "x" * 50, "", 0.0)
    _, (sent, said) = decide(TICK, held._replace(minutes=1.0), SETTINGS, lambda *_: None, "", 0.0)
    assert isinstance(sent, Send)
    assert sent.mail.body.endswith("\nand 3 more")
    assert isinstance(said, Say)
    assert said.text.endswith("x...\n")


def test_ticks() -> None:
    assert [5 / 60, 1.0, 60.0] == [tick_minutes(name) for name in ("TICK_5", "TICK_60", "TICK_3600")]
    for name in ("TICK", "TICK_", "TOCK_5", "TICK_x"):
        with pytest.raises(ValueError):
            tick_minutes(name)
