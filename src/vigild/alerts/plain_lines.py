"""Text of others (log lines, answers, names) made fit to be shown: no escape sequences, no control characters, bounded."""

import re

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
