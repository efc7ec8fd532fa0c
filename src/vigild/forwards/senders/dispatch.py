"""From the settings of a forward to the sender of its kind."""

from vigild.core.backlog import Batch
from vigild.core.forwarding import Outcome, Verdict
from vigild.forwards.sending import Sender
from vigild.forwards.settings import ForwardSettings
from vigild.wire.forward_urls import Journald, Syslog


class NoSender:
    """For a forward without a usable address: it says why, and what waits may wait."""

    arrival = ""
    line_bytes = 0

    def __init__(self, problem: str) -> None:
        self._problem = problem

    def send(self, batch: Batch) -> Outcome:
        """Nothing is sent."""
        return Outcome(Verdict.LATER, self._problem)

    def close(self) -> None:
        """There is nothing to close."""


def sender_for(settings: ForwardSettings) -> Sender:
    """The sender. What only some receivers need (TLS, HTTP) is loaded where there is such a one."""
    target = settings.target
    labels = dict(settings.labels)
    if target is None:
        return NoSender(settings.problem)
    if isinstance(target, Syslog):
        from vigild.forwards.senders.syslog import SyslogSender

        return SyslogSender(target, settings.host, labels)
    if isinstance(target, Journald):
        from vigild.forwards.senders.journal import JournalSender

        return JournalSender(target, labels)
    from vigild.forwards.senders.web import WebSender

    return WebSender(target, settings.host, labels)
