"""Result handlers: how a listener's answer is judged (`result_handler = module:name`)."""

from vigild.core.errors import RejectEvent
from vigild.wire.ansi import AnsiStripper
from vigild.wire.listener import READY_TOKEN, RESULT_TOKEN

__all__ = ["PEventListenerDispatcher", "RejectEvent", "default_handler", "stripEscapes"]


class PEventListenerDispatcher:
    """The words of the listener protocol, where Supervisor keeps them."""

    READY_FOR_EVENTS_TOKEN = READY_TOKEN
    RESULT_TOKEN_START = RESULT_TOKEN


def stripEscapes(s: bytes) -> bytes:
    """Output without its colour codes."""
    stripper = AnsiStripper()
    return stripper.feed(s) + stripper.flush()


def default_handler(event: object, response: bytes) -> None:
    """Anything but OK means that the event was not dealt with. Raises RejectEvent."""
    if response != b"OK":
        raise RejectEvent(response)
