"""Who is mailed about, and what the mail says."""

from vigild.listeners.crashmail import Settings, decide, is_crash
from vigild.listeners.effects import Say, Send
from vigild.listeners.protocol import Event

FACTS = {"processname": "web", "groupname": "site", "from_state": "RUNNING", "expected": "0", "pid": "77"}
CRASH = Event("PROCESS_STATE_EXITED", {}, FACTS, "")
FINE = CRASH._replace(facts={**FACTS, "expected": "1"})


def test_only_unexpected_exits_are_crashes() -> None:
    assert is_crash(CRASH)
    assert not is_crash(FINE)
    assert not is_crash(CRASH._replace(name="PROCESS_STATE_FATAL"))


def test_named_programs_only() -> None:
    assert all(is_crash(CRASH, [name]) for name in ("web", "site:web", "site:*"))
    assert not any(is_crash(CRASH, [name]) for name in ("site", "other", "web:*", "x:web"))


def test_the_mail() -> None:
    settings = Settings(email="me@example.invalid", header="host1", sender="you@example.invalid")
    said, sent = decide(CRASH, settings, "\n\ntail", 0.0)
    assert Say("unexpected exit, mailing\n") == said
    assert isinstance(sent, Send)
    mail = sent.mail
    assert mail.subject is not None
    assert mail.subject.startswith("host1: web crashed at 19")
    assert "Process web in group site exited unexpectedly (pid 77) from state RUNNING\n\ntail" == mail.body
    assert (("me@example.invalid",), "you@example.invalid") == (mail.to, mail.sender)
    assert mail.receipt.startswith("Mailed:\n\nTo: me@example.invalid\nSubject: host1: web crashed at ")


def test_without_an_address_nothing_is_sent_and_that_is_said() -> None:
    (said,) = decide(CRASH, Settings(), "", 0.0)
    assert isinstance(said, Say)
    assert "no address" in said.text
    assert [] == decide(FINE, Settings(), "", 0.0)
