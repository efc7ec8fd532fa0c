from dataclasses import replace

import pytest

from forwards.fakes import settings
from vigild.core.backlog import batch_of
from vigild.core.forwarding import Verdict
from vigild.forwards.senders.dispatch import NoSender, sender_for


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("syslog:///dev/log", "SyslogSender"),
        ("syslog+udp://h", "SyslogSender"),
        ("journald:", "JournalSender"),
        ("loki+http://h", "WebSender"),
        ("otlp+https://h", "WebSender"),
    ],
)
def test_each_kind_has_its_sender(url: str, name: str) -> None:
    sender = sender_for(replace(settings(url=url), labels=(("a", "b"),)))
    assert name == type(sender).__name__
    assert sender.line_bytes > 0
    assert sender.arrival
    sender.close()


def test_without_an_address_it_says_why() -> None:
    sender = sender_for(settings(url=""))
    assert isinstance(sender, NoSender)
    outcome = sender.send(batch_of([]))
    assert (Verdict.LATER, "no address") == (outcome.verdict, outcome.text)
    sender.close()
