"""What is agreed is kept: each sender is one, and so is the fake that the other tests use."""

from forwards.fakes import FakeSender
from vigild.forwards.senders.dispatch import NoSender
from vigild.forwards.senders.journal import JournalSender
from vigild.forwards.senders.syslog import SyslogSender
from vigild.forwards.senders.web import WebSender
from vigild.forwards.sending import Sender


def test_senders_have_what_a_lane_needs() -> None:
    needed = {name for name in vars(Sender) if not name.startswith("_")} | set(Sender.__annotations__)
    for kind in (FakeSender, NoSender, JournalSender, SyslogSender, WebSender):
        missing = {name for name in needed if not hasattr(kind, name)} - {"arrival", "line_bytes"}
        assert set() == missing, kind
