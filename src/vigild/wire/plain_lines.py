"""Text of others (log lines, answers, names) made fit to be shown: no escape sequences, no control characters, bounded."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from vigild.wire.url_parts import HIDDEN

MIN_SECRET_CHARS = 4  # of less, hiding would make holes in every text
MAX_LINE_CHARS = 300
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
# Controls, line and paragraph separators, and what turns the direction of writing or is half of a character.
_HARMFUL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
)


def plain_line(text: str, max_chars: int = MAX_LINE_CHARS) -> str:
    """One line without anything that could move a cursor or hide what is written."""
    text = _SEQUENCE.sub("", text[: 8 * max_chars]) if "\x1b" in text else text[: 8 * max_chars]
    text = _HARMFUL.sub(" ", text).replace("\t", "    ").rstrip()
    return text if len(text) <= max_chars else f"{text[: max_chars - 1]}…"


def line_without(text: str, secrets: Iterable[str], max_chars: int = MAX_LINE_CHARS) -> str:
    """One line of `text` without any of the secrets, however they are written. The longest secret has to come first."""
    for secret in secrets:
        if len(secret) >= MIN_SECRET_CHARS or text == secret:
            for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret)):
                text = text.replace(form, HIDDEN)
    return plain_line(" ".join(text.split()), max_chars)
