"""What is agreed between the deliverer and its senders: a message, a receiver, and what became of it.

A sender is a function that brings one message to one receiver. It is called in a thread of its own, never twice at a
time for the same receiver, and may block as long as it was told. It raises nothing on purpose; what it raises all the
same counts as a failure that may pass.
"""

from collections.abc import Callable
from dataclasses import field

from vigild.core.digest import Digest
from vigild.core.edges import Edge, Severity
from vigild.core.frozen import frozen


@frozen
class Origin:
    """Who speaks: the daemon's `identifier` and the machine's name."""

    identifier: str
    host: str


@frozen
class Receiver:
    """Where a message goes. `url` is secret in whole; `label` is what people may see of it."""

    alert: str
    url: str = field(repr=False)
    label: str
    template: str = ""


@frozen
class Item:
    """One trouble in words, or several alike: a line that says what, `facts` of a line each, last `lines` of output."""

    severity: Severity
    head: str
    facts: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    is_over: bool = False


@frozen
class Message:
    """A digest in words (`alerts/wording.py`). `title` is one line; `text` is what stands below it, plain.

    `items` are the same in pieces, for services that render signs, and `notes` what stands below them; a message whose text is
    by a template has none. `more` counts what a message that had to be cut leaves out: "…{count} more".
    `identity` is the same at every try; a receiver that can tell is asked to take it once.
    """

    identity: str
    title: str
    text: str
    severity: Severity
    at: float
    origin: Origin
    alert: str = ""
    edges: tuple[Edge, ...] = ()
    digest: Digest | None = None
    items: tuple[Item, ...] = ()
    notes: tuple[str, ...] = ()
    more: str = "…{count} more"


@frozen
class Outcome:
    """What became of one try. `permanent`: the receiver will never take this message, so it is not tried again.

    `text` is for people, without secrets: what the receiver said. `retry_after_seconds`: it asked to be left alone for
    so long; 0 where it did not say.
    """

    ok: bool
    permanent: bool = False
    text: str = ""
    retry_after_seconds: float = 0.0


DELIVERED = Outcome(True)

Sender = Callable[[Receiver, Message, float], Outcome]
"""`send(receiver, message, timeout_seconds)`."""
