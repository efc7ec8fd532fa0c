"""What one message tells: a few troubles, or two hundred, with all that its words are made from.

`core/alerting.py` decides what goes into a digest and when; `alerts/` makes words of it and delivers them.
"""

from dataclasses import field

from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.frozen import frozen

_RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


@frozen
class Telling:
    """One trouble in a digest. Times are seconds since the epoch.

    `edge` is the last that began the trouble, `began` when it began first. `count`: how often it began since it was
    last told. `ended` 0: it lasts; `end_text` is what was said of its end. `was_told`: an earlier message told of it,
    so an end is news by itself; without it, trouble and end are told in one line. `is_reminder`: nothing new, it lasts.
    `lines` are the last lines of output by channel.
    """

    edge: Edge
    began: float
    count: int = 1
    ended: float = 0.0
    end_text: str = ""
    was_told: bool = False
    is_reminder: bool = False
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """What was said last, with the name in front where the words do not have it."""
        text, name = self.end_text or self.edge.text, self.edge.name
        is_nameless = self.edge.kind in (EdgeKind.MONITOR, EdgeKind.RULE) and not text.startswith(name)
        return f"{name}: {text}" if is_nameless else text


@frozen
class Digest:
    """What one message tells, the worst first. `at`: when it was put together.

    `identity` is the same at every try to deliver it and on no other message: receivers that know such a thing take it
    once. `held_for` says why it did not leave at once: "" or "quiet hours" or "the limit of messages". `left_out`:
    troubles that there was no room for.
    """

    alert: str
    identity: str
    at: float
    tellings: tuple[Telling, ...]
    left_out: int = 0
    held_for: str = ""

    @property
    def severity(self) -> Severity:
        """Of the worst trouble that lasts; of ends alone it is INFO."""
        lasting = [telling.edge.severity for telling in self.tellings if not telling.ended]
        untold = [telling.edge.severity for telling in self.tellings if not telling.was_told]
        return min(lasting or untold or [Severity.INFO], key=_RANK.__getitem__)


def rank(severity: Severity) -> int:
    """0 for the worst."""
    return _RANK[severity]
