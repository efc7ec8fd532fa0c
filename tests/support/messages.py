"""Digests and messages for tests of alerts."""

from datetime import UTC

from vigild.alerts.sending import Message, Origin, Receiver
from vigild.alerts.wording import message_of
from vigild.core.digest import Digest, Telling
from vigild.core.edges import Edge, EdgeKind, Severity

AT = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC
ORIGIN = Origin("supervisor", "db1")
HOSTILE = (
    "@all <!channel> <at id=all></at> <@u> [click](http://evil) **x** `y` <b>\x1b[31mred\x1b]0;t\x07\r\n"
)


def edge(
    name: str = "web",
    kind: EdgeKind = EdgeKind.DOWN,
    text: str = "web exited with status 3",
    **details: object,
) -> Edge:
    return Edge(AT, kind, Severity.CRITICAL, "program", name, kind.value, text, dict(details))


def telling(name: str = "web", *, lines: tuple[str, ...] = (), **details: object) -> Telling:
    words = f"{name} exited with status 3"
    return Telling(edge(name, text=words, **details), AT, lines={"stderr": lines} if lines else {})


def message(*tellings: Telling, language: str = "en", template: str = "") -> Message:
    digest = Digest("ops", "id-1", AT + 5, tellings or (telling(),))
    return message_of(digest, ORIGIN, language=language, template=template, zone=UTC)


def hostile() -> Message:
    """From a program that tries to be more than text."""
    return message(telling(HOSTILE, lines=(HOSTILE,)))


def receiver(url: str) -> Receiver:
    return Receiver("ops", url, "hidden")
