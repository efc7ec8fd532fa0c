"""A message as plain values: the JSON that webhooks and commands get. Documented in docs/reference/alert-urls.md."""

from vigild.alerts.sending import Message
from vigild.core.digest import Telling
from vigild.wire.edges import edge_to_struct

VERSION = 1


def message_struct(message: Message) -> dict[str, object]:
    """All that a message says. Times are seconds since the epoch."""
    tellings = message.digest.tellings if message.digest else ()
    return {
        "version": VERSION,
        "identity": message.identity,
        "title": message.title,
        "text": message.text,
        "severity": message.severity.value,
        "at": message.at,
        "host": message.origin.host,
        "identifier": message.origin.identifier,
        "alert": message.alert,
        "left_out": message.digest.left_out if message.digest else 0,
        "troubles": [_telling(telling) for telling in tellings],
    }


def _telling(telling: Telling) -> dict[str, object]:
    edge = edge_to_struct(telling.edge)
    edge.pop("outputs", None)  # where a log stood on this machine is of no use elsewhere
    return {
        **edge,
        "began": telling.began,
        "ended": telling.ended,
        "end_text": telling.end_text,
        "count": telling.count,
        "is_reminder": telling.is_reminder,
        "lines": {channel: list(lines) for channel, lines in telling.lines.items()},
    }
